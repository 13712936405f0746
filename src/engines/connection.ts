// A connection to a store: over TLS that is verified, or in plain text to this very machine. It keeps no process alive; a timer does while an answer is waited for.
import { readFileSync } from "node:fs";
import type { Socket } from "node:net";
import { connect, isIP } from "node:net";
import type { SecureContext } from "node:tls";
import { connect as connectTls, createSecureContext, rootCertificates } from "node:tls";
import { VaultError } from "../errors.ts";
import type { Cause } from "./unavailable.ts";
import { causeOf, unavailable } from "./unavailable.ts";

export interface Destination {
  /** The locator without a password, for messages. */
  readonly where: string;
  readonly host: string;
  readonly port: number;
  readonly isTls: boolean;
  /** A file with the only roots that are believed. */
  readonly ca: string | undefined;
}

/** In milliseconds. */
export interface Limits {
  /** To be connected and logged in. */
  readonly connectMs: number;
  /** From a question to the end of its answer; what is sent has more time, by its length. */
  readonly callMs: number;
}

export const LIMITS: Limits = { connectMs: 10_000, callMs: 30_000 };
/** In bytes a millisecond. */
const SLOWEST = 50;

/** How long a question may take that carries so many bytes. */
export function limitOf({ callMs }: Limits, bytes: Uint8Array | undefined): number {
  return callMs + Math.ceil((bytes?.length ?? 0) / SLOWEST);
}

const CUT: Cause = { cause: "the connection was cut" };
const NO_ANSWER: Cause = { cause: "no answer in time" };
const NO_GREETING: Cause = { cause: "no answer in time", hint: "look whether the server speaks TLS at this port" };
const NOT_HERE: Cause = { cause: "its name leads to another machine, and without TLS all is in plain text", hint: "have the server speak TLS, or write 127.0.0.1" };
/** So long a connection is silent before the system asks whether the other side is still there. */
const KEEP_ALIVE_MS = 10_000;

let nodesOwn: SecureContext | undefined;

/** The roots in the file that is named, or those that came with Node: what it trusts unless told otherwise includes what NODE_EXTRA_CA_CERTS names. @throws VaultError `store-unavailable` where the roots cannot be read. */
function trustOf({ ca, where }: Destination): SecureContext {
  const minVersion = "TLSv1.2";
  if (ca === undefined) return (nodesOwn ??= createSecureContext({ ca: [...rootCertificates], minVersion }));
  return createSecureContext({ ca: readRoots(ca, where), minVersion });
}

/** What TLS is to hold to; no variable of the environment changes it. @throws VaultError `store-unavailable` where the roots cannot be read. */
function tlsOptionsOf(to: Destination): { readonly host: string; readonly servername?: string; readonly secureContext: SecureContext; readonly rejectUnauthorized: true } {
  return { host: to.host, rejectUnauthorized: true, secureContext: trustOf(to), ...(isIP(to.host) === 0 ? { servername: to.host } : {}) };
}

/**
 * Waits until it may be written to.
 *
 * @param isIdle nobody waits for it: it must not keep the process alive, not even until it is open.
 * @param askForTls where TLS begins only when it was asked for.
 * @throws VaultError `store-unavailable`
 */
export async function openConnection(to: Destination, limits: Limits, isIdle = false, askForTls?: (plain: Socket) => Promise<void>): Promise<Socket> {
  const opened: Socket[] = [];
  try {
    return await within(limits.connectMs, isIdle, to.where, open(to, opened, askForTls), to.isTls ? NO_GREETING : NO_ANSWER);
  } catch (error) {
    for (const socket of opened) socket.destroy();
    throw error;
  }
}

async function open(to: Destination, opened: Socket[], askForTls?: (plain: Socket) => Promise<void>): Promise<Socket> {
  const begin = (socket: Socket, event: string): Promise<Socket> => {
    opened.push(socket);
    socket.setNoDelay(true).setKeepAlive(true, KEEP_ALIVE_MS).unref();
    return ready(socket, event, to.where);
  };
  if (to.isTls && askForTls === undefined) return await begin(connectTls({ port: to.port, ...tlsOptionsOf(to) }), "secureConnect");
  const plain = await begin(connect({ host: to.host, port: to.port }), "connect");
  if (askForTls !== undefined) {
    await Promise.race([askForTls(plain), ready(plain, "never", to.where)]);
    return await begin(connectTls({ socket: plain, ...tlsOptionsOf(to) }), "secureConnect");
  }
  if (!isLoopback(plain.remoteAddress ?? "")) throw unavailable(to.where, NOT_HERE);
  return plain;
}

/** Until the event. An error that comes later has nobody to tell here: who uses the socket listens as well. */
function ready(socket: Socket, event: string, where: string): Promise<Socket> {
  const done = new Promise<Socket>((resolve, reject) => {
    socket.once(event, () => { resolve(socket); });
    socket.on("error", (error) => { reject(unavailable(where, causeOf(error))); });
    socket.once("close", () => { reject(unavailable(where, CUT)); });
  });
  done.catch(() => undefined);
  return done;
}

/** No answer in time. What is late once is not asked for twice: whoever waits has waited long enough. */
export class LateAnswer extends VaultError {}

/** @throws LateAnswer `store-unavailable` when it takes longer. */
export async function within<T>(ms: number, isIdle: boolean, where: string, work: Promise<T>, late = NO_ANSWER): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const end = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      const { code, message, hint } = unavailable(where, late);
      reject(new LateAnswer(code, message, hint));
    }, ms);
    if (isIdle) timer.unref();
  });
  // What comes after its time is nobody's.
  work.catch(() => undefined);
  try {
    return await Promise.race([work, end]);
  } finally {
    clearTimeout(timer);
  }
}

function isLoopback(address: string): boolean {
  return address === "::1" || /^(?:::ffff:)?127\./.test(address);
}

function readRoots(file: string, where: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    throw unavailable(where, { cause: `the roots in "${file}" cannot be read`, hint: "look at ?ca= in the store's address" });
  }
}

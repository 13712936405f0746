// Connections outwards: a name is resolved once, every address it has is judged, and only judged addresses are dialled.
import { lookup } from "node:dns/promises";
import { connect as connectTcp, isIP } from "node:net";
import type { LookupFunction, Socket } from "node:net";
import { networkInterfaces } from "node:os";
import { connect as connectTls } from "node:tls";
import type { TLSSocket } from "node:tls";
import { systemErrorCode } from "../../errors.ts";
import type { Authority } from "../../vault/host.ts";
import { formatAuthority } from "../../vault/host.ts";
import type { AddressKind } from "./address.ts";
import { classifyAddress, findCarriedV4, isMetadataName } from "./address.ts";
import type { FindNextProxy, OutwardRules } from "./next-proxy.ts";
import { dialNextProxy, tunnelThrough } from "./next-proxy.ts";
import type { Refusal } from "../grants/refusal.ts";
import { makeRefusal, RefusalError } from "../grants/refusal.ts";
import { findIdentityError } from "../tls/server-identity.ts";
import { writeAhead } from "../http1/write-ahead.ts";

/** An address as resolved; `family` is 4 or 6. */
export interface ResolvedAddress {
  readonly address: string;
  readonly family: number;
}

/** All addresses of a name. May reject. */
export type Resolve = (host: string) => Promise<readonly ResolvedAddress[]>;

export interface DialRules extends OutwardRules {
  readonly resolve: Resolve;
  /** The proxy's own port, which nothing may reach through the proxy. */
  readonly ownPort: () => number;
  readonly findNextProxy: FindNextProxy;
  /** Whether what listens on this machine may be reached under this name. Left out, whatever the name. */
  readonly mayReachThisMachine?: (authority: Authority) => boolean;
  /** The same of this machine and of the private network that it is in. Left out, whatever the name. */
  readonly mayReachPrivate?: (authority: Authority) => boolean;
}

type JudgeRules = Pick<DialRules, "ownPort" | "mayReachThisMachine" | "mayReachPrivate">;

const CONNECT_TIMEOUT_MS = 30_000;

export const resolveBySystem: Resolve = (host) => lookup(host, { all: true, verbatim: true });

/**
 * For a plain request. Where the user has a proxy of their own for it, this leads to that proxy, which wants the whole URL.
 *
 * @throws RefusalError
 */
export async function dialPlain(authority: Authority, mayBePrivate: boolean, rules: DialRules): Promise<Socket> {
  const next = rules.findNextProxy("http", authority);
  if (next === undefined) return dialDirect(authority, mayBePrivate, rules);
  judgeWithoutAddress(authority, mayBePrivate, rules);
  return dialNextProxy(next, authority, rules);
}

/** For a blind tunnel: no secret is bound to its host, which may be at a private address. @throws RefusalError */
export async function dialTunnel(authority: Authority, rules: DialRules): Promise<Socket> {
  const next = rules.findNextProxy("https", authority);
  if (next === undefined) return dialDirect(authority, true, rules);
  judgeWithoutAddress(authority, true, rules);
  return tunnelThrough(next, authority, rules);
}

async function dialDirect(authority: Authority, mayBePrivate: boolean, rules: DialRules): Promise<Socket> {
  const addresses = await judgedAddresses(authority, mayBePrivate, rules);
  const socket = connectTcp({ host: authority.host, port: authority.port, lookup: pinned(addresses), noDelay: true, allowHalfOpen: true });
  rules.keep(socket);
  return whenReady(socket, "connect", authority);
}

/**
 * Connects and verifies that the certificate is the authority's, whatever the environment says about verification.
 *
 * @param greeting `session`: of an earlier connection to the same authority. `protocols`: what is to be spoken, HTTP unless said otherwise.
 * @throws RefusalError
 */
export async function dialVerified(authority: Authority, mayBePrivate: boolean, rules: DialRules, { session, protocols = ["http/1.1"] }: { readonly session?: Buffer | undefined; readonly protocols?: string[] }): Promise<TLSSocket> {
  const socket = connectTls({
    ...(await openWay(authority, mayBePrivate, rules)),
    host: authority.host,
    port: authority.port,
    secureContext: rules.trust(),
    rejectUnauthorized: true,
    // A server name is never an address (RFC 6066 section 3).
    servername: isIP(authority.host) === 0 ? authority.host : "",
    checkServerIdentity: (_name, certificate) => findIdentityError(authority.host, certificate),
    ...(protocols.length === 0 ? {} : { ALPNProtocols: protocols }),
    ...(session === undefined ? {} : { session }),
  });
  rules.keep(socket);
  socket.setNoDelay(true);
  return writeAhead(await whenReady(socket, "secureConnect", authority));
}

/** What TLS runs over: a connection of its own to a judged address, or a tunnel through the user's proxy. */
async function openWay(authority: Authority, mayBePrivate: boolean, rules: DialRules): Promise<{ readonly lookup: LookupFunction } | { readonly socket: Socket }> {
  const next = rules.findNextProxy("https", authority);
  if (next === undefined) return { lookup: pinned(await judgedAddresses(authority, mayBePrivate, rules)) };
  judgeWithoutAddress(authority, mayBePrivate, rules);
  return { socket: await tunnelThrough(next, authority, rules) };
}

/**
 * Behind another proxy a name is that proxy's to resolve: this machine may not be able to, and would learn nothing about where the connection leads. So addresses and metadata names are judged, and other names are not;
 * the certificate still must be the host's.
 *
 * @throws RefusalError
 */
export function judgeWithoutAddress(authority: Authority, mayBePrivate: boolean, rules: JudgeRules): void {
  const isName = isIP(authority.host) === 0;
  judge(authority, isName ? [] : [authority.host], mayBePrivate, rules);
  // Into its own network the other proxy may lead as well, by a name of the program's choosing.
  if (isName && rules.mayReachPrivate?.(authority) === false) throw new RefusalError(makeRefusal("private-address", `no connection to ${formatAuthority(authority)}; the broker goes out through another proxy, and cannot know where that name leads from there: only what a secret is bound to is reached`));
}

/** @throws RefusalError where the name has no address, or any that may not be reached: one bad among good ones is an attack, or a mistake just as dangerous. */
async function judgedAddresses(authority: Authority, mayBePrivate: boolean, rules: DialRules): Promise<readonly ResolvedAddress[]> {
  // Before anybody's resolver hears of it.
  judge(authority, [], mayBePrivate, rules);
  const family = isIP(authority.host);
  const addresses = family === 0 ? await rules.resolve(authority.host).catch(() => []) : [{ address: authority.host, family }];
  if (addresses.length === 0) throw new RefusalError(makeRefusal("upstream-unreachable", `no connection to ${formatAuthority(authority)}; its name has no address`));
  judge(authority, addresses.map(({ address }) => address), mayBePrivate, rules);
  return addresses;
}

function judge(authority: Authority, addresses: readonly string[], mayBePrivate: boolean, { ownPort, mayReachThisMachine, mayReachPrivate }: JudgeRules): void {
  const where = formatAuthority(authority);
  const kinds = addresses.map(classifyAddress);
  if (isMetadataName(authority.host) || kinds.includes("metadata")) {
    throw new RefusalError(makeRefusal("metadata-address", `no connection to ${where}; it is a cloud machine's metadata service, which hands out credentials`));
  }
  if (authority.port === ownPort() && kinds.some(isThisMachine)) throw new RefusalError(makeRefusal("own-address", `no connection to ${where}; that is this proxy itself`));
  if (mayReachPrivate?.(authority) === false && (authority.host === "localhost" || kinds.some((kind) => kind !== "public") || hasOwnAddress(addresses))) {
    throw new RefusalError(makeRefusal("private-address", `no connection to ${where}; it is in the broker's own network, where only what a secret is bound to is reached`));
  }
  if (mayReachThisMachine?.(authority) === false && (authority.host === "localhost" || kinds.some(isThisMachine) || hasOwnAddress(addresses))) {
    throw new RefusalError(makeRefusal("this-machine", `no connection to ${where}; it is on the machine outside the sandbox`, [], `if that is meant, where it is the program's own localhost: vault run --sandbox --host-port ${authority.port} -- CMD`));
  }
  if (!mayBePrivate && kinds.some((kind) => kind !== "public")) throw new RefusalError(makeRefusal("private-address", `no connection to ${where}; it is at a private address`));
}

/** Those of its network devices, however they are written. What listens on all of them does so there as well. */
function hasOwnAddress(addresses: readonly string[]): boolean {
  const own = Object.values(networkInterfaces()).flatMap((list = []) => list.map(({ address }) => address));
  return addresses.some((address) => own.includes(findCarriedV4(address) ?? address.replace(/%.*$/, "")));
}

function isThisMachine(kind: AddressKind): boolean {
  return kind === "loopback" || kind === "unspecified";
}

/** Answers Node's own look-up with the judged addresses: nothing is resolved a second time. */
function pinned(addresses: readonly ResolvedAddress[]): LookupFunction {
  return (_host, options, callback) => {
    const [first] = addresses;
    if (options.all === true) callback(null, [...addresses]);
    else callback(null, first?.address ?? "", first?.family);
  };
}

function whenReady<S extends Socket>(socket: S, event: "connect" | "secureConnect", authority: Authority): Promise<S> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => socket.destroy(new Error("timeout")), CONNECT_TIMEOUT_MS);
    const onFailure = (error?: Error): void => {
      clearTimeout(timer);
      reject(new RefusalError(describeFailure(error, authority, event === "secureConnect")));
    };
    const onClose = (): void => {
      onFailure();
    };
    socket.once("error", onFailure);
    socket.once("close", onClose);
    socket.once(event, () => {
      clearTimeout(timer);
      // The error listener stays: whoever takes the socket over adds its own, and between the two nothing may crash the run.
      socket.off("close", onClose);
      resolve(socket);
    });
  });
}

/** Codes only: a message of OpenSSL's may quote what the server sent. */
function describeFailure(error: Error | undefined, authority: Authority, isTls: boolean): Refusal {
  const where = formatAuthority(authority);
  const code = systemErrorCode(error);
  const isNetwork = code === undefined || /^E[A-Z]+$/.test(code);
  if (isTls && !isNetwork) {
    const remedy = "a private root goes into --upstream-ca FILE, or into vault's roots file, which is named by: vault doctor";
    return makeRefusal("upstream-certificate", `no secure connection to ${where} (${code}); its certificate or its TLS was not accepted`, [], remedy);
  }
  return makeRefusal("upstream-unreachable", `no connection to ${where} (${code ?? error?.message ?? "closed"})`);
}

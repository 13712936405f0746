// A lease on an engine: one of all machines works, the others wait. It keeps work from being done twice, and no more: what must never be overwritten is held by compare and swap.
import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { encodeHex, findText, utf8 } from "../bytes.ts";
import type { ProcessIdentity } from "../disk/process-identity.ts";
import { identifyThisProcess, judgeLiveness } from "../disk/process-identity.ts";
import type { Engine } from "../engines/engine.ts";
import { digestOf } from "../engines/engine.ts";
import { replaceSettled } from "../engines/settled-replace.ts";
import { VaultError } from "../errors.ts";
import * as json from "../vault/json-shape.ts";

/** How long a lease that nobody renews stands. Each waiter counts it for himself, from when he saw the lease change last: no clock is compared with another's. */
const TTL_MS = 10_000;
const RENEWALS = 4;
const WAIT_MS = 40_000;
const POLL_MS_MIN = 15;
const POLL_MS_MAX = 400;

export interface LeaseTimes {
  readonly ttlMs: number;
  readonly waitMs: number;
}

export interface Lease {
  /** Whether another may hold it by now. */
  readonly isLost: () => boolean;
  /** Never fails: a lease that cannot be given back runs out. */
  release(): Promise<void>;
}

interface Ticket extends ProcessIdentity {
  /** Random, for this holding alone. */
  readonly ticket: string;
  /** Grows with each renewal: by it those who wait see that the holder lives. */
  readonly count: number;
}

/**
 * Waits for the lease and takes it. A holder that has died is succeeded at once where it was a process of this machine, and otherwise when the lease has run out.
 *
 * @throws VaultError `busy`, naming the holder; `store-unavailable`.
 */
export async function acquireLease(engine: Engine, name: string, { ttlMs, waitMs }: LeaseTimes = { ttlMs: TTL_MS, waitMs: WAIT_MS }): Promise<Lease> {
  const mine: Ticket = { ...identifyThisProcess(), ticket: randomBytes(12).toString("hex"), count: 0 };
  const deadline = performance.now() + waitMs;
  let seen: { readonly bytes: Uint8Array; readonly sinceMs: number } | undefined;
  for (let pollMs = POLL_MS_MIN; ; pollMs = Math.min(pollMs * 1.5, POLL_MS_MAX)) {
    const found = await engine.read(name, seen === undefined ? undefined : digestOf(seen.bytes));
    if (found.kind === "bytes") seen = { bytes: found.bytes, sinceMs: performance.now() };
    if (found.kind === "none") seen = undefined;
    if (seen === undefined || isOver(seen, ttlMs)) {
      const bytes = encode(mine);
      // Before the question: the lease counts from there on at the latest.
      const sinceMs = performance.now();
      if ((await replaceSettled(engine, name, bytes, seen?.bytes)) === "done") return hold({ engine, name, ticket: mine, bytes, sinceMs, ttlMs });
      seen = undefined;
    }
    if (performance.now() > deadline) throw busy(engine, seen === undefined ? undefined : parseTicket(seen.bytes));
    await sleep(pollMs * (0.5 + Math.random()));
  }
}

/** Who holds a lease, if anyone does; `isDead` where it was a process of this machine that has ended. @throws VaultError `store-unavailable`. */
export async function findLeaseHolder(engine: Engine, name: string): Promise<{ readonly pid: number; readonly host: string; readonly isDead: boolean } | undefined> {
  const found = await engine.read(name);
  if (found.kind !== "bytes") return undefined;
  const ticket = parseTicket(found.bytes);
  return ticket === undefined ? { pid: 0, host: "unknown", isDead: false } : { pid: ticket.pid, host: hostOf(ticket), isDead: judgeLiveness(ticket) === "dead" };
}

function isOver({ bytes, sinceMs }: { readonly bytes: Uint8Array; readonly sinceMs: number }, ttlMs: number): boolean {
  if (performance.now() - sinceMs >= ttlMs) return true;
  const ticket = parseTicket(bytes);
  return ticket !== undefined && judgeLiveness(ticket) === "dead";
}

interface Held {
  readonly engine: Engine;
  readonly name: string;
  readonly ticket: Ticket;
  readonly bytes: Uint8Array;
  readonly sinceMs: number;
  readonly ttlMs: number;
}

function hold({ engine, name, ticket, bytes, sinceMs, ttlMs }: Held): Lease {
  const state = { bytes, count: ticket.count, renewedMs: sinceMs, isTaken: false };
  const isLost = (): boolean => state.isTaken || performance.now() - state.renewedMs >= ttlMs;
  const renew = async (): Promise<void> => {
    const [next, askedMs] = [encode({ ...ticket, count: state.count + 1 }), performance.now()];
    try {
      if ((await replaceSettled(engine, name, next, state.bytes)) === "changed") state.isTaken = true;
      else Object.assign(state, { bytes: next, count: state.count + 1, renewedMs: askedMs });
    } catch (error) {
      // Of no answer the next renewal makes good, unless the lease runs out before.
      if (!(error instanceof VaultError)) throw error;
    }
  };
  let renewing = Promise.resolve();
  const timer = setInterval(() => {
    renewing = renewing.then(() => (isLost() ? undefined : renew()));
  }, ttlMs / RENEWALS);
  timer.unref();
  return {
    isLost,
    async release() {
      clearInterval(timer);
      try {
        await renewing;
        if (!state.isTaken) await replaceSettled(engine, name, undefined, state.bytes);
      } catch (error) {
        if (!(error instanceof VaultError)) throw error;
      }
    },
  };
}

function encode({ pid, start, boot, host, ticket, count }: Ticket): Uint8Array {
  return utf8(`${JSON.stringify({ pid, start, boot, host, ticket, count })}\n`);
}

/** What is no ticket stands until it has run out, as any other. */
function parseTicket(bytes: Uint8Array): Ticket | undefined {
  try {
    const value = json.parseObject(JSON.parse(findText(bytes) ?? ""), "a lease");
    return {
      pid: json.parseInteger(value["pid"], 1, 2 ** 31, "the pid"),
      start: json.parseText(value["start"], "the start"),
      boot: json.parseText(value["boot"], "the boot"),
      host: json.parseVisibleText(value["host"], 256, "the host"),
      ticket: json.parseText(value["ticket"], "the ticket"),
      count: json.parseInteger(value["count"], 0, Number.MAX_SAFE_INTEGER, "the count"),
    };
  } catch {
    return undefined;
  }
}

function hostOf({ host }: ProcessIdentity): string {
  return host.replace(/ .*$/, "");
}

function busy(engine: Engine, holder: Ticket | undefined): VaultError {
  const who = holder === undefined ? "another machine" : `process ${holder.pid} on ${hostOf(holder)}`;
  return new VaultError("busy", `${who} holds the vault in the store ${engine.where}`, "wait for it to end, and try again");
}

/** For names of leases: bytes of any kind as letters that an engine's names may have. */
export function leaseName(what: "vault" | "login", id?: Uint8Array): string {
  return id === undefined ? `lease/${what}` : `lease/${what}-${encodeHex(id)}`;
}

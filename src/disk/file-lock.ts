// A lock file that knows its holder. A dead holder's lock is taken over at once by exactly one waiter; a live one's is never robbed; another host's is never broken.
import { randomBytes } from "node:crypto";
import { linkSync, readFileSync, readdirSync, unlinkSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { VaultError, systemErrorCode } from "../errors.ts";
import type { ProcessIdentity } from "./process-identity.ts";
import { identifyThisProcess, judgeLiveness } from "./process-identity.ts";

/** Longer than any rule that calls a lock stale, and than any change to a vault takes. */
const WAIT_MS = 40_000;
const POLL_MS_MIN = 2;
const POLL_MS_MAX = 40;

export interface FileLock {
  release(): void;
}

interface Ticket extends ProcessIdentity {
  /** Random, and part of the name of the file by which a successor takes this lock over. */
  readonly ticket: string;
}

/**
 * Waits for the lock at `path` and takes it.
 *
 * How a dead holder is succeeded: whoever makes the file `<path>.<ticket of the dead>` holds the lock, and link(2) lets one process make it. The holder is the last of that chain.
 * Nothing of the chain is removed before its root is, so a process that made its link checks that the root still leads to it: if not, the chain was released meanwhile.
 *
 * @throws VaultError `busy`, naming the holder, when it is alive (or on another host) and does not let go for 40 seconds.
 */
export async function acquireLock(path: string, waitMs: number = WAIT_MS): Promise<FileLock> {
  const mine: Ticket = { ...identifyThisProcess(), ticket: randomBytes(12).toString("hex") };
  const draft = `${path}.draft-${mine.ticket}`;
  const deadline = performance.now() + waitMs;
  writeDraft(draft, mine);
  try {
    for (let pollMs = POLL_MS_MIN; ; pollMs = Math.min(pollMs * 1.5, POLL_MS_MAX)) {
      const attempt = tryAcquire(path, draft);
      if (attempt.kind === "acquired") {
        removeLeftovers(path, attempt.chain);
        return { release: () => { release(attempt.chain); } };
      }
      if (performance.now() > deadline) throw busy(path, attempt.holder);
      await sleep(pollMs * (0.5 + Math.random()));
    }
  } finally {
    unlinkIfThere(draft);
  }
}

/** Who holds the lock, if anyone does; `isDead` means that the next one to ask will succeed. */
export function findLockHolder(path: string): { readonly pid: number; readonly host: string; readonly isDead: boolean } | undefined {
  const holder = followChain(path).at(-1)?.ticket;
  return holder === undefined ? undefined : { pid: holder.pid, host: holder.host, isDead: judgeLiveness(holder) === "dead" };
}

type Attempt = { readonly kind: "acquired"; readonly chain: readonly string[] } | { readonly kind: "held"; readonly holder: Ticket | undefined };

function tryAcquire(path: string, draft: string): Attempt {
  const chain = followChain(path);
  const last = chain.at(-1);
  if (last !== undefined && judgeLiveness(last.ticket) !== "dead") return { kind: "held", holder: last.ticket };
  const next = last === undefined ? path : successorName(path, last.ticket);
  if (!linkIfFree(draft, next)) return { kind: "held", holder: undefined };
  const names = [...chain.map(({ name }) => name), next];
  const root = chain[0];
  if (root !== undefined && readTicket(path)?.ticket !== root.ticket.ticket) {
    unlinkIfThere(next);
    return { kind: "held", holder: undefined };
  }
  return { kind: "acquired", chain: names };
}

function followChain(path: string): { name: string; ticket: Ticket }[] {
  const chain: { name: string; ticket: Ticket }[] = [];
  for (let name = path; ; ) {
    const ticket = readTicket(name);
    if (ticket === undefined) return chain;
    chain.push({ name, ticket });
    name = successorName(path, ticket);
  }
}

function successorName(path: string, { ticket }: Ticket): string {
  return `${path}.${ticket}`;
}

/** Root first: until it is gone nobody else can begin a chain, and once it is gone this chain leads nowhere. */
function release(chain: readonly string[]): void {
  for (const name of chain) unlinkIfThere(name);
}

/**
 * What processes left that were killed while they waited, or between two steps of taking or releasing. No chain that begins at `path` leads there:
 * the holder's own chain is the only one, and nobody adds to it while the holder is alive.
 */
function removeLeftovers(path: string, chain: readonly string[]): void {
  const isOurs = /^\.(draft-)?[0-9a-f]{24}$/;
  try {
    for (const entry of readdirSync(dirname(path))) {
      const name = join(dirname(path), entry);
      if (!entry.startsWith(basename(path)) || !isOurs.test(entry.slice(basename(path).length)) || chain.includes(name)) continue;
      const ticket = readTicket(name);
      if (ticket !== undefined && judgeLiveness(ticket) === "dead") unlinkIfThere(name);
    }
  } catch {
    // They do no harm: the lock is held all the same.
  }
}

/** A ticket reaches its name by link(2), complete, so what does not parse was not written by this program. */
function readTicket(name: string): Ticket | undefined {
  let text: string;
  try {
    text = readFileSync(name, "utf8");
  } catch (error) {
    if (systemErrorCode(error) === "ENOENT") return undefined;
    throw new VaultError("io", `cannot read the lock "${name}" (${systemErrorCode(error) ?? "unknown error"})`);
  }
  return parseTicket(text) ?? { pid: 0, start: "", boot: "", host: "an unknown host", ticket: "unreadable" };
}

function parseTicket(text: string): Ticket | undefined {
  try {
    const value = JSON.parse(text) as Partial<Record<keyof Ticket, unknown>> | null;
    const { pid, start, boot, host, ticket } = value ?? {};
    if (typeof pid !== "number" || !Number.isInteger(pid) || pid <= 0) return undefined;
    if (typeof start !== "string" || typeof boot !== "string" || typeof host !== "string") return undefined;
    if (typeof ticket !== "string" || !/^[0-9a-f]{24}$/.test(ticket)) return undefined;
    return { pid, start, boot, host, ticket };
  } catch {
    return undefined;
  }
}

function writeDraft(draft: string, ticket: Ticket): void {
  try {
    // Flushed: a power cut must not leave a lock whose ticket is empty, which nobody could judge.
    writeFileSync(draft, JSON.stringify(ticket), { flag: "wx", mode: 0o600, flush: true });
  } catch (error) {
    // On a full disk it is there, and empty: nobody could tell whose it was.
    unlinkIfThere(draft);
    throw new VaultError("io", `cannot make a lock beside "${draft}" (${systemErrorCode(error) ?? "unknown error"})`, "check that the disk is not full and that the folder is yours to write");
  }
}

function linkIfFree(draft: string, name: string): boolean {
  try {
    linkSync(draft, name);
    return true;
  } catch (error) {
    if (systemErrorCode(error) === "EEXIST") return false;
    throw new VaultError("io", `cannot make the lock "${name}" (${systemErrorCode(error) ?? "unknown error"})`);
  }
}

function unlinkIfThere(name: string): void {
  try {
    unlinkSync(name);
  } catch {
    // Another process may have removed it as a left-over; a file that cannot be removed is found by its dead holder later.
  }
}

function busy(path: string, holder: Ticket | undefined): VaultError {
  const who = holder === undefined ? "another process" : holder.pid === 0 ? holder.host : `process ${holder.pid} on ${holder.host.replace(/ .*$/, "")}`;
  return new VaultError("busy", `${who} holds the vault`, `wait for it to end; if that cannot be, remove "${path}"`);
}

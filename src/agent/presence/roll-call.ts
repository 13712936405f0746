// Finds the processes of this user that have announced themselves (presence.ts), by what the kernel says of them. All of it is Linux's; elsewhere nobody is found.
import { readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { VaultError, systemErrorCode } from "../../errors.ts";
import type { PresenceKind, PresenceName, Realm } from "./presence.ts";
import { findName } from "./presence.ts";

/** One that is there: its process holds the socket that its name belongs to. */
export interface Present extends PresenceName {
  /** Of the socket. */
  readonly inode: string;
}

/**
 * A row as the kernel writes it, to the width: number, references, protocol, flags, type, state, inode, name; `@` stands for a NUL. A name may hold line feeds, and look like a row behind one;
 * but a row of these widths with one of our names in it is longer than the 107 bytes that a name may have.
 */
const ROW = /^[0-9a-f]{8,16}: [0-9A-F]{8} [0-9A-F]{8} (?<flags>[0-9A-F]{8}) [0-9A-F]{4} [0-9A-F]{2} (?=[ 0-9]{5}) *(?<inode>[0-9]+) @(?<name>[^@\n]+)@*$/gm;
/** Of a socket that listens (`__SO_ACCEPTCON`); the ends of its connections have its name as well. */
const LISTENS = 0x10000;
const POLL_MS = 5;
/** What an agent calls itself: a program cannot change that of another process. */
export const AGENT_TITLE = "vault-agent";

/**
 * Those of one kind, in one realm or in all. A name that no process of this user's holds (for root: no process) was invented by somebody else, and is left out. A program in a run can hold names that it invented, and is named as a run that does not answer;
 * what it cannot do is to hide another one.
 *
 * @throws VaultError `io` where the kernel does not tell: then nobody knows who is there.
 */
export function findPresent(kind: PresenceKind, realm: Realm | undefined): Present[] {
  if (process.platform !== "linux") return [];
  const sockets = new Map<number, ReadonlySet<string>>();
  return parseTable(readTable(), realm).filter((present) => {
    if (present.kind !== kind) return false;
    const held = sockets.get(present.pid) ?? findSockets(present.pid);
    sockets.set(present.pid, held);
    return held.has(present.inode);
  });
}

/** Those names of a realm that the table of unix sockets has, whoever made them. Pure. */
export function parseTable(table: string, realm: Realm | undefined): Present[] {
  return [...table.matchAll(ROW)].flatMap(({ groups: { flags = "", inode = "", name = "" } = {} }) => {
    const found = (Number.parseInt(flags, 16) & LISTENS) === 0 ? undefined : findName(name, realm);
    return found === undefined ? [] : [{ ...found, inode }];
  });
}

/** The abstract names that are listened at, in this network namespace, and the inode of each one's socket. @throws VaultError `io`. */
export function readListeners(): ReadonlyMap<string, string> {
  return new Map([...readTable().matchAll(ROW)].flatMap(({ groups: { flags = "", inode = "", name = "" } = {} }) => ((Number.parseInt(flags, 16) & LISTENS) === 0 ? [] : [[name, inode] as const])));
}

/** The processes of this user's (for root: all) that hold a socket. */
export function findHolders(inode: string): number[] {
  return (look("/proc", () => readdirSync("/proc")) ?? []).filter((name) => /^[1-9][0-9]*$/.test(name)).map(Number).filter((pid) => findSocketsQuietly(pid).has(inode));
}

/** Of a process that may be anybody's: one that cannot be looked at is none of this user's. */
function findSocketsQuietly(pid: number): ReadonlySet<string> {
  try {
    return findSockets(pid);
  } catch {
    return new Set();
  }
}

/** Waits until each has withdrawn or ended. @returns those that have not when the time is over. */
export async function awaitWithdrawal(those: readonly Present[], timeoutMs: number): Promise<Present[]> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const left = those.filter(({ pid, inode }) => findSockets(pid).has(inode));
    if (left.length === 0 || performance.now() > deadline) return left;
    await sleep(POLL_MS);
  }
}

/** Kills agents that do not let themselves be asked to end: the kernel forgets for them. One that only says that it is an agent is left alone, and does not count as withdrawn. */
export function killAgents(those: readonly Present[]): void {
  for (const { pid } of those) {
    if (look(`/proc/${pid}/comm`, () => readFileSync(`/proc/${pid}/comm`, "latin1"))?.trim() === AGENT_TITLE) callProcess(pid, "SIGKILL");
  }
}

/** @returns whether it was there to be called. @throws VaultError `io` where that was refused. */
export function callProcess(pid: number, signal: NodeJS.Signals): boolean {
  return look(`process ${pid}`, () => process.kill(pid, signal)) ?? false;
}

/** The inodes of a process's sockets. None for one that is not there, or is another user's: only root may call those. @throws VaultError `io`. */
function findSockets(pid: number): ReadonlySet<string> {
  const folder = `/proc/${pid}/fd`;
  return look(folder, () => {
    const [mine, theirs] = [process.geteuid?.(), statSync(folder).uid];
    if (mine !== 0 && mine !== theirs) return new Set();
    return new Set(readdirSync(folder).flatMap((name) => findSocket(`${folder}/${name}`) ?? []));
  }) ?? new Set();
}

function findSocket(descriptor: string): string | undefined {
  return look(descriptor, () => /^socket:\[([0-9]+)\]$/.exec(readlinkSync(descriptor))?.[1]);
}

function readTable(): string {
  const path = "/proc/net/unix";
  const table = look(path, () => readFileSync(path, "latin1"));
  if (table === undefined) throw unseen(path, "ENOENT");
  return table;
}

/** Undefined for a process that has ended, or a descriptor that it has closed. Whatever else hinders is no proof of either: a program in a run may have taken care of it. */
function look<T>(path: string, see: () => T): T | undefined {
  try {
    return see();
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === "ENOENT" || code === "ESRCH") return undefined;
    throw unseen(path, code);
  }
}

function unseen(path: string, code: string | undefined): VaultError {
  return new VaultError("io", `cannot see whether a run still has secrets: "${path}" cannot be read (${code ?? "unknown error"})`, "end the runs by hand");
}

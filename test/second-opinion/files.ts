// FORMAT.md, "Places" and "The lock".
import { createHash, randomBytes } from "node:crypto";
import { closeSync, constants, existsSync, fsyncSync, linkSync, lstatSync, openSync, readFileSync, readlinkSync, renameSync, unlinkSync, writeSync } from "node:fs";
import { hostname } from "node:os";
import { basename, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_RDONLY, O_WRONLY } = constants;

export function readOwn(path: string): Buffer | undefined {
  if (!existsSync(path)) return undefined;
  const stat = lstatSync(path);
  if (!stat.isFile() || stat.uid !== process.getuid?.() || (stat.mode & 0o077) !== 0) throw new Error(`unsafe: ${path}`);
  return readFileSync(path);
}

export function replace(path: string, bytes: Uint8Array): void {
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}-${randomBytes(6).toString("hex")}.tmp`);
  writeDurably(temporary, bytes);
  if (!readFileSync(temporary).equals(bytes)) throw new Error(`does not read back: ${temporary}`);
  renameSync(temporary, path);
  syncFolder(dirname(path));
}

function writeDurably(path: string, bytes: Uint8Array): void {
  const file = openSync(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
  fsyncSync(file);
  closeSync(file);
}

export function syncFolder(path: string): void {
  const folder = openSync(path, O_RDONLY);
  fsyncSync(folder);
  closeSync(folder);
}

interface Ticket {
  readonly pid: number;
  readonly start: string;
  readonly boot: string;
  readonly host: string;
  readonly ticket: string;
}

/** Holds the lock while `work` goes on. Linux only. */
export async function locked<T>(path: string, work: () => Promise<T> | T): Promise<T> {
  const mine = ticketOf(process.pid);
  const draft = `${path}.draft-${mine.ticket}`;
  writeDurably(draft, Buffer.from(JSON.stringify(mine)));
  let chain: string[] | undefined;
  while (chain === undefined) {
    chain = attempt(path, draft);
    if (chain === undefined) await sleep(5);
  }
  unlinkSync(draft);
  try {
    return await work();
  } finally {
    for (const name of chain) unlinkSync(name);
  }
}

/** What a process of this machine writes into a lock. */
export function ticketOf(pid: number): Ticket {
  return { pid, start: startOf(pid) ?? "", boot: bootId(), host: hostName(), ticket: randomBytes(12).toString("hex") };
}

function attempt(path: string, draft: string): string[] | undefined {
  const names: string[] = [];
  let first: Ticket | undefined;
  let last: Ticket | undefined;
  for (let name = path; existsSync(name); name = `${path}.${last.ticket}`) {
    names.push(name);
    last = JSON.parse(readFileSync(name, "utf8")) as Ticket;
    first ??= last;
  }
  if (last !== undefined && !isDead(last)) return undefined;
  const next = last === undefined ? path : `${path}.${last.ticket}`;
  try {
    linkSync(draft, next);
  } catch {
    return undefined;
  }
  if (first !== undefined && (JSON.parse(readFileSync(path, "utf8")) as Ticket).ticket !== first.ticket) {
    unlinkSync(next);
    return undefined;
  }
  return [...names, next];
}

function isDead({ pid, start, boot, host }: Ticket): boolean {
  if (host !== hostName()) return false;
  if (boot !== "" && boot !== bootId()) return true;
  const now = startOf(pid);
  return now === undefined || (start !== "" && now !== start);
}

/** Undefined for a process that is not there, or is a zombie. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" || fields[0] === "X" ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

function bootId(): string {
  return readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim();
}

function hostName(): string {
  const machine = existsSync("/etc/machine-id") ? [createHash("sha256").update("vault lock").update(readFileSync("/etc/machine-id")).digest("hex").slice(0, 16)] : [];
  return [hostname(), ...machine, readlinkSync("/proc/self/ns/pid")].join(" ");
}

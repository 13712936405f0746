// The main audit log: one durable line for each act on the vault and for each start and end of a run.
import { closeSync, constants, existsSync, fstatSync, fsyncSync, ftruncateSync, openSync, readSync, readdirSync, renameSync, writeSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { utf8 } from "../bytes.ts";
import { syncFolder } from "../disk/durable-file.ts";
import { acquireLock } from "../disk/file-lock.ts";
import { ensureUnsharedFolder } from "../disk/private-folder.ts";
import { VaultError, systemErrorCode } from "../errors.ts";
import type { AuditEvent, ChainHead } from "./entry.ts";
import { closesLog, encodeEntry, findEntry, hashLine, macOf } from "./entry.ts";
import type { HeadRecord } from "./head.ts";
import { readHead, writeHead } from "./head.ts";
import { listParts, newestPart, PART_BYTES_MAX, putPartAway, readLines } from "./parts.ts";
import { OPENED, UNVOUCHED } from "./runs.ts";
import { segmentPath } from "./segment.ts";

const { O_APPEND, O_CREAT, O_RDWR } = constants;
const NO_FOLLOW = process.platform === "win32" ? 0 : constants.O_NOFOLLOW;
/** A line is far shorter than this: events hold names and hosts, whose lengths and numbers are bounded. */
const LINE_BYTES_MAX = 512 * 1024;
const BROKEN_HINT = "vault audit --verify names the first bad entry; once you know what happened, move the audit folder aside: the chain goes on in a new one, and --verify tells which entries are elsewhere";

/** What an append needs besides its event. */
export interface LogPosition {
  /** The main log's key. */
  readonly key: Uint8Array;
  /** The head that somebody else has seen, such as the vault file: the log must have come at least that far. */
  readonly vouched: ChainHead;
  readonly now: Date;
  /** The main log's next key, with which the head file counts from now on too: the vault key is about to be replaced. */
  readonly nextKey?: Uint8Array | undefined;
}

/**
 * Appends one entry and makes it durable. Called before the act that it tells of; if it fails, the act is not to happen.
 *
 * @param partBytesMax when the newest part is put away.
 * @returns the new head of the chain.
 * @throws VaultError `audit-unwritable`, for whatever reason: a full disk, or a log whose end was forged or cut off.
 */
export async function appendToLog(folder: string, event: AuditEvent, position: LogPosition, partBytesMax: number = PART_BYTES_MAX): Promise<ChainHead> {
  try {
    ensureUnsharedFolder(folder);
    const lock = await acquireLock(join(folder, "audit.lock"));
    try {
      requireHead(folder, position, partBytesMax);
      const head = appendLine(folder, event, position, partBytesMax);
      writeHead(folder, head, position.key, ...(position.nextKey === undefined ? [] : [position.nextKey]));
      return head;
    } finally {
      lock.release();
    }
  } catch (error) {
    throw unwritable(folder, error);
  }
}

/** The first event of a vault key's log behind the entry that closes the one before. */
export function openingOf({ sequence, hash }: ChainHead): AuditEvent {
  return { kind: OPENED, closed: sequence, hash };
}

/** Moves the log of a vault that is no more out of the way of a new vault's. Nothing there is fine. @throws VaultError `audit-unwritable`. */
export function setLogAside(folder: string, now: Date): void {
  try {
    if (existsSync(folder)) renameSync(folder, `${folder}-until-${now.toISOString().replaceAll(":", "")}`);
  } catch (error) {
    throw unwritable(folder, error);
  }
}

/** The lines of all parts of the log, oldest first. @throws VaultError `io`, `unsafe-file`. */
export function readLog(folder: string): string[] {
  return listParts(folder).flatMap((path) => [...readLines(path)]);
}

/** The lines of a run's segment, as they are read; none where the run wrote none. @throws VaultError `io`, `unsafe-file`. */
export function readSegment(folder: string, runId: string): Iterable<string> {
  return readLines(segmentPath(folder, runId));
}

/** The ids of runs that have a segment. */
export function listSegments(folder: string): string[] {
  const runs = dirname(segmentPath(folder, "0"));
  return existsSync(runs) ? readdirSync(runs).filter((name) => name.endsWith(".jsonl")).map((name) => basename(name, ".jsonl")) : [];
}

/**
 * A log whose newest head is not known any more goes on, for a power cut can do that; but with an entry that says so, lest the next head make good that something was cut off.
 * A log of no lines has its head before its first line, so that it is never without one.
 */
function requireHead(folder: string, position: LogPosition, partBytesMax: number): void {
  if (readHead(folder, position.key).kind === "known") return;
  if (listParts(folder).length > 0) writeHead(folder, appendLine(folder, { kind: UNVOUCHED }, position, partBytesMax), position.key);
  else writeHead(folder, position.vouched, position.key);
}

function appendLine(folder: string, event: AuditEvent, { key, vouched, now }: LogPosition, partBytesMax: number): ChainHead {
  const isNew = !existsSync(newestPart(folder));
  const descriptor = openSync(newestPart(folder), O_RDWR | O_APPEND | O_CREAT | NO_FOLLOW, 0o600);
  try {
    if (isNew) syncFolder(folder);
    const { last, end, size } = readLastLine(descriptor);
    const { head, isClosed } = requireContinuous(last ?? lastLineOfParts(folder), key, vouched, readHead(folder, key));
    // Torn by a crash before its act. Not before the checks above: a line that was known whole is evidence.
    if (end < size) ftruncateSync(descriptor, end);
    if (end >= partBytesMax) {
      putPartAway(folder, head.sequence);
      return appendLine(folder, event, { key, vouched, now }, partBytesMax);
    }
    if (isClosed && event.kind !== OPENED) {
      appendLine(folder, openingOf(head), { key, vouched, now }, partBytesMax);
      return appendLine(folder, event, { key, vouched, now }, partBytesMax);
    }
    const { line, head: next } = encodeEntry(head, event, now, key);
    try {
      writeWhole(descriptor, utf8(line));
      fsyncSync(descriptor);
    } catch (error) {
      ftruncateSync(descriptor, end);
      throw error;
    }
    return next;
  } finally {
    closeSync(descriptor);
  }
}

function writeWhole(descriptor: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at);
}

/** The last whole line, and where it ends. */
function readLastLine(descriptor: number): { last: string | undefined; end: number; size: number } {
  const { size } = fstatSync(descriptor);
  const tail = Buffer.alloc(Math.min(size, LINE_BYTES_MAX));
  readSync(descriptor, tail, 0, tail.length, size - tail.length);
  const lastEnd = tail.lastIndexOf(0x0a);
  if (lastEnd < 0 && size > tail.length) throw new VaultError("audit-broken", "the last line of the audit log is too long");
  const end = size - tail.length + lastEnd + 1;
  return { last: lastEnd < 0 ? undefined : tail.subarray(lastEnd === 0 ? 0 : tail.lastIndexOf(0x0a, lastEnd - 1) + 1, lastEnd).toString("utf8"), end, size };
}

function lastLineOfParts(folder: string): string | undefined {
  return readLog(folder).at(-1);
}

/** Whoever appends vouches for what stands before it, so a forged or missing end must stop here. A log that is gone altogether goes on from where the vault has seen it. */
function requireContinuous(line: string | undefined, key: Uint8Array, vouched: ChainHead, seen: HeadRecord): { readonly head: ChainHead; readonly isClosed: boolean } {
  if (line === undefined) return { head: vouched, isClosed: false };
  const entry = findEntry(line);
  if (entry === undefined) throw new VaultError("audit-broken", "the last line of the audit log is not an entry");
  const head = { sequence: entry.seq, hash: hashLine(line) };
  // The entry that closes the log of an earlier vault key: the vault itself vouches for it.
  const isOwn = entry.mac === macOf(entry, key);
  if (!isOwn && !(closesLog(entry.event) && head.sequence === vouched.sequence && head.hash === vouched.hash)) throw new VaultError("audit-broken", "the last line of the audit log was not written with this vault's key");
  if (head.sequence < vouched.sequence) throw new VaultError("audit-broken", `the audit log ends at entry ${head.sequence}, and the vault has seen ${vouched.sequence}`);
  if (seen.kind === "known" && head.sequence < seen.head.sequence) throw new VaultError("audit-broken", `the audit log ends at entry ${head.sequence}, and this machine has written ${seen.head.sequence}`);
  if (seen.kind === "known" && head.sequence === seen.head.sequence && head.hash !== seen.head.hash) throw new VaultError("audit-broken", "the last entry of the audit log is not the one that this machine has written");
  if (head.sequence === vouched.sequence && head.hash !== vouched.hash) throw new VaultError("audit-broken", "the last entry of the audit log is not the one that the vault has seen");
  return { head, isClosed: !isOwn };
}

function unwritable(folder: string, error: unknown): VaultError {
  const reason = error instanceof VaultError ? error.message : (systemErrorCode(error) ?? "unknown error");
  const hint = error instanceof VaultError && error.code === "audit-broken" ? BROKEN_HINT : "make room on the disk and check that the folder is yours to write";
  return new VaultError("audit-unwritable", `the audit log in "${folder}" cannot be written, so nothing was done: ${reason}`, hint);
}

// The main audit log: one durable line for each act on the vault and for each start and end of a run.
import { existsSync, renameSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { FileLock } from "../disk/file-lock.ts";
import { acquireLock } from "../disk/file-lock.ts";
import { ensureUnsharedFolder } from "../disk/private-folder.ts";
import { VaultError, systemErrorCode } from "../errors.ts";
import type { AuditEvent, ChainHead } from "./entry.ts";
import { closesLog, encodeEntry, findEntry, hashLine, macOf } from "./entry.ts";
import type { HeadRecord } from "./head.ts";
import { readHead, writeHead } from "./head.ts";
import { lastLineOf, openEnd } from "./log-end.ts";
import { putPack } from "./log-packs.ts";
import type { LogStore } from "./log-store.ts";
import { putLine } from "./log-store.ts";
import { listParts, PART_BYTES_MAX, putPartAway, readLines } from "./parts.ts";
import type { PullTerms } from "./pull.ts";
import { pullLines } from "./pull.ts";
import { OPENED, UNVOUCHED } from "./runs.ts";
import { findSegment } from "./segment-copies.ts";

/** As long as one waits for the log's lock: by then each of the machines that write has had its turn many times. */
const TURN_MS = 40_000;
const PAUSE_MS_MAX = 100;
const PAUSE_MS_STEP = 10;
const BROKEN_HINT = "once you know what happened, move the audit folder aside: the chain goes on in a new one, and --verify tells which entries are elsewhere; to see the first bad entry: vault audit --verify";

/** What an append needs besides its event. */
export interface LogPosition {
  /** The main log's key. */
  readonly key: Uint8Array;
  /** The head that somebody else has seen, such as the vault file: the log must have come at least that far. */
  readonly vouched: ChainHead;
  readonly now: Date;
  /** The main log's next key, with which the head file counts from now on too: the vault key is about to be replaced. */
  readonly nextKey?: Uint8Array | undefined;
  /** Where several machines write this log; undefined where it is this one's alone. */
  readonly store?: LogStore | undefined;
}

/**
 * Appends one entry and makes it durable. Called before the act that it tells of; if it fails, the act is not to happen.
 *
 * With a store, the line is there before it is here: killed between the two, this machine finds it there the next time.
 *
 * @param partBytesMax when the newest part is put away.
 * @returns the new head of the chain.
 * @throws VaultError `audit-unwritable`, for whatever reason: a full disk, or a log whose end was forged or cut off; `rolled-back` where the store's was cut; `store-unavailable`.
 */
export async function appendToLog(folder: string, event: AuditEvent, position: LogPosition, partBytesMax: number = PART_BYTES_MAX): Promise<ChainHead> {
  const head = await appendChosen(folder, () => event, position, partBytesMax);
  if (head === undefined) throw new TypeError("there was an event");
  return head;
}

/**
 * The same for an entry that depends on those before it.
 *
 * @param choose asked when all that was written before is here, and again where another machine was first with its entry.
 * @returns undefined where nothing was to be appended any more.
 */
export async function appendChosen(folder: string, choose: () => AuditEvent | undefined, position: LogPosition, partBytesMax: number = PART_BYTES_MAX): Promise<ChainHead | undefined> {
  try {
    return await withLogLock(folder, async () => {
      const { store } = position;
      const deadline = performance.now() + TURN_MS;
      for (let attempt = 1; ; attempt += 1) {
        if (store !== undefined) await pullLines(folder, store, position, partBytesMax);
        const event = choose();
        if (event === undefined) return undefined;
        const head = await appendOnce(folder, event, position, partBytesMax);
        if (head !== undefined) return head;
        if (performance.now() > deadline) throw new VaultError("busy", "other machines write to the log all the time");
        await sleep(Math.min(PAUSE_MS_MAX, PAUSE_MS_STEP * attempt) * Math.random());
      }
    });
  } catch (error) {
    throw unwritable(folder, error);
  }
}

/** Brings this machine's copy up to what the store has. @throws VaultError as `pullLines`; `busy`. */
export async function pullLog(folder: string, store: LogStore, terms: PullTerms): Promise<void> {
  await withLogLock(folder, () => pullLines(folder, store, terms));
}

/** Nobody else of this machine writes to the log, or to its copies of others', while `work` does. @throws VaultError `busy`, `io`. */
export async function withLogLock<T>(folder: string, work: () => Promise<T>): Promise<T> {
  const before = turns.get(folder);
  const turn = takeTurn(before, folder, work, () => turns.get(folder) !== mine);
  const mine: Promise<void> = turn.then(ignore, ignore);
  turns.set(folder, mine);
  try {
    return await turn;
  } finally {
    if (turns.get(folder) === mine) turns.delete(folder);
  }
}

/** Of this process, one after the other: a broker has hundreds that want to write at once, and each that waited by itself would look for the lock many times a second. */
const turns = new Map<string, Promise<void>>();

/** Locks that are handed on to whoever is next in the row: to take one anew costs as much as a line. */
const handed = new Map<string, { readonly lock: FileLock; readonly sinceMs: number }>();
/** Then other processes have their turn. */
const HELD_MS = 200;

/** @param isAwaited whether somebody stands behind. */
async function takeTurn<T>(before: Promise<void> | undefined, folder: string, work: () => Promise<T>, isAwaited: () => boolean): Promise<T> {
  await before;
  const held = handed.get(folder) ?? { lock: await lockLog(folder), sinceMs: performance.now() };
  handed.delete(folder);
  try {
    return await work();
  } finally {
    if (isAwaited() && performance.now() - held.sinceMs < HELD_MS) handed.set(folder, held);
    else held.lock.release();
  }
}

function lockLog(folder: string): Promise<FileLock> {
  ensureUnsharedFolder(folder);
  return acquireLock(join(folder, "audit.lock"));
}

function ignore(): void {
  // Whoever waits for his own turn does not hear how another's went.
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
  return readLines(findSegment(folder, runId));
}

/** @returns undefined where a store has another line in this one's place. */
async function appendOnce(folder: string, event: AuditEvent, position: LogPosition, partBytesMax: number): Promise<ChainHead | undefined> {
  if (!(await ensureHead(folder, position, partBytesMax))) return undefined;
  const head = await appendLine(folder, event, position, partBytesMax);
  if (head !== undefined) writeHead(folder, head, position.key, ...(position.nextKey === undefined ? [] : [position.nextKey]));
  return head;
}

/**
 * A log whose newest head is not known any more goes on, for a power cut can do that; but with an entry that says so, lest the next head make good that something was cut off.
 * A log of no lines has its head before its first line, so that it is never without one.
 *
 * @returns false where a store has another line in that entry's place.
 */
async function ensureHead(folder: string, position: LogPosition, partBytesMax: number): Promise<boolean> {
  if (readHead(folder, position.key).kind === "known") return true;
  const head = listParts(folder).length > 0 ? await appendLine(folder, { kind: UNVOUCHED }, position, partBytesMax) : position.vouched;
  if (head !== undefined) writeHead(folder, head, position.key);
  return head !== undefined;
}

/** @returns undefined where a store has another line in this one's place. */
async function appendLine(folder: string, event: AuditEvent, position: LogPosition, partBytesMax: number): Promise<ChainHead | undefined> {
  const { key, vouched, now, store } = position;
  const end = openEnd(folder);
  try {
    const { head, isClosed } = requireContinuous(end.last ?? lastLineOf(folder), key, vouched, readHead(folder, key));
    // Not before the checks above: a line that was known whole is evidence.
    end.cutTorn();
    if (end.bytes >= partBytesMax) {
      putPartAway(folder, head.sequence);
      return await appendLine(folder, event, position, partBytesMax);
    }
    if (isClosed && event.kind !== OPENED) {
      const opened = await appendLine(folder, openingOf(head), position, partBytesMax);
      return opened === undefined ? undefined : await appendLine(folder, event, position, partBytesMax);
    }
    const { line, head: next } = encodeEntry(head, event, now, key);
    if (store !== undefined && (await putLine(store, next.sequence, line.slice(0, -1))) === "changed") return undefined;
    end.put(line);
    if (store !== undefined) await putPack(store, next.sequence, () => readLog(folder));
    return next;
  } finally {
    end.close();
  }
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
  // Of the store, and so what the vault file in it says as well.
  if (error instanceof VaultError && ["store-unavailable", "rolled-back"].includes(error.code)) return error;
  const reason = error instanceof VaultError ? error.message : (systemErrorCode(error) ?? "unknown error");
  const hint = error instanceof VaultError && error.code === "audit-broken" ? (error.hint ?? BROKEN_HINT) : "make room on the disk and check that the folder is yours to write";
  return new VaultError("audit-unwritable", `the audit log in "${folder}" cannot be written, so nothing was done: ${reason}`, hint);
}

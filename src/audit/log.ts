// The main audit log: one durable line for each act on the vault and for each start and end of a run.
import { closeSync, constants, existsSync, fstatSync, fsyncSync, ftruncateSync, openSync, readSync, renameSync, writeSync } from "node:fs";
import { join } from "node:path";
import { findText, utf8 } from "../bytes.ts";
import { replaceFile, readPrivateFile } from "../disk/durable-file.ts";
import { acquireLock } from "../disk/file-lock.ts";
import { ensureUnsharedFolder } from "../disk/private-folder.ts";
import { VaultError, systemErrorCode } from "../errors.ts";
import type { AuditEvent, ChainHead } from "./entry.ts";
import { segmentPath } from "./segment.ts";
import { EMPTY_CHAIN, encodeEntry, findEntry, hashLine, macOf } from "./entry.ts";

const { O_APPEND, O_CREAT, O_RDWR } = constants;
const NO_FOLLOW = process.platform === "win32" ? 0 : constants.O_NOFOLLOW;
/** A line is far shorter than this: events hold names and hosts, whose lengths and numbers are bounded. */
const LINE_BYTES_MAX = 256 * 1024;
const LOG_BYTES_MAX = 512 * 1024 * 1024;
const BROKEN_HINT = "vault audit --verify names the first bad entry; once you know what happened, move the audit folder aside to begin a new log";

export function logPath(folder: string): string {
  return join(folder, "audit.jsonl");
}

/** Where the newest head is kept, so that cutting lines off the end of the log is noticed. */
export function headPath(folder: string): string {
  return join(folder, "head.json");
}

/**
 * Appends one entry and makes it durable. Called before the act that it tells of; if it fails, the act is not to happen.
 *
 * @param key the main log's key.
 * @returns the new head of the chain.
 * @throws VaultError `audit-unwritable`, for whatever reason.
 */
export async function appendToLog(folder: string, event: AuditEvent, key: Uint8Array, now: Date): Promise<ChainHead> {
  try {
    ensureUnsharedFolder(folder);
    const lock = await acquireLock(join(folder, "audit.lock"));
    try {
      const head = appendLine(logPath(folder), event, key, now);
      replaceFile(headPath(folder), utf8(`${JSON.stringify(head)}\n`));
      return head;
    } finally {
      lock.release();
    }
  } catch (error) {
    throw unwritable(folder, error);
  }
}

/** Moves the log of a vault that is no more out of the way of a new vault's. Nothing there is fine. @throws VaultError `audit-unwritable`. */
export function setLogAside(folder: string, now: Date): void {
  try {
    if (existsSync(folder)) renameSync(folder, `${folder}-until-${now.toISOString().replaceAll(":", "")}`);
  } catch (error) {
    throw unwritable(folder, error);
  }
}

/** The lines of the log, oldest first. @throws VaultError `io`, `unsafe-file`. */
export function readLog(folder: string): string[] {
  return readLines(logPath(folder));
}

/** The lines of a run's segment; none where the run wrote none. @throws VaultError `io`, `unsafe-file`. */
export function readSegment(folder: string, runId: string): string[] {
  return readLines(segmentPath(folder, runId));
}

/** The newest head that this machine has written, or undefined. It is not authenticated: it only ever tells that something is missing. */
export function readHead(folder: string): ChainHead | undefined {
  const bytes = readPrivateFile(headPath(folder), LINE_BYTES_MAX);
  try {
    const { sequence, hash } = JSON.parse(findText(bytes ?? new Uint8Array()) ?? "") as Partial<Record<keyof ChainHead, unknown>>;
    return typeof sequence === "number" && typeof hash === "string" ? { sequence, hash } : undefined;
  } catch {
    return undefined;
  }
}

function readLines(path: string): string[] {
  const bytes = readPrivateFile(path, LOG_BYTES_MAX);
  return bytes === undefined ? [] : splitLines(findText(bytes) ?? Buffer.from(bytes).toString("latin1"));
}

function splitLines(text: string): string[] {
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines;
}

function unwritable(folder: string, error: unknown): VaultError {
  const reason = error instanceof VaultError ? error.message : (systemErrorCode(error) ?? "unknown error");
  const hint = error instanceof VaultError && error.code === "audit-broken" ? BROKEN_HINT : "make room on the disk and check that the folder is yours to write";
  return new VaultError("audit-unwritable", `the audit log in "${folder}" cannot be written, so nothing was done: ${reason}`, hint);
}

function appendLine(path: string, event: AuditEvent, key: Uint8Array, now: Date): ChainHead {
  const descriptor = openSync(path, O_RDWR | O_APPEND | O_CREAT | NO_FOLLOW, 0o600);
  try {
    const { head, end } = readLastLine(descriptor, key);
    const { line, head: next } = encodeEntry(head, event, now, key);
    const bytes = utf8(line);
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at);
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

/** The head as the log itself has it. A last line without its end was torn by a crash before its act; it is cut off. */
function readLastLine(descriptor: number, key: Uint8Array): { head: ChainHead; end: number } {
  const { size } = fstatSync(descriptor);
  const tail = Buffer.alloc(Math.min(size, LINE_BYTES_MAX));
  readSync(descriptor, tail, 0, tail.length, size - tail.length);
  const lastEnd = tail.lastIndexOf(0x0a);
  const end = size - tail.length + lastEnd + 1;
  if (end < size) ftruncateSync(descriptor, end);
  if (lastEnd < 0) {
    if (size > tail.length) throw new VaultError("audit-broken", "the last line of the audit log is too long");
    return { head: EMPTY_CHAIN, end };
  }
  const line = tail.subarray(tail.lastIndexOf(0x0a, lastEnd - 1) + 1, lastEnd).toString("utf8");
  const entry = findEntry(line);
  if (entry === undefined) throw new VaultError("audit-broken", "the last line of the audit log is not an entry", BROKEN_HINT);
  // Whoever appends vouches for what stands before it, so a forged last line must stop here.
  if (entry.mac !== macOf(entry, key)) throw new VaultError("audit-broken", "the last line of the audit log was not written with this vault's key", BROKEN_HINT);
  return { head: { sequence: entry.seq, hash: hashLine(line) }, end };
}

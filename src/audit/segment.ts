// A run's own part of the audit log: many entries a write, durable in groups within a second, no lock between runs.
import { closeSync, constants, fstatSync, fsync, fsyncSync, ftruncateSync, openSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import { syncFolder } from "../disk/durable-file.ts";
import { ensureUnsharedFolder } from "../disk/private-folder.ts";
import { VaultError, systemErrorCode } from "../errors.ts";
import type { AuditEvent, ChainHead } from "./entry.ts";
import { encodeEntryBy } from "./entry.ts";
import { openLineMac } from "./line-mac.ts";

const { O_APPEND, O_CREAT, O_EXCL, O_WRONLY } = constants;
const SYNC_WITHIN_MS = 1000;
const TELL_WITHIN_MS = 100;
const BUFFER_BYTES = 65_536;

export interface AuditSegment {
  /** Takes an event down, for the next `flush` to write, with the time that it is then: in the same turn of the event loop. */
  readonly enter: (event: AuditEvent) => void;
  /** Writes what was entered, all in one write: it survives this process, and within a second a power cut too. @throws VaultError `audit-unwritable`, from then on always. */
  readonly flush: () => void;
  /** Nothing can be written any more, for a reason that lies elsewhere. */
  readonly fail: (failure: VaultError) => void;
  /** Makes all durable; the head, of what was written and of nothing else, goes into the main log's closing entry. */
  close(): ChainHead;
}

/** Who hears of a segment while it grows. */
export interface SegmentListener {
  /** How far it has come: within a tenth of a second of each write. */
  readonly onProgress?: (head: ChainHead) => void;
  /** Once, when nothing can be written any more. */
  readonly onFailure?: (failure: VaultError) => void;
}

export function segmentPath(folder: string, runId: string): string {
  return join(folder, "runs", `${runId}.jsonl`);
}

/**
 * Opens the segment of a run. Its file is made with the first entry.
 *
 * @param start the hash of the main log's entry that the run began with: the chain of the segment is tied to it.
 * @param key this run's own audit key; wiped by `close()`.
 */
export function openSegment(folder: string, runId: string, start: string, key: Uint8Array, { onProgress, onFailure }: SegmentListener = {}): AuditSegment {
  let written: ChainHead = { sequence: 0, hash: start };
  let writtenBytes = 0;
  let descriptor: number | undefined;
  let isFolderSynced = false;
  let failure: VaultError | undefined;
  let entered: AuditEvent[] = [];
  const mac = openLineMac(key);
  let syncTimer: NodeJS.Timeout | undefined;
  let tellTimer: NodeJS.Timeout | undefined;
  let syncsUnderWay = 0;
  let isClosed = false;

  const buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);
  /** Good until the next call. Few writes are longer than the buffer, and a new one for each would be dear. */
  const bytesOf = (lines: string): Buffer => (3 * lines.length > BUFFER_BYTES ? Buffer.from(lines, "utf8") : buffer.subarray(0, buffer.write(lines, "utf8")));
  const fail = (error: unknown): VaultError => {
    const isFirst = failure === undefined;
    failure ??= error instanceof VaultError && error.code === "audit-unwritable" ? error : new VaultError("audit-unwritable", `the audit log in "${folder}" cannot be written (${systemErrorCode(error) ?? "unknown error"})`);
    if (isFirst) onFailure?.(failure);
    return failure;
  };
  /** Whoever cuts the log of a run while it goes on is found out by the one process that knows how long it should be. */
  const requireUntouched = (open: number): void => {
    const [own, named] = [fstatSync(open, { bigint: true }), statSync(segmentPath(folder, runId), { bigint: true, throwIfNoEntry: false })];
    const isSame = named !== undefined && named.dev === own.dev && named.ino === own.ino;
    if (!isSame || own.size !== BigInt(writtenBytes)) throw new VaultError("audit-unwritable", `the log of run ${runId} in "${folder}" was cut, or put aside, by another process`);
  };
  const tell = (): void => {
    tellTimer = undefined;
    onProgress?.(written);
  };
  const syncName = (): void => {
    if (!isFolderSynced) syncFolder(join(folder, "runs"));
    isFolderSynced = true;
  };
  /** Beside the event loop: the requests that come meanwhile must not wait for a disk. */
  const sync = (): void => {
    syncTimer = undefined;
    const synced = descriptor;
    if (synced === undefined) return;
    try {
      requireUntouched(synced);
    } catch (error) {
      fail(error);
      return;
    }
    syncsUnderWay += 1;
    fsync(synced, (error) => {
      syncsUnderWay -= 1;
      try {
        if (isClosed && syncsUnderWay === 0) closeSync(synced);
        if (isClosed) return;
        if (error !== null) throw error;
        syncName();
      } catch (reason) {
        fail(reason);
      }
    });
  };
  const syncNow = (): void => {
    if (descriptor === undefined) return;
    try {
      requireUntouched(descriptor);
      fsyncSync(descriptor);
      syncName();
    } catch (error) {
      fail(error);
    }
    // A number that is closed could be another file's by the time that it is flushed.
    if (syncsUnderWay === 0) closeSync(descriptor);
    descriptor = undefined;
  };
  const write = (events: readonly AuditEvent[]): void => {
    // One for all: they are written in the turn of the event loop in which they were entered.
    const at = timeAt(Date.now());
    let head = written;
    let lines = "";
    for (const event of events) {
      const next = encodeEntryBy(mac.of, head, event, at);
      head = next.head;
      lines += next.line;
    }
    descriptor ??= openNew(folder, runId);
    const bytes = bytesOf(lines);
    writeWhole(descriptor, bytes, writtenBytes);
    writtenBytes += bytes.length;
    written = head;
    syncTimer ??= setTimeout(sync, SYNC_WITHIN_MS).unref();
    if (onProgress !== undefined) tellTimer ??= setTimeout(tell, TELL_WITHIN_MS).unref();
  };
  const flush = (): void => {
    if (failure !== undefined) throw failure;
    if (isClosed) throw new VaultError("audit-unwritable", "the run is over, and so is its log");
    if (entered.length === 0) return;
    const events = entered;
    entered = [];
    try {
      write(events);
    } catch (error) {
      throw fail(error);
    }
  };

  return {
    enter(event) {
      // What comes after a failure is never written, and not kept either.
      if (failure === undefined && !isClosed) entered.push(event);
    },
    flush,
    fail,
    close() {
      if (isClosed) return written;
      try {
        flush();
      } catch {
        // The end tells of what was written, and of nothing else.
      }
      isClosed = true;
      clearTimeout(syncTimer);
      clearTimeout(tellTimer);
      syncNow();
      mac.close();
      key.fill(0);
      return written;
    },
  };
}

let lastTime = { ms: 0, text: "" };

/** As `Date.toISOString` writes it. A busy run asks several times in each millisecond. */
function timeAt(ms: number): string {
  if (ms !== lastTime.ms) lastTime = { ms, text: new Date(ms).toISOString() };
  return lastTime.text;
}

function openNew(folder: string, runId: string): number {
  ensureUnsharedFolder(join(folder, "runs"));
  return openSync(segmentPath(folder, runId), O_WRONLY | O_APPEND | O_CREAT | O_EXCL, 0o600);
}

/** All of it or, as far as the disk allows, nothing: half a batch would be taken for the work of somebody who cut the rest off. */
function writeWhole(descriptor: number, bytes: Uint8Array, end: number): void {
  try {
    for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at);
  } catch (error) {
    ftruncateSync(descriptor, end);
    throw error;
  }
}

// A run's own part of the audit log: many entries a write, durable in groups within a second, no lock between runs.
import { closeSync, constants, fsync, fsyncSync, ftruncateSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { syncFolder } from "../disk/durable-file.ts";
import { ensureUnsharedFolder } from "../disk/private-folder.ts";
import { VaultError, systemErrorCode } from "../errors.ts";
import type { AuditEvent, ChainHead } from "./entry.ts";
import { encodeEntryBy } from "./entry.ts";
import { openLineMac } from "./line-mac.ts";

const { O_APPEND, O_CREAT, O_EXCL, O_WRONLY } = constants;
const SYNC_WITHIN_MS = 1000;

export interface AuditSegment {
  /** Resolves once the entry is written (it survives this process; within a second, a power cut too). @throws VaultError `audit-unwritable`, from then on always. */
  record(event: AuditEvent): Promise<void>;
  /** Writes now what was recorded and is not written yet. @throws VaultError `audit-unwritable`. */
  flush(): void;
  /** Makes all durable; the head, of what was written and of nothing else, goes into the main log's closing entry. */
  close(): ChainHead;
}

/** What goes out in one write. */
interface Batch {
  lines: string;
  readonly written: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: VaultError) => void;
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
export function openSegment(folder: string, runId: string, start: string, key: Uint8Array): AuditSegment {
  let head: ChainHead = { sequence: 0, hash: start };
  let written = head;
  let writtenBytes = 0;
  let descriptor: number | undefined;
  let isFolderSynced = false;
  let failure: VaultError | undefined;
  let waiting: Batch | undefined;
  const mac = openLineMac(key);
  let syncTimer: NodeJS.Timeout | undefined;
  let syncsUnderWay = 0;
  let isClosed = false;

  const fail = (error: unknown): VaultError => {
    failure ??= new VaultError("audit-unwritable", `the audit log in "${folder}" cannot be written (${systemErrorCode(error) ?? "unknown error"})`);
    return failure;
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
      fsyncSync(descriptor);
      syncName();
    } catch (error) {
      fail(error);
    }
    // A number that is closed could be another file's by the time that it is flushed.
    if (syncsUnderWay === 0) closeSync(descriptor);
    descriptor = undefined;
  };
  const flush = (): void => {
    const batch = waiting;
    waiting = undefined;
    if (batch === undefined) return;
    try {
      if (failure !== undefined) throw failure;
      descriptor ??= openNew(folder, runId);
      const bytes = Buffer.from(batch.lines, "utf8");
      writeWhole(descriptor, bytes, writtenBytes);
      writtenBytes += bytes.length;
    } catch (error) {
      batch.reject(fail(error));
      return;
    }
    // Whatever is on its way when a batch is written is in it.
    written = head;
    syncTimer ??= setTimeout(sync, SYNC_WITHIN_MS).unref();
    batch.resolve();
  };

  return {
    record(event) {
      if (failure !== undefined || isClosed) return Promise.reject(fail(undefined));
      const next = encodeEntryBy(mac.of, head, event, new Date());
      head = next.head;
      // All entries of one turn of the event loop go out in one write.
      waiting ??= openBatch(flush);
      waiting.lines += next.line;
      return waiting.written;
    },
    flush() {
      flush();
      if (failure !== undefined) throw failure;
    },
    close() {
      if (isClosed) return written;
      isClosed = true;
      flush();
      clearTimeout(syncTimer);
      syncNow();
      mac.close();
      key.fill(0);
      return written;
    },
  };
}

function openBatch(flush: () => void): Batch {
  let [resolve, reject]: [() => void, (error: VaultError) => void] = [() => undefined, () => undefined];
  const written = new Promise<void>((onWritten, onFailed) => {
    [resolve, reject] = [onWritten, onFailed];
  });
  setImmediate(flush);
  return { lines: "", written, resolve, reject };
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

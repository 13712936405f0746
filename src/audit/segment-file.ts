// The file of one run's log, as its only writer has it: made with the first lines, appended to, flushed beside the event loop, and watched for whoever else touches it.
import { closeSync, constants, fstatSync, fsync, fsyncSync, ftruncateSync, openSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import { syncFolder } from "../disk/durable-file.ts";
import { ensureUnsharedFolder } from "../disk/private-folder.ts";
import { VaultError } from "../errors.ts";

const { O_APPEND, O_CREAT, O_EXCL, O_WRONLY } = constants;
const BUFFER_BYTES = 65_536;

export interface SegmentFile {
  /** All of these lines or, as far as the disk allows, none. @throws what the system says. */
  readonly append: (lines: string) => void;
  /** Begins to make durable what was written. */
  readonly sync: () => void;
  /** Makes all of it durable. Nothing is written any more. */
  close(): void;
}

export function segmentPath(folder: string, runId: string): string {
  return join(folder, "runs", `${runId}.jsonl`);
}

/** @param fail hears why what was written may not last: the system's error, or VaultError `audit-unwritable` where another process has cut the file or put it aside. */
export function openSegmentFile(folder: string, runId: string, fail: (error: unknown) => void): SegmentFile {
  let descriptor: number | undefined;
  let writtenBytes = 0;
  let isFolderSynced = false;
  let syncsUnderWay = 0;
  let isClosed = false;

  const buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);
  /** Good until the next call. Few writes are longer than the buffer, and a new one for each would be dear. */
  const bytesOf = (lines: string): Buffer => (3 * lines.length > BUFFER_BYTES ? Buffer.from(lines, "utf8") : buffer.subarray(0, buffer.write(lines, "utf8")));
  /** Whoever cuts the log of a run while it goes on is found out by the one process that knows how long it should be. */
  const requireUntouched = (open: number): void => {
    const [own, named] = [fstatSync(open, { bigint: true }), statSync(segmentPath(folder, runId), { bigint: true, throwIfNoEntry: false })];
    const isSame = named !== undefined && named.dev === own.dev && named.ino === own.ino;
    if (!isSame || own.size !== BigInt(writtenBytes)) throw new VaultError("audit-unwritable", `the log of run ${runId} in "${folder}" was cut, or put aside, by another process`);
  };
  const syncName = (): void => {
    if (!isFolderSynced) syncFolder(join(folder, "runs"));
    isFolderSynced = true;
  };

  return {
    append(lines) {
      descriptor ??= openNew(folder, runId);
      const bytes = bytesOf(lines);
      writeWhole(descriptor, bytes, writtenBytes);
      writtenBytes += bytes.length;
    },
    // Beside the event loop: the requests that come meanwhile must not wait for a disk.
    sync() {
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
    },
    close() {
      isClosed = true;
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
    },
  };
}

function openNew(folder: string, runId: string): number {
  ensureUnsharedFolder(join(folder, "runs"));
  return openSync(segmentPath(folder, runId), O_WRONLY | O_APPEND | O_CREAT | O_EXCL, 0o600);
}

/** Half a batch would be taken for the work of somebody who cut the rest off. */
function writeWhole(descriptor: number, bytes: Uint8Array, end: number): void {
  try {
    for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at);
  } catch (error) {
    ftruncateSync(descriptor, end);
    throw error;
  }
}

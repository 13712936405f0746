// A run's own part of the audit log: many entries a write, durable in groups within a second, no lock between runs.
import { VaultError, systemErrorCode } from "../errors.ts";
import type { AuditEvent, ChainHead } from "./entry.ts";
import { encodeEntryBy } from "./entry.ts";
import { openLineMac } from "./line-mac.ts";
import { openSegmentFile } from "./segment-file.ts";

const SYNC_WITHIN_MS = 1000;
const TELL_WITHIN_MS = 100;

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

/**
 * Opens the segment of a run. Its file is made with the first entry.
 *
 * @param start the hash of the main log's entry that the run began with: the chain of the segment is tied to it.
 * @param key this run's own audit key; wiped by `close()`.
 */
export function openSegment(folder: string, runId: string, start: string, key: Uint8Array, { onProgress, onFailure }: SegmentListener = {}): AuditSegment {
  let written: ChainHead = { sequence: 0, hash: start };
  let failure: VaultError | undefined;
  let entered: AuditEvent[] = [];
  const mac = openLineMac(key);
  let syncTimer: NodeJS.Timeout | undefined;
  let tellTimer: NodeJS.Timeout | undefined;
  let isClosed = false;

  const fail = (error: unknown): VaultError => {
    const isFirst = failure === undefined;
    failure ??= error instanceof VaultError && error.code === "audit-unwritable" ? error : new VaultError("audit-unwritable", `the audit log in "${folder}" cannot be written (${systemErrorCode(error) ?? "unknown error"})`);
    if (isFirst) onFailure?.(failure);
    return failure;
  };
  const file = openSegmentFile(folder, runId, fail);
  const sync = (): void => {
    syncTimer = undefined;
    file.sync();
  };
  const tell = (): void => {
    tellTimer = undefined;
    onProgress?.(written);
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
    file.append(lines);
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
      file.close();
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

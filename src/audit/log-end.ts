// The end of the main log on this disk: its last whole line, and what is put behind it.
import { closeSync, constants, existsSync, fstatSync, fsyncSync, ftruncateSync, openSync, readSync, writeSync } from "node:fs";
import { utf8 } from "../bytes.ts";
import { syncFolder } from "../disk/durable-file.ts";
import { VaultError } from "../errors.ts";
import { findEntry } from "./entry.ts";
import { listParts, newestPart, openPart, putPartAway } from "./parts.ts";

const { O_APPEND, O_CREAT, O_RDWR } = constants;
const NO_FOLLOW = process.platform === "win32" ? 0 : constants.O_NOFOLLOW;
/** A line is far shorter than this: events hold names and hosts, whose lengths and numbers are bounded. */
const LINE_BYTES_MAX = 512 * 1024;

/** The newest part, open for appending. Whoever opened it closes it, and holds the log's lock. */
export interface OpenEnd {
  /** The part's last whole line; undefined in one that has none. */
  readonly last: string | undefined;
  /** Bytes up to the end of that line. */
  readonly bytes: number;
  /** Cuts off what was torn by a crash before its act. */
  cutTorn(): void;
  /** Durable when it returns, and nothing of it is there when it throws. @param lines with their ends. */
  put(lines: string): void;
  close(): void;
}

/** @throws VaultError `audit-broken` for a last line that is no line of ours; system errors. */
export function openEnd(folder: string): OpenEnd {
  const isNew = !existsSync(newestPart(folder));
  const descriptor = openSync(newestPart(folder), O_RDWR | O_APPEND | O_CREAT | NO_FOLLOW, 0o600);
  try {
    if (isNew) syncFolder(folder);
    const { last, end, size } = readLastLine(descriptor);
    return {
      last,
      bytes: end,
      cutTorn() {
        if (end < size) ftruncateSync(descriptor, end);
      },
      put(lines) {
        try {
          writeWhole(descriptor, utf8(lines));
          fsyncSync(descriptor);
        } catch (error) {
          ftruncateSync(descriptor, end);
          throw error;
        }
      },
      close() {
        closeSync(descriptor);
      },
    };
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}

/** The last whole line of the newest part that has one; undefined where the log has none. @throws VaultError `io`, `unsafe-file`, `audit-broken`. */
export function lastLineOf(folder: string): string | undefined {
  for (const path of listParts(folder).reverse()) {
    const part = openPart(path);
    if (part === undefined) continue;
    try {
      const { last } = readLastLine(part.descriptor);
      if (last !== undefined) return last;
    } finally {
      closeSync(part.descriptor);
    }
  }
  return undefined;
}

/** Puts lines that were judged behind the last one, in as many parts as they need. @param lines without their ends. @throws system errors: what is there then is a beginning of them. */
export function addLines(folder: string, lines: readonly string[], partBytesMax: number): void {
  for (let from = 0; from < lines.length; ) {
    const end = openEnd(folder);
    try {
      end.cutTorn();
      let to = from;
      let bytes = end.bytes;
      for (; to < lines.length && bytes < partBytesMax; to += 1) bytes += Buffer.byteLength(lines[to] ?? "") + 1;
      if (to > from) end.put(`${lines.slice(from, to).join("\n")}\n`);
      else putPartAway(folder, findEntry(end.last ?? "")?.seq ?? 0);
      from = to;
    } finally {
      end.close();
    }
  }
}

function writeWhole(descriptor: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at);
}

function readLastLine(descriptor: number): { readonly last: string | undefined; readonly end: number; readonly size: number } {
  const { size } = fstatSync(descriptor);
  const tail = Buffer.alloc(Math.min(size, LINE_BYTES_MAX));
  readSync(descriptor, tail, 0, tail.length, size - tail.length);
  const lastEnd = tail.lastIndexOf(0x0a);
  if (lastEnd < 0 && size > tail.length) throw new VaultError("audit-broken", "the last line of the audit log is too long");
  const end = size - tail.length + lastEnd + 1;
  return { last: lastEnd < 0 ? undefined : tail.subarray(lastEnd === 0 ? 0 : tail.lastIndexOf(0x0a, lastEnd - 1) + 1, lastEnd).toString("utf8"), end, size };
}

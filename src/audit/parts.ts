// The files of the main log: `audit.jsonl`, and the full ones before it, which keep their place in the chain.
import { closeSync, existsSync, readdirSync, readSync, renameSync } from "node:fs";
import { join } from "node:path";
import { findText } from "../bytes.ts";
import { openPrivateFile } from "../disk/durable-file.ts";
import { systemErrorCode, VaultError } from "../errors.ts";

/** A part this large is full; the chain goes on in the next one. */
export const PART_BYTES_MAX = 8 * 1024 * 1024;
/** Longer than any line: events hold names and hosts, whose lengths and numbers are bounded. */
const LINE_BYTES_MAX = 1024 * 1024;
const CHUNK_BYTES = 64 * 1024;
const FULL_PART = /^audit-(\d{16})\.jsonl$/;

export function newestPart(folder: string): string {
  return join(folder, "audit.jsonl");
}

/** All parts that there are, oldest first. */
export function listParts(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const full = readdirSync(folder).filter((name) => FULL_PART.test(name)).sort().map((name) => join(folder, name));
  return existsSync(newestPart(folder)) ? [...full, newestPart(folder)] : full;
}

/** Puts the newest part away under the number of its last entry. Whoever begins the next one makes both names durable. */
export function putPartAway(folder: string, lastSequence: number): void {
  renameSync(newestPart(folder), join(folder, `audit-${String(lastSequence).padStart(16, "0")}.jsonl`));
}

/** One file of the log, held open: its name may change, and what it is does not. */
export interface OpenPart {
  readonly descriptor: number;
  /** The same for no other file, while it is open. */
  readonly identity: string;
}

/** @returns undefined where there is none. @throws VaultError `unsafe-file` for a link, another user's file, or one open to others; `io`. */
export function openPart(path: string): OpenPart | undefined {
  const file = openPrivateFile(path);
  return file && { descriptor: file.descriptor, identity: `${file.stat.dev} ${file.stat.ino}` };
}

/**
 * The whole lines of a part or segment, without their ends, as they are read: a run's log may be of any length. None where there is no file. What stands behind the last line end was torn by a crash
 * before its act, and is no line: the next append cuts it off.
 *
 * @throws VaultError `io`, `unsafe-file`.
 */
export function* readLines(path: string): Generator<string, void, undefined> {
  const part = openPart(path);
  if (part === undefined) return;
  try {
    let rest: Buffer = Buffer.alloc(0);
    for (;;) {
      const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
      const count = readSync(part.descriptor, chunk, 0, chunk.length, null);
      if (count === 0) return;
      const bytes = Buffer.concat([rest, chunk.subarray(0, count)]);
      const end = bytes.lastIndexOf(0x0a) + 1;
      if (end > 0) yield* linesOf(bytes.subarray(0, end - 1));
      rest = bytes.subarray(end);
      // No line of ours is that long. As one that is no entry it is named, and the rest of the file is not kept in memory.
      if (rest.length > LINE_BYTES_MAX) {
        yield rest.toString("latin1");
        return;
      }
    }
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
    throw new VaultError("io", `cannot read "${path}" (${systemErrorCode(error) ?? "unknown error"})`);
  } finally {
    closeSync(part.descriptor);
  }
}

/** A line that is not UTF-8 must not change how the others read: it alone is to be named. */
function linesOf(bytes: Buffer): string[] {
  return findText(bytes)?.split("\n") ?? bytes.toString("latin1").split("\n").map((line) => findText(Buffer.from(line, "latin1")) ?? line);
}

// The files of the main log: `audit.jsonl`, and the full ones before it, which keep their place in the chain.
import { existsSync, readdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { findText } from "../bytes.ts";
import { readPrivateFile, syncFolder } from "../disk/durable-file.ts";

/** A part this large is full; the chain goes on in the next one. */
export const PART_BYTES_MAX = 8 * 1024 * 1024;
const READ_BYTES_MAX = 512 * 1024 * 1024;
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

/** Puts the newest part away under the number of its last entry; the next append begins a new one. */
export function putPartAway(folder: string, lastSequence: number): void {
  renameSync(newestPart(folder), join(folder, `audit-${String(lastSequence).padStart(16, "0")}.jsonl`));
  syncFolder(folder);
}

/**
 * The whole lines of a part or segment, without their ends; none where there is no file. What stands behind the last line end was torn by a crash
 * before its act, and is no line: the next append cuts it off.
 *
 * @throws VaultError `io`, `unsafe-file`.
 */
export function readLines(path: string): string[] {
  const bytes = readPrivateFile(path, READ_BYTES_MAX);
  if (bytes === undefined) return [];
  // A line that is not UTF-8 must not change how the others read: it alone is to be named.
  const lines = findText(bytes)?.split("\n") ?? Buffer.from(bytes).toString("latin1").split("\n").map((line) => findText(Buffer.from(line, "latin1")) ?? line);
  return lines.slice(0, -1);
}

// A file whose values went into the vault, or were sealed: put anew without them, and what it was overwritten.
import { closeSync, fstatSync, fsyncSync, openSync, readFileSync, realpathSync, writeSync } from "node:fs";
import { equalBytes, utf8 } from "../../bytes.ts";
import { replaceFile } from "../../disk/durable-file.ts";
import { requireOwned } from "../../disk/private-folder.ts";
import { VaultError, systemErrorCode } from "../../errors.ts";

/** A file that was found fit to be rewritten. Whoever opened it closes it. */
export interface SourceFile {
  /** Permission bits. */
  readonly mode: number;
  /**
   * Puts the text in the file's place, durably, and then writes zeros over the blocks that held the old one. A file system or a disk that keeps old blocks (snapshots, flash) keeps them all the same.
   *
   * @param mode of the new file; 0600 where it is left out.
   * @throws VaultError `busy` where somebody has changed the file since it was read, which is left as it is then; `io`.
   */
  rewrite(text: string, mode?: number): void;
  close(): void;
}

/**
 * Asked before anything is done with the values, so that a file that cannot be rewritten stops it.
 *
 * @param bytes what was read from it.
 * @throws VaultError `usage` for what is no file of the user's own, or has a second name that would keep the values.
 */
export function openSource(path: string, bytes: Uint8Array): SourceFile {
  let descriptor: number;
  let real: string;
  let mode: number;
  try {
    real = realpathSync(path);
    descriptor = openSync(real, "r+");
  } catch (error) {
    throw new VaultError("usage", `cannot write "${path}" (${systemErrorCode(error) ?? "unknown error"})`, "the file is to be put anew, without the values");
  }
  try {
    const stat = fstatSync(descriptor);
    if (!stat.isFile()) throw new VaultError("usage", `"${path}" is not a regular file`, "only a file can be put anew, without the values");
    requireOwned(path, stat.uid);
    if (stat.nlink > 1) throw new VaultError("usage", `"${path}" has another name (a hard link), which would keep the values`, "remove the other name first");
    mode = stat.mode & 0o777;
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
  return {
    mode,
    rewrite(text, newMode) {
      const isUnchanged = (): boolean => equalBytes(new Uint8Array(readFileSync(real)), bytes);
      if (!replaceFile(real, utf8(text), isUnchanged, newMode)) throw new VaultError("busy", `"${path}" was changed meanwhile, and is left as it is`, "run the command again");
      overwrite(descriptor, bytes.length);
    },
    close: () => { closeSync(descriptor); },
  };
}

/** By the descriptor from before the rename, since no name leads there any more. */
function overwrite(descriptor: number, length: number): void {
  const zeros = new Uint8Array(length);
  for (let at = 0; at < length; ) at += writeSync(descriptor, zeros, at, length - at, at);
  fsyncSync(descriptor);
}

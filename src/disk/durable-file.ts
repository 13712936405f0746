// Files that a crash leaves whole: old or new, never half.
import { randomBytes } from "node:crypto";
import type { BigIntStats } from "node:fs";
import { closeSync, constants, fchmodSync, fstatSync, fsyncSync, linkSync, openSync, readFileSync, readdirSync, renameSync, unlinkSync, writeFileSync, writeSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { equalBytes } from "../bytes.ts";
import { VaultError, systemErrorCode } from "../errors.ts";
import { readWhole } from "./bounded-file.ts";
import { requireOwned } from "./private-folder.ts";
import { isPidTaken } from "./process-identity.ts";

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_WRONLY } = constants;
// Windows has no O_NOFOLLOW, and opening a link there needs rights that make other attacks easier.
const NO_FOLLOW = process.platform === "win32" ? 0 : O_NOFOLLOW;
// A named pipe in a file's place would otherwise hold up whoever opens it until somebody writes.
const NO_WAIT = process.platform === "win32" ? 0 : O_NONBLOCK;

/**
 * Reads a file that must be ours alone.
 *
 * @returns undefined where there is none.
 * @throws VaultError `unsafe-file` for a link, a file of another user, or one that others may read or write; `too-large` beyond the limit; `io` for anything else.
 */
export function readPrivateFile(path: string, bytesMax: number): Uint8Array | undefined {
  return withPrivateFile(path, (descriptor, size) => {
    if (size > bytesMax) throw new VaultError("too-large", `"${path}" is larger than ${bytesMax} bytes`);
    return readWhole(descriptor, size);
  });
}

/** The first bytes of such a file, of whatever size it is. @throws VaultError `unsafe-file`, `io`. */
export function readPrivateStart(path: string, bytesMax: number): Uint8Array | undefined {
  return withPrivateFile(path, (descriptor, size) => readWhole(descriptor, Math.min(size, bytesMax)));
}

function withPrivateFile(path: string, read: (descriptor: number, size: number) => Uint8Array): Uint8Array | undefined {
  const file = openPrivateFile(path);
  if (file === undefined) return undefined;
  try {
    return read(file.descriptor, Number(file.stat.size));
  } catch (error) {
    if (error instanceof VaultError) throw error;
    throw new VaultError("io", `cannot read "${path}" (${systemErrorCode(error) ?? "unknown error"})`);
  } finally {
    closeSync(file.descriptor);
  }
}

/** Such a file, to be read; whoever opened it closes it. @returns undefined where there is none. @throws VaultError `unsafe-file`, `io`. */
export function openPrivateFile(path: string): { readonly descriptor: number; readonly stat: BigIntStats } | undefined {
  let descriptor: number;
  try {
    descriptor = openSync(path, O_RDONLY | NO_FOLLOW | NO_WAIT);
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === "ENOENT") return undefined;
    if (code === "ELOOP" || code === "EMLINK") throw new VaultError("unsafe-file", `"${path}" is a symbolic link`, "put the file itself there");
    throw new VaultError("io", `cannot open "${path}" (${code ?? "unknown error"})`);
  }
  try {
    const stat = fstatSync(descriptor, { bigint: true });
    if (!stat.isFile()) throw new VaultError("unsafe-file", `"${path}" is not a regular file`);
    requireOwned(path, Number(stat.uid));
    if (process.platform !== "win32" && (Number(stat.mode) & 0o077) !== 0) throw new VaultError("unsafe-file", `"${path}" is open to other users`, `chmod 600 "${path}"`);
    return { descriptor, stat };
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}

/**
 * Puts new bytes in a file's place: temporary file (O_EXCL), fsync, read back, `isStillWanted`, rename, fsync of the folder.
 * Invariant: at every moment the path holds the old bytes or the new ones, and once this returns, the new ones survive a power cut.
 * The caller holds the lock that goes with the path, so temporary files found here are left-overs of dead writers.
 *
 * @param isStillWanted asked last before the rename: false gives up and leaves the old bytes.
 * @param mode of the new file, from its first name on.
 * @returns whether the new bytes are in place.
 * @throws VaultError `io` with the old bytes still in place (or, when only the last fsync failed, the new ones).
 */
export function replaceFile(path: string, bytes: Uint8Array, isStillWanted: () => boolean = () => true, mode = 0o600): boolean {
  const temporary = temporaryName(path);
  try {
    findTemporaries(path).forEach(removeQuietly);
    writeNew(temporary, bytes, mode);
    if (!isStillWanted()) {
      unlinkSync(temporary);
      return false;
    }
    renameSync(temporary, path);
    syncFolder(dirname(path));
    return true;
  } catch (error) {
    removeQuietly(temporary);
    throw ioError(path, error);
  }
}

/**
 * The same for bytes that are worth no flush: while the machine runs, the path holds the old bytes or the new ones; after a power cut, it may hold neither.
 *
 * @throws VaultError `io`.
 */
export function replaceLosableFile(path: string, bytes: Uint8Array): void {
  const temporary = temporaryName(path);
  try {
    findTemporaries(path).forEach(removeQuietly);
    writeFileSync(temporary, bytes, { flag: "wx", mode: 0o600 });
    renameSync(temporary, path);
  } catch (error) {
    removeQuietly(temporary);
    throw ioError(path, error);
  }
}

/**
 * Makes a file that must not exist yet, whole from the moment it has its name, and durable once this returns.
 *
 * @throws VaultError `already-exists` with the other file untouched; `io` with no file, or, when only the last steps failed, the whole one.
 */
export function createFile(path: string, bytes: Uint8Array): void {
  const temporary = temporaryName(path);
  try {
    removeOrphans(path);
    writeNew(temporary, bytes);
    // link(2) fails where the name is taken, which rename(2) would overwrite.
    linkSync(temporary, path);
    unlinkSync(temporary);
    syncFolder(dirname(path));
  } catch (error) {
    removeQuietly(temporary);
    if (systemErrorCode(error) === "EEXIST") throw new VaultError("already-exists", `"${path}" already exists`, "it was left untouched");
    throw ioError(path, error);
  }
}

/** Removes a file, with what dead writers left of it, and makes that durable. Nothing there is fine. @throws VaultError `io`. */
export function removeFile(path: string): void {
  try {
    removeOrphans(path);
    unlinkSync(path);
    syncFolder(dirname(path));
  } catch (error) {
    if (systemErrorCode(error) !== "ENOENT") throw ioError(path, error);
  }
}

/** fsync of a folder, which makes the names in it durable. Windows has no such call and needs none. */
export function syncFolder(path: string): void {
  if (process.platform === "win32") return;
  const descriptor = openSync(path, O_RDONLY);
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Temporary files of this path that some writer left behind. */
export function findTemporaries(path: string): string[] {
  const prefix = `.${basename(path)}.`;
  return readdirSync(dirname(path)).filter((name) => name.startsWith(prefix) && name.endsWith(".tmp")).map((name) => join(dirname(path), name));
}

/** Without a lock, only those of dead writers. What one of them left of a key file is a copy of the key, and must not outlive it. */
function removeOrphans(path: string): void {
  for (const temporary of findTemporaries(path)) {
    const writer = Number(/\.(\d+)-[0-9a-f]+\.tmp$/.exec(temporary)?.[1]);
    // One of this very process's pid was left by an earlier process: nothing here writes two files at a time.
    if (writer === process.pid || (writer > 0 && !isPidTaken(writer))) removeQuietly(temporary);
  }
}

function temporaryName(path: string): string {
  return join(dirname(path), `.${basename(path)}.${process.pid}-${randomBytes(6).toString("hex")}.tmp`);
}

function writeNew(path: string, bytes: Uint8Array, mode = 0o600): void {
  const descriptor = openSync(path, O_WRONLY | O_CREAT | O_EXCL | NO_FOLLOW, 0o600);
  try {
    for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at);
    // By the descriptor: a name may lead elsewhere by now, and the umask counts for nothing here.
    if (mode !== 0o600) fchmodSync(descriptor, mode);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  if (!equalBytes(readFileSync(path), bytes)) throw new VaultError("io", `what was written to "${path}" does not read back`, "check the disk");
}

function removeQuietly(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // It may never have been made.
  }
}

function ioError(path: string, error: unknown): VaultError {
  if (error instanceof VaultError) return error;
  return new VaultError("io", `cannot write "${path}" (${systemErrorCode(error) ?? "unknown error"})`, "check that the disk is not full and that the folder is yours to write");
}

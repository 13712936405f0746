// Finds a project's `vault.run.json`: in the folder itself and, inside a Git work tree, in its parents up to the tree's root; the nearest counts.
// Outside a work tree no parent is looked at, since the next one up may be a folder that everybody writes to, such as /tmp.
import { closeSync, constants, fstatSync, lstatSync, openSync, readSync } from "node:fs";
import { dirname, join } from "node:path";
import { VaultError, systemErrorCode } from "../errors.ts";
import { RUN_FILE, RUN_FILE_BYTES_MAX } from "./run-file.ts";

// Windows has neither.
const NO_FOLLOW = process.platform === "win32" ? 0 : constants.O_NOFOLLOW;
const NO_WAIT = process.platform === "win32" ? 0 : constants.O_NONBLOCK;

export interface FoundFile {
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** @throws VaultError `unsafe-file` for a link or anything else that is no plain file, `too-large`, `io`. */
export function findRunFile(folder: string): FoundFile | undefined {
  const path = listCandidates(folder).find(isThere);
  return path === undefined ? undefined : { path, bytes: readRunFile(path) };
}

function listCandidates(folder: string): string[] {
  const paths: string[] = [];
  for (let at = folder; ; at = dirname(at)) {
    paths.push(join(at, RUN_FILE));
    if (isThere(join(at, ".git"))) return paths;
    if (dirname(at) === at) return paths.slice(0, 1);
  }
}

function isThere(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    // A folder that may not be looked into is the end of what the user can mean.
    return false;
  }
}

/** A link would make a file from elsewhere speak for the project. */
function readRunFile(path: string): Uint8Array {
  let descriptor: number;
  try {
    descriptor = openSync(path, constants.O_RDONLY | NO_FOLLOW | NO_WAIT);
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === "ELOOP" || code === "EMLINK") throw new VaultError("unsafe-file", `"${path}" is a symbolic link`, "put the file itself there, or run with --no-project");
    throw new VaultError("io", `cannot open "${path}" (${code ?? "unknown error"})`, "--no-project runs without it");
  }
  try {
    if (!fstatSync(descriptor).isFile()) throw new VaultError("unsafe-file", `"${path}" is not a regular file`, "--no-project runs without it");
    const bytes = new Uint8Array(RUN_FILE_BYTES_MAX + 1);
    let length = 0;
    while (length < bytes.length) {
      const count = readSync(descriptor, bytes, length, bytes.length - length, null);
      if (count === 0) break;
      length += count;
    }
    if (length > RUN_FILE_BYTES_MAX) throw new VaultError("too-large", `"${path}" is larger than ${RUN_FILE_BYTES_MAX} bytes`, "--no-project runs without it");
    return bytes.subarray(0, length);
  } finally {
    closeSync(descriptor);
  }
}

import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { VaultError, systemErrorCode } from "../../errors.ts";
import { readStdin } from "./stdin.ts";

const CHUNK_BYTES = 64 * 1024;

/** Whether the user means stdin. */
export function isStdin(path: string): boolean {
  return path === "-" || path === "/dev/stdin";
}

/**
 * The bytes of a file that the user names, or of stdin.
 *
 * @param what for who waits at the terminal, such as "the passphrase".
 * @throws VaultError `usage` where it cannot be read, or is longer than `bytesMax`.
 */
export async function readInput(path: string, what: string, bytesMax: number): Promise<Uint8Array> {
  if (isStdin(path)) return readStdin(what, bytesMax);
  try {
    const descriptor = openSync(path, "r");
    try {
      if (fstatSync(descriptor).isDirectory()) throw new VaultError("usage", `"${path}" is a folder`, "name a file in it");
      return readUpTo(descriptor, bytesMax, path);
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    if (error instanceof VaultError) throw error;
    throw new VaultError("usage", `cannot read "${path}" (${systemErrorCode(error) ?? "unknown error"})`, "check the path, and that you may read the file");
  }
}

/** A named pipe, or a shell's `<(…)`, is waited for: it was opened here, and blocks. */
function readUpTo(descriptor: number, bytesMax: number, path: string): Uint8Array {
  const chunks: Buffer[] = [];
  try {
    for (let length = 0; ; ) {
      const chunk = Buffer.alloc(CHUNK_BYTES);
      const count = readSync(descriptor, chunk, 0, chunk.length, null);
      if (count === 0) return new Uint8Array(Buffer.concat(chunks));
      chunks.push(chunk.subarray(0, count));
      length += count;
      if (length > bytesMax) throw new VaultError("usage", `"${path}" is longer than ${bytesMax} bytes`, "check that it is the file that you mean");
    }
  } finally {
    for (const chunk of chunks) chunk.fill(0);
  }
}

import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { VaultError, systemErrorCode } from "../../errors.ts";

const CHUNK_BYTES = 64 * 1024;

/**
 * The bytes of a file that the user names, or of stdin for `-`.
 *
 * @throws VaultError `usage` where it cannot be read, or is longer than `bytesMax`.
 */
export function readInput(path: string, bytesMax: number): Uint8Array {
  const what = path === "-" ? "stdin" : `"${path}"`;
  let descriptor = 0;
  try {
    if (path !== "-") descriptor = openSync(path, "r");
    if (path !== "-" && fstatSync(descriptor).isDirectory()) throw new VaultError("usage", `${what} is a folder`);
    return readUpTo(descriptor, bytesMax, what);
  } catch (error) {
    if (error instanceof VaultError) throw error;
    throw new VaultError("usage", `cannot read ${what} (${systemErrorCode(error) ?? "unknown error"})`);
  } finally {
    if (descriptor > 0) closeSync(descriptor);
  }
}

function readUpTo(descriptor: number, bytesMax: number, what: string): Uint8Array {
  const chunks: Buffer[] = [];
  for (let length = 0; ; ) {
    const chunk = Buffer.alloc(CHUNK_BYTES);
    const count = readOrWait(descriptor, chunk);
    if (count === 0) return new Uint8Array(Buffer.concat(chunks));
    chunks.push(chunk.subarray(0, count));
    length += count;
    if (length > bytesMax) throw new VaultError("usage", `${what} is longer than ${bytesMax} bytes`);
  }
}

/** A pipe that another program made non-blocking says EAGAIN until its writer has written. */
function readOrWait(descriptor: number, chunk: Buffer): number {
  for (;;) {
    try {
      return readSync(descriptor, chunk, 0, chunk.length, null);
    } catch (error) {
      const code = systemErrorCode(error);
      if (code === "EOF") return 0;
      if (code !== "EAGAIN") throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    }
  }
}

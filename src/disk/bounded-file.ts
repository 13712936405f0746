// Files that a variable or a program names: any path at all, and so perhaps a device, a pipe, or something without an end.
import { closeSync, constants, fstatSync, openSync, readSync, statSync } from "node:fs";
import { systemErrorCode } from "../errors.ts";

/** `why` goes on from "which", as in "which is no regular file". */
export type BoundedRead = { readonly kind: "read"; readonly bytes: Uint8Array } | { readonly kind: "unreadable"; readonly why: string };

// Between the look and the opening, a pipe may have taken the file's place: opening one waits for a writer.
const NO_WAIT = process.platform === "win32" ? 0 : constants.O_NONBLOCK;

/** The bytes of a regular file of at most `bytesMax`; a link is followed. Nothing else is opened, since that alone can do something to a device. */
export function readBounded(path: string, bytesMax: number): BoundedRead {
  try {
    if (!statSync(path).isFile()) return NOT_REGULAR;
    const descriptor = openSync(path, constants.O_RDONLY | NO_WAIT);
    try {
      const stat = fstatSync(descriptor);
      if (!stat.isFile()) return NOT_REGULAR;
      if (stat.size > bytesMax) return { kind: "unreadable", why: `is larger than ${bytesMax} bytes` };
      return { kind: "read", bytes: readWhole(descriptor, stat.size) };
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    return { kind: "unreadable", why: `cannot be read (${systemErrorCode(error) ?? "unknown error"})` };
  }
}

/** So many bytes of an open file, or as many as there are. @param from where they begin. */
export function readWhole(descriptor: number, size: number, from = 0): Uint8Array {
  const bytes = new Uint8Array(size);
  let at = 0;
  while (at < size) {
    const count = readSync(descriptor, bytes, at, size - at, from + at);
    if (count === 0) break;
    at += count;
  }
  return bytes.subarray(0, at);
}

const NOT_REGULAR: BoundedRead = { kind: "unreadable", why: "is no regular file" };

// A file's text, where it is one: no device, no pipe, no program, nothing without an end.
import { lstatSync } from "node:fs";
import { readBounded } from "../disk/bounded-file.ts";

export const FILE_BYTES_MAX = 4 * 1024 * 1024;
/** Programs and images have a zero byte near their beginning. */
const SNIFFED_BYTES = 8192;

/** `why` goes on from "which". `binary`: looked at, and no text. */
export type TextRead = { readonly kind: "text"; readonly text: string } | { readonly kind: "binary" } | { readonly kind: "unread"; readonly why: string };

/** @param followsLinks for what the user has named, or a tool looks for itself. */
export function readText(path: string, followsLinks: boolean): TextRead {
  if (!followsLinks && lstatSync(path, { throwIfNoEntry: false })?.isFile() !== true) return { kind: "unread", why: "is no regular file" };
  const read = readBounded(path, FILE_BYTES_MAX);
  return read.kind === "unreadable" ? { kind: "unread", why: read.why } : textOf(read.bytes);
}

export function textOf(bytes: Uint8Array): TextRead {
  if (bytes.subarray(0, SNIFFED_BYTES).includes(0)) return { kind: "binary" };
  return { kind: "text", text: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("utf8") };
}

// Whether a connection's first bytes are the beginning of an HTTP/1 request, as servers take it: they are lenient, so this is too.
import { METHODS } from "node:http";

/** Longer first lines are no other protocol's. */
const LINE_BYTES_MAX = 8_192;
/** Servers pass over these before a request (RFC 9112 section 2.2). */
const BEFORE = /^[\r\n]+/;
/** A method and what it asks for. Nothing is said of the version: HTTP/0.9 has none. Methods are capitals (RFC 9110 section 9.1), and memcached's `get /key` is none. */
const ASKING = /^[A-Z][A-Z-]*[ \t]+(?:\/|[Hh][Tt][Tt][Pp][Ss]?:\/\/)/;
const CAPITALS = /^[A-Z][A-Z-]*(?=[ \t]|$)/;
/** Such as `OPTIONS * HTTP/1.1`. */
const WITH_VERSION = /[ \t]HTTP\/[01]/;

/** @returns undefined where more bytes are needed to tell. */
export function opensRequest(bytes: Uint8Array): boolean | undefined {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1", 0, LINE_BYTES_MAX).replace(BEFORE, "");
  if (text === "") return undefined;
  const end = text.indexOf("\n");
  const line = end < 0 ? text : text.slice(0, end);
  const method = CAPITALS.exec(line)?.[0];
  if (method === undefined) return false;
  if (ASKING.test(line)) return true;
  if (end >= 0) return WITH_VERSION.test(line);
  if (bytes.length >= LINE_BYTES_MAX) return true;
  const isWhole = method.length < line.length;
  return METHODS.some((known) => (isWhole ? known === method : known.startsWith(method))) ? undefined : false;
}

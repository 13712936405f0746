// Whether a connection's first bytes are the beginning of an HTTP/1 request, as servers take it: they are lenient, so this is too.
import { METHODS } from "node:http";

/** Longer first lines are no other protocol's, and neither are so many empty ones. */
const LINE_BYTES_MAX = 8_192;
/** Servers pass over these before a request (RFC 9112 section 2.2). */
const BEFORE = /^[\r\n]+/;
/** Python's server splits at each of these; blanks at the beginning of a line it passes over. */
const BLANK = "[ \\t\\v\\f\\x1c-\\x1f]";
const ADDRESS = "(?:/|[Hh][Tt][Tt][Pp][Ss]?://)";
/** A method and what it asks for. Nothing is said of the version: HTTP/0.9 has none. Methods are capitals (RFC 9110 section 9.1), and memcached's `get /key` is none. */
const ASKING = new RegExp(`^${BLANK}*[A-Z][A-Z-]*${BLANK}+${ADDRESS}`);
const CAPITALS = /^[A-Z][A-Z-]*$/;
/** A first word, whole where a blank follows. */
const WORD = new RegExp(`^${BLANK}*([A-Za-z][A-Za-z-]*)(${BLANK}+(?:${ADDRESS})?|$)`);
const BLANK_ONLY = new RegExp(`^${BLANK}*$`);
/** Such as `OPTIONS * HTTP/1.1`. A method in small letters is one to many servers, and told from memcached's by this alone. */
const WITH_VERSION = new RegExp(`${BLANK}HTTP/[01]`);

/** @returns undefined where more bytes are needed to tell. */
export function opensRequest(bytes: Uint8Array): boolean | undefined {
  const isLong = bytes.length >= LINE_BYTES_MAX;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1", 0, LINE_BYTES_MAX).replace(BEFORE, "");
  const end = text.indexOf("\n");
  const line = end < 0 ? text : text.slice(0, end);
  if (end < 0 && BLANK_ONLY.test(line)) return isLong ? true : undefined;
  const [, method, behind = ""] = WORD.exec(line) ?? [];
  if (method === undefined) return false;
  if (ASKING.test(line)) return true;
  const isCapital = CAPITALS.test(method);
  const isKnown = METHODS.includes(method.toUpperCase());
  if (end >= 0) return (isCapital || isKnown) && WITH_VERSION.test(line);
  if (isLong) return isCapital || (isKnown && behind.trim() !== "");
  // Any word of capitals may be a method, and what it asks for may come apart from it.
  return isCapital || isKnown || (behind === "" && METHODS.some((known) => known.startsWith(method.toUpperCase()))) ? undefined : false;
}

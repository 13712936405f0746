// Reads `.env` files: values are those that the dotenv package reads, and a file that it would misread in silence is refused by its line.
// Two readers look at each file, this one with a strict grammar and dotenv with its own; where they differ, nothing is read.
import { parse } from "dotenv";
import { findText } from "../bytes.ts";
import { Secret } from "../secret.ts";
import type { AssignmentFile } from "./assignment.ts";
import { refuseLine, VALUE_BYTES_MAX } from "./assignment.ts";

interface Span {
  readonly name: string;
  readonly line: number;
  readonly start: number;
  readonly end: number;
  readonly value: string;
}

const BLANK = /^[ \t]*(?:#.*)?$/;
const HEAD = /^[ \t]*(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_.-]*)(?:[ \t]*=|:[ \t])[ \t]*/;
const BEHIND_QUOTE = /^[ \t]*(?:#.*)?$/;
/** Looks like an assignment inside a quoted value: most likely a quote before it was never closed. Base64 may end in `=`. */
const SWALLOWED = /^[ \t]*(?:export[ \t]+)?(?:[A-Za-z_][A-Za-z0-9_.-]*=(?!=?$)|[A-Z_][A-Z0-9_]*=$)/;
/** Line ends that some readers know and others do not, and what no text file holds. */
const CONTROL = new RegExp("[\\u0000-\\u0008\\u000B\\u000C\\u000E-\\u001F\\u007F-\\u009F\\u2028\\u2029]");
const NAME_LENGTH_MAX = 128;
/** dotenv's grammar takes a time that grows with the square of such a run: a file of 1 MiB of line ends would hold this program for an hour. */
const BLANKS_MAX = 256;
const LONG_BLANK = new RegExp(`\\s{${BLANKS_MAX},}`, "g");

/**
 * @param what the file, as the user knows it.
 * @throws VaultError `usage`, with the number of the line, for what is no `.env` file or would be misread.
 */
export function parseDotenv(bytes: Uint8Array, what: string): AssignmentFile {
  const text = decode(bytes, what);
  const spans = scan(text, what);
  const blank = text.search(LONG_BLANK);
  if (blank >= 0) throw refuseLine(what, countLines(text.slice(0, blank)) + 1, `there are more than ${BLANKS_MAX} blanks or empty lines in a row`, "take them out");
  const read = new Map(Object.entries(parse(text)));
  for (const { name, value, line } of spans) {
    if (read.get(name) !== value) throw refuseLine(what, line, `"${name}" would be read in two ways`, "put the value into single quotes");
  }
  const known = new Set(spans.map(({ name }) => name));
  const [stranger] = [...read.keys()].filter((name) => !known.has(name));
  if (stranger !== undefined) throw refuseLine(what, 1, `something in it would be taken for an assignment of "${stranger}"`);
  return { text, assignments: spans.map(({ value, ...span }) => ({ ...span, value: Secret.fromText(value) })), quote: (value) => value };
}

/** What any reader may find under the names, also in a file that `parseDotenv` refuses: for hiding, and never for use. */
export function readLoosely(text: string, names: ReadonlySet<string>): { readonly name: string; readonly value: Secret }[] {
  // The whole knows values of several lines. The lines know a name that stands there twice, of which the whole gives the last.
  const short = text.replace(LONG_BLANK, "\n");
  return [short, ...short.split("\n")].flatMap((part) => Object.entries(parse(part)).flatMap(([name, value]) => (names.has(name) ? [{ name, value: Secret.fromText(value) }] : [])));
}

/** dotenv takes `\r\n` and a lone `\r` for line ends too, and a byte order mark for a space. */
function decode(bytes: Uint8Array, what: string): string {
  const text = findText(bytes);
  if (text === undefined) throw refuseLine(what, findBadLine(bytes), "this is no UTF-8");
  return text;
}

function findBadLine(bytes: Uint8Array): number {
  let line = 1;
  let start = 0;
  for (let at = 0; at <= bytes.length; at += 1) {
    if (at < bytes.length && bytes[at] !== 0x0a) continue;
    if (findText(bytes.subarray(start, at)) === undefined) return line;
    start = at + 1;
    line += 1;
  }
  return line;
}

function scan(text: string, what: string): Span[] {
  const spans = new Map<string, Span>();
  let line = 1;
  let at = text.startsWith("\uFEFF") ? 1 : 0;
  while (at < text.length) {
    const rest = lineFrom(text, at);
    const control = CONTROL.exec(rest);
    if (control !== null) throw refuseLine(what, line, `there is a character U+${control[0].charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")} in it`);
    let end = at + rest.length;
    if (!BLANK.test(rest)) {
      const span = scanAssignment(text, at, rest, line, what);
      const before = spans.get(span.name);
      if (before !== undefined) throw refuseLine(what, line, `"${span.name}" stands on line ${before.line} already`, "keep one of the two");
      spans.set(span.name, span);
      end = span.end + lineFrom(text, span.end).length;
    }
    line += countLines(text.slice(at, end)) + 1;
    at = end + (text.startsWith("\r\n", end) ? 2 : 1);
  }
  return [...spans.values()];
}

function scanAssignment(text: string, at: number, rest: string, line: number, what: string): Span {
  const head = HEAD.exec(rest);
  const name = head?.[1];
  if (head === null || name === undefined) throw refuseLine(what, line, "this is no NAME=VALUE");
  if (name.length > NAME_LENGTH_MAX) throw refuseLine(what, line, `the name is longer than ${NAME_LENGTH_MAX} characters`);
  const start = at + head[0].length;
  const first = text.charAt(start);
  const span = first === '"' || first === "'" || first === "`" ? scanQuoted(text, start, first, line, what) : scanPlain(rest.slice(head[0].length), start, line, what);
  if (Buffer.byteLength(span.value) > VALUE_BYTES_MAX) throw refuseLine(what, line, `the value is longer than ${VALUE_BYTES_MAX} bytes`);
  return { name, line, ...span };
}

type ValueSpan = Pick<Span, "start" | "end" | "value">;

function scanPlain(rest: string, start: number, line: number, what: string): ValueSpan {
  const hash = rest.indexOf("#");
  if (hash > 0 && !/[ \t]/.test(rest.charAt(hash - 1))) throw refuseLine(what, line, "a # within a value would end it", "put the value into single quotes");
  const value = (hash < 0 ? rest : rest.slice(0, hash)).trim();
  return { start, end: start + value.length, value };
}

function scanQuoted(text: string, start: number, quote: string, line: number, what: string): ValueSpan {
  const close = findClose(text, start, quote);
  if (close < 0) throw refuseLine(what, line, "the quote is not closed");
  const inner = text.slice(start + 1, close).replace(/\r\n?/g, "\n");
  const end = close + 1;
  const swallowed = inner.split("\n").findIndex((part, index) => index > 0 && SWALLOWED.test(part));
  if (swallowed >= 0) throw refuseLine(what, line, `the quote closes only behind line ${line + swallowed}, which looks like an assignment of its own`);
  if (!BEHIND_QUOTE.test(lineFrom(text, end))) throw refuseLine(what, line, "there is something behind the closing quote");
  const control = CONTROL.exec(inner);
  if (control !== null) throw refuseLine(what, line, `there is a character U+${control[0].charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")} in it`);
  return { start, end, value: quote === '"' ? inner.replace(/\\n/g, "\n").replace(/\\r/g, "\r") : inner };
}

/** The first quote of the kind without a backslash before it. */
function findClose(text: string, start: number, quote: string): number {
  for (let at = text.indexOf(quote, start + 1); at >= 0; at = text.indexOf(quote, at + 1)) if (text.charAt(at - 1) !== "\\" || at - 1 === start) return at;
  return -1;
}

function lineFrom(text: string, at: number): string {
  for (let end = at; ; end += 1) if (end >= text.length || text.charAt(end) === "\n" || text.charAt(end) === "\r") return text.slice(at, end);
}

function countLines(text: string): number {
  return text.match(/\r\n?|\n/g)?.length ?? 0;
}

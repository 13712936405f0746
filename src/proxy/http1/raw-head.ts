// The head of a request as it stands on the wire, taken apart (RFC 9112 sections 2 to 5). Nothing is mended on the way: what any two readers could take
// for two things is refused, and so is every byte that the grammar has no place for.
import { findUsual, lowerCase } from "../grants/header-name.ts";
import type { Refusal } from "../grants/refusal.ts";
import { makeRefusal } from "../grants/refusal.ts";

/** Text is latin-1, one character for each byte. */
export interface RawHead {
  readonly method: string;
  readonly url: string;
  readonly httpVersion: "1.0" | "1.1";
  /** Names and values alternate, in the order and case of the wire; white space about a value is gone. */
  readonly rawHeaders: readonly string[];
  /** The names alone, in lower case. */
  readonly names: readonly string[];
}

export type RawHeadOutcome = { readonly kind: "head"; readonly head: RawHead } | { readonly kind: "refuse"; readonly refusal: Refusal };

const NONE: readonly string[] = [];
/** Of a whole head, and of all trailers of a body. */
export const HEAD_BYTES_MAX = 65_536;
const LINE_END = "\r\n";
const REQUEST_LINE = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+) ([\x21-\x7e\x80-\xff]+) HTTP\/([0-9]\.[0-9])$/;
/** RFC 9112 section 3.2, but for what a CONNECT names. */
const TARGET = /^(?:\/|[A-Za-z][A-Za-z0-9+.-]*:\/\/|\*$)/;
/** RFC 9110 section 5.6.2. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** RFC 9110 section 5.5. */
const NOT_IN_VALUE = /[^\t\x20-\x7e\x80-\xff]/;
/** Grammar has it that a tab is white space, and some readers have it that `chunked` with a tab is no coding. */
const TABBED_FRAMING = /\n(?:content-length|transfer-encoding):[^\n]*\t/i;
/** What no line of a head may hold, wherever it stands: a CR or an LF by itself, and what is no text. */
const MISPLACED = /(?:^|[^\r])\n|\r[^\n]|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]/;

/** @param text the request line and the headers, each with its line end, without the empty line behind them. */
export function parseRawHead(text: string): RawHeadOutcome {
  const lineEnd = text.indexOf(LINE_END);
  const line = REQUEST_LINE.exec(text.slice(0, lineEnd));
  if (line === null) return refuse("its first line is malformed");
  const [, method = "", url = "", httpVersion] = line;
  if (method !== "CONNECT" && !TARGET.test(url)) return refuse("its target is malformed");
  if (httpVersion !== "1.1" && httpVersion !== "1.0") return refuse("only HTTP/1.0 and HTTP/1.1 are spoken here");
  if (TABBED_FRAMING.test(text)) return refuse("a header is malformed");
  const rawHeaders: string[] = [];
  for (let at = lineEnd + 2; at < text.length; ) {
    const end = text.indexOf(LINE_END, at);
    const field = end < 0 ? undefined : findField(text, at, end);
    if (field === undefined) return refuse("a header is malformed");
    rawHeaders.push(field.name, field.value);
    at = end + 2;
  }
  return { kind: "head", head: withNames({ method, url, httpVersion, rawHeaders }) };
}

/** The head with its headers to be found by name. */
export function withNames({ method, url, httpVersion, rawHeaders }: Omit<RawHead, "names">): RawHead {
  // Not by a spread: V8 would make a new hidden class for each request, and all that looks at heads would be slow.
  return { method, url, httpVersion, rawHeaders, names: namesOf(rawHeaders) };
}

/** In lower case. @param rawHeaders names and values alternate. */
export function namesOf(rawHeaders: readonly string[]): readonly string[] {
  const names: string[] = [];
  for (let at = 0; at < rawHeaders.length; at += 2) names.push(lowerCase(rawHeaders[at] ?? ""));
  return names;
}

/** Whether a header has this name. @param lower the name in lower case. */
export function isNamed(name: string, lower: string): boolean {
  return name.length === lower.length && lowerCase(name) === lower;
}

/** The values of all headers of a name. @param name in lower case. */
export function valuesOf({ names, rawHeaders }: Pick<RawHead, "names" | "rawHeaders">, name: string): readonly string[] {
  let at = names.indexOf(name);
  if (at < 0) return NONE;
  const values: string[] = [];
  for (; at >= 0; at = names.indexOf(name, at + 1)) values.push(rawHeaders[2 * at + 1] ?? "");
  return values;
}

/** The same of a list in which names and values alternate. */
export function valuesIn(rawHeaders: readonly string[], name: string): readonly string[] {
  return valuesOf({ rawHeaders, names: namesOf(rawHeaders) }, name);
}

/** One header or trailer, `[at, end)` of a text, without its line end; undefined where it is malformed. A line that goes on in the next (obs-fold) is two, of which the second is no header. */
export function findField(text: string, at: number, end: number): { readonly name: string; readonly value: string } | undefined {
  const colon = text.indexOf(":", at);
  if (colon < 0 || colon >= end) return undefined;
  const written = text.slice(at, colon);
  const usual = findUsual(written);
  if (usual === undefined && !TOKEN.test(written)) return undefined;
  let [from, to] = [colon + 1, end];
  while (from < to && isBlank(text.charCodeAt(from))) from += 1;
  while (from < to && isBlank(text.charCodeAt(to - 1))) to -= 1;
  const value = text.slice(from, to);
  return NOT_IN_VALUE.test(value) ? undefined : { name: usual?.written ?? written, value };
}

/** Whether these may stand in a head as a header, or behind a body as a trailer. */
export function isField(name: string, value: string): boolean {
  return TOKEN.test(name) && !NOT_IN_VALUE.test(value);
}

/** Whether a head whose end has not come yet is malformed already: whoever speaks something else is told so, and not waited for. */
export function isHopeless(text: string): boolean {
  if (MISPLACED.test(text)) return true;
  const lineEnd = text.indexOf(LINE_END);
  return lineEnd >= 0 && !REQUEST_LINE.test(text.slice(0, lineEnd));
}

/** What a list of names, in however many headers, says in lower case. */
export function tokensOf(lists: readonly string[]): readonly string[] {
  const [only = ""] = lists;
  if (lists.length <= 1 && !only.includes(",")) return lists.length === 0 ? NONE : [only.trim().toLowerCase()];
  return lists.join().toLowerCase().split(",").map((token) => token.trim());
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

function refuse(why: string): RawHeadOutcome {
  return { kind: "refuse", refusal: makeRefusal("bad-request", `the request is not valid HTTP/1.1; ${why}`) };
}

// Finds forms in a text as it is, and under its escapes in two levels: JSON in JSON, what was percent-encoded twice, entities in a JSON text.
import type { Form, FoundForm } from "./form.ts";
import type { FormSearch } from "./form-search.ts";
import { compileForms } from "./form-search.ts";
import type { Unescaped } from "./unescaped.ts";
import { undoEscapes } from "./unescaped.ts";

/** Everything that stands in a text, in the order of where it begins; of those that begin at one place the longest is first. They may overlap. */
export type DeepSearch = (text: Uint8Array) => readonly FoundForm[];

/** How often escapes are undone. */
const LEVELS = 2;
/** A text of which more than a quarter of so many bytes could stand in no form is binary: what may be escaped in it is looked for between such bytes, where there is hardly anything. */
const SAMPLES = 32;
const NONE: readonly FoundForm[] = [];
const [TAB, LF, CR, SPACE, TILDE] = [0x09, 0x0a, 0x0d, 0x20, 0x7e] as const;

/** @param forms one at least, and none of them empty. */
export function compileDeepSearch(forms: readonly Form[]): DeepSearch {
  const search = compileForms(forms);
  const shortest = Math.min(...forms.map(({ bytes }) => bytes.length));
  const isReadable = readableBytes(forms);
  const searchStretches = (text: Uint8Array, hasLines: boolean): FoundForm[] =>
    findStretches(text, isReadable, shortest).flatMap(({ start, end }) => searchBelow(search, bufferOf(text.subarray(start, end)), hasLines).map((form) => ({ owner: form.owner, start: start + form.start, end: start + form.end })));
  return (text) => {
    if (text.length < shortest) return NONE;
    const { forms: asItIs, hasLines } = search(text);
    const below = isBinary(text, isReadable) ? searchStretches(text, hasLines) : searchBelow(search, bufferOf(text), hasLines);
    if (below.length === 0 && asItIs.length < 2) return asItIs;
    return [...asItIs, ...below].sort((a, b) => a.start - b.start || b.end - a.end);
  };
}

/** What stands in the text only where escapes are undone. */
function searchBelow(search: FormSearch, text: Buffer, hasLines: boolean): readonly FoundForm[] {
  let found = NONE;
  const views: Unescaped[] = [];
  for (let view = undoEscapes(text, hasLines); view !== undefined; ) {
    views.unshift(view);
    const { forms, hasLines: hasMore } = search(view.bytes);
    if (forms.length > 0) found = [...found, ...forms.map(({ owner, ...place }) => ({ owner, ...originOf(views, place) }))];
    view = views.length < LEVELS ? undoEscapes(view.bytes, hasMore) : undefined;
  }
  return found;
}

interface Place {
  readonly start: number;
  readonly end: number;
}

/** @param views the last first. */
function originOf(views: readonly Unescaped[], place: Place): Place {
  return views.reduce((at, view) => view.originOf(at.start, at.end), place);
}

/** The bytes that stand in escaped forms: those of text, and those of the forms. */
function readableBytes(forms: readonly Form[]): Uint8Array {
  const isReadable = new Uint8Array(256).fill(1, SPACE, TILDE + 1);
  for (const byte of [TAB, LF, CR]) isReadable[byte] = 1;
  for (const { bytes } of forms) for (let at = 0; at < bytes.length; at += 1) isReadable[bytes[at] ?? 0] = 1;
  // Of UTF-16, which nobody escapes in part.
  isReadable[0] = 0;
  return isReadable;
}

function isBinary(text: Uint8Array, isReadable: Uint8Array): boolean {
  const stride = Math.floor(text.length / SAMPLES);
  if (stride === 0) return false;
  let unreadable = 0;
  for (let sample = 0, at = 0; sample < SAMPLES; sample += 1, at += stride) unreadable += 1 - (isReadable[text[at] ?? 0] ?? 0);
  return unreadable > SAMPLES / 4;
}

/** Where so many readable bytes stand in a row. Most of the others are not read. */
function findStretches(text: Uint8Array, isReadable: Uint8Array, bytesMin: number): Place[] {
  const stretches: Place[] = [];
  for (let last = bytesMin - 1; last < text.length; ) {
    let at = last;
    while (at > last - bytesMin && isReadable[text[at] ?? 0] === 1) at -= 1;
    if (at > last - bytesMin) {
      last = at + bytesMin;
      continue;
    }
    let end = last + 1;
    while (end < text.length && isReadable[text[end] ?? 0] === 1) end += 1;
    stretches.push({ start: last - bytesMin + 1, end });
    last = end + bytesMin;
  }
  return stretches;
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

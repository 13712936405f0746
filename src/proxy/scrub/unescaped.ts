// A text with its escapes undone, those of every notation at once: percent-encoding, JSON and its relatives, HTML and XML, and base64 that is broken into lines. What a value looks like
// under them need not be listed then: whichever of its characters somebody escapes, and how, it is the value again here. A text is not read right so, only for what stands in it.
import type { LineBreak } from "./base64-lines.ts";
import { findLineBreaks } from "./base64-lines.ts";
import { BYTE, CODE_MASK, LEADS, LENGTH_SHIFT, NO_ESCAPE, readEscape } from "./escapes.ts";

export interface Unescaped {
  readonly bytes: Buffer;
  /** Where in the text that stood which is `[start, end)` here. */
  originOf(start: number, end: number): { readonly start: number; readonly end: number };
}

/** Escapes come in flocks: so many bytes behind one the next is looked for byte by byte, and only then by what finds a byte far away. */
const NEAR_BYTES = 48;
const NO_BREAKS: readonly LineBreak[] = [];
const IS_LEAD = new Uint8Array(256);
for (const lead of LEADS) IS_LEAD[lead] = 1;

/** Undefined where nothing is escaped. @param hasLines whether base64 may be broken into lines there. */
export function undoEscapes(text: Buffer, hasLines: boolean): Unescaped | undefined {
  const breaks = hasLines ? findLineBreaks(text) : NO_BREAKS;
  if (breaks.length === 0 && LEADS.every((lead) => !text.includes(lead))) return undefined;
  const bytes = rewrite(text, breaks, undefined);
  if (bytes === undefined) return undefined;
  return {
    bytes,
    originOf(start, end) {
      // Hardly ever asked for, and so not kept for all.
      const stretches: number[] = [];
      rewrite(text, breaks, stretches);
      return findOrigin(stretches, start, end);
    },
  };
}

/** @param stretches gets pairs: where a stretch begins in what comes out, and where in the text. A stretch that is as long in both stands as it is; no escape is. */
function rewrite(text: Buffer, breaks: readonly LineBreak[], stretches: number[] | undefined): Buffer | undefined {
  const leads = new Leads(text);
  let bytes: Buffer | undefined;
  let length = 0;
  let taken = 0;
  let nextBreak = 0;
  for (let at = leads.findFar(0); ; ) {
    let end = at;
    let code = -1;
    const broken = breaks[nextBreak];
    if (broken !== undefined && broken.start < at) {
      nextBreak += 1;
      at = broken.start;
      end = broken.end;
    } else if (at < text.length) {
      const escape = readEscape(text, at);
      if (escape === NO_ESCAPE) {
        at = leads.find(at + 1);
        continue;
      }
      end = at + (escape >>> LENGTH_SHIFT);
      code = escape & CODE_MASK;
    } else if (bytes === undefined) return undefined;
    // No escape is shorter than what it stands for.
    bytes ??= Buffer.allocUnsafe(text.length);
    if (at > taken) {
      stretches?.push(length, taken);
      if (at - taken > NEAR_BYTES) bytes.set(text.subarray(taken, at), length);
      else for (let index = taken, to = length; index < at; index += 1, to += 1) bytes[to] = text[index] ?? 0;
      length += at - taken;
    }
    stretches?.push(length, at);
    if (at === text.length) return bytes.subarray(0, length);
    taken = end;
    if (code >= BYTE || (code >= 0 && code < 0x80)) bytes[length++] = code & 0xff;
    else if (code >= 0) length += bytes.write(String.fromCodePoint(code), length, "utf8");
    at = leads.find(end);
  }
}

/** Finds the first lead from some place on, which never goes back; the text's length where there is none. */
class Leads {
  readonly #text: Buffer;
  /** Of each of them. */
  readonly #next = new Int32Array(LEADS.length).fill(-1);

  constructor(text: Buffer) {
    this.#text = text;
  }

  find(from: number): number {
    const text = this.#text;
    const near = Math.min(text.length, from + NEAR_BYTES);
    for (let at = from; at < near; at += 1) if (IS_LEAD[text[at] ?? 0] === 1) return at;
    return this.findFar(near);
  }

  findFar(from: number): number {
    const [text, next] = [this.#text, this.#next];
    let first = text.length;
    for (let index = 0; index < LEADS.length; index += 1) {
      if ((next[index] ?? 0) < from) {
        const at = text.indexOf(LEADS[index] ?? 0, from);
        next[index] = at < 0 ? text.length : at;
      }
      first = Math.min(first, next[index] ?? 0);
    }
    return first;
  }
}

function findOrigin(stretches: readonly number[], start: number, end: number): { readonly start: number; readonly end: number } {
  const [first, last] = [findStretch(stretches, start), findStretch(stretches, end - 1)];
  return {
    start: (stretches[first + 1] ?? 0) + (isLiteral(stretches, first) ? start - (stretches[first] ?? 0) : 0),
    end: isLiteral(stretches, last) ? (stretches[last + 1] ?? 0) + end - (stretches[last] ?? 0) : (stretches[last + 3] ?? 0),
  };
}

/** The last stretch that begins at the byte or before it. One that is empty, as where a line is broken, is never it. */
function findStretch(stretches: readonly number[], at: number): number {
  let [low, high] = [0, stretches.length / 2 - 1];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((stretches[2 * middle] ?? 0) <= at) low = middle;
    else high = middle;
  }
  return 2 * low;
}

function isLiteral(stretches: readonly number[], at: number): boolean {
  return (stretches[at + 2] ?? 0) - (stretches[at] ?? 0) === (stretches[at + 3] ?? 0) - (stretches[at + 1] ?? 0);
}

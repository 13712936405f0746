// Finds all forms of all values in one pass over a text, in a time that depends on the text's length and on whole forms in it, and not on what of a form it has.
// A search that skips by what it reads, or that goes on while bytes agree, is slower where a text has parts of what is looked for, and who times it learns them.
//
// This one looks at the same places of every text: at blocks of twelve bytes, so far apart that the end of each form has exactly one of them in it, wherever it stands. A block's hash
// is looked up in a table of all the blocks that forms end in; the key is random, so nobody can tell which texts are mistaken for one. What the table has is compared to its
// last byte. So what time could tell is whether a text has twelve bytes in a row of the last thirty of a form: nobody guesses those of a token, and whoever knows eleven could try the next.
import { randomInt } from "node:crypto";
import { liesInBase64, LINE_MIN } from "./base64-lines.ts";

export interface Form {
  readonly bytes: Uint8Array;
  /** Who asks for it. */
  readonly owner: number;
}

/** Where a form stands: `[start, end)`. */
export interface FoundForm {
  readonly owner: number;
  readonly start: number;
  readonly end: number;
}

export interface Findings {
  /** In no order; they may overlap. */
  readonly forms: readonly FoundForm[];
  /** Whether base64 may be broken into lines there. It is told here since the same bytes are looked at for it. */
  readonly hasLines: boolean;
}

export type FormSearch = (text: Uint8Array) => Findings;

const NOTHING: Findings = { forms: [], hasLines: false };
const LINES: Findings = { forms: [], hasLines: true };
const WORD_BYTES = 4;
const BLOCK_WORDS = 3;
const BLOCK_BYTES = BLOCK_WORDS * WORD_BYTES;
/** Every second block is looked at for lines of base64, and none of those lies between two such. */
const STRIDE_WORDS_MAX = Math.floor((LINE_MIN - BLOCK_BYTES + 1) / WORD_BYTES / 2);
/** So many whole words of a line lie before each block in it, or behind it. */
const SIDE_WORDS = Math.floor((LINE_MIN - BLOCK_BYTES) / 2 / WORD_BYTES);
/** Shorter forms are looked for at every byte, each by all of the shortest: they are few, and their throughput is not what matters. */
const LONG_BYTES_MIN = BLOCK_BYTES + WORD_BYTES - 1;
/** Of the table for each block in it: of so many other blocks one is mistaken for one of them. */
const BITS_PER_BLOCK = 256;
const [BITS_MIN, BITS_MAX] = [12, 22] as const;
/** Whether four bytes are all ASCII and none lower than any of base64's is seen at once: the difference to four of the lowest has none of the high bits then, nor have they. */
const [LOWEST, HIGH_BITS] = [0x2b2b2b2b, 0x80808080 | 0] as const;

/** @param forms none of them empty. */
export function compileForms(forms: readonly Form[]): FormSearch {
  const short = forms.filter(({ bytes }) => bytes.length < LONG_BYTES_MIN);
  const searchLong = compileLong(forms.filter(({ bytes }) => bytes.length >= LONG_BYTES_MIN));
  if (short.length === 0) return searchLong;
  const searchShort = compileShort(short);
  return (text) => {
    const [long, found] = [searchLong(text), searchShort(text)];
    return found.length === 0 ? long : { ...long, forms: [...long.forms, ...found] };
  };
}

/** The blocks of forms by their hashes. */
class BlockTable {
  readonly shift: number;
  /** One bit for each of the first bits of a hash: whether there may be such a block. */
  readonly bits: Int32Array;
  readonly #blocks = new Map<number, { readonly form: Form; readonly offset: number }[]>();

  constructor(count: number) {
    const size = Math.min(BITS_MAX, Math.max(BITS_MIN, Math.ceil(Math.log2(count * BITS_PER_BLOCK))));
    this.shift = 32 - size;
    this.bits = new Int32Array(2 ** (size - 5));
  }

  /** @param offset where in the form the block begins. */
  add(hash: number, form: Form, offset: number): void {
    const blocks = this.#blocks.get(hash);
    if (blocks === undefined) this.#blocks.set(hash, [{ form, offset }]);
    else blocks.push({ form, offset });
    const bit = hash >>> this.shift;
    this.bits[bit >>> 5] = (this.bits[bit >>> 5] ?? 0) | (1 << (bit & 31));
  }

  /** The forms that have this block, and stand in the text so that it is at `at`. */
  collect(hash: number, text: Uint8Array, at: number, found: FoundForm[]): void {
    const blocks = this.#blocks.get(hash);
    if (blocks === undefined) return;
    for (const { form, offset } of blocks) {
      const [start, end] = [at - offset, at - offset + form.bytes.length];
      if (start >= 0 && end <= text.length && stands(form.bytes, text, start)) found.push({ owner: form.owner, start, end });
    }
  }
}

function compileLong(forms: readonly Form[]): FormSearch {
  const shortest = Math.min(...forms.map(({ bytes }) => bytes.length));
  /** How far blocks are apart: each form's last `shortest` bytes hold one, wherever the first of them is. */
  const strideWords = Math.min(STRIDE_WORDS_MAX, Math.floor((shortest - BLOCK_BYTES + 1) / WORD_BYTES));
  const strideBytes = strideWords * WORD_BYTES;
  const [keyA, keyB, keyC] = [oddKey(), oddKey(), oddKey()];
  const table = new BlockTable(forms.length * strideBytes);
  const block = new Int32Array(BLOCK_WORDS);
  const blockBytes = new Uint8Array(block.buffer);
  for (const form of forms) {
    const last = form.bytes.length - BLOCK_BYTES;
    for (let offset = last; offset > last - strideBytes; offset -= 1) {
      blockBytes.set(form.bytes.subarray(offset, offset + BLOCK_BYTES));
      const [a = 0, b = 0, c = 0] = block;
      table.add((Math.imul(a, keyA) + Math.imul(b, keyB) + Math.imul(c, keyC)) | 0, form, offset);
    }
  }

  return (text) => {
    // Whole words can be read where they are aligned in memory.
    const first = (WORD_BYTES - (text.byteOffset % WORD_BYTES)) % WORD_BYTES;
    if (text.length < first + BLOCK_BYTES) return NOTHING;
    const words = new Int32Array(text.buffer, text.byteOffset + first, (text.length - first) >> 2);
    let found: FoundForm[] | undefined;
    let hasLines = false;
    // Two blocks in each turn, what a turn needs in variables of its own, and nothing read beyond the end: this is the time that a large answer takes.
    const { bits, shift } = table;
    const [lowest, highBits, multiplyA, multiplyB, multiplyC, step] = [LOWEST, HIGH_BITS, keyA, keyB, keyC, strideWords];
    const end = words.length - BLOCK_WORDS;
    let at = 0;
    for (; at + step <= end; at += 2 * step) {
      const next = at + step;
      const a = words[at] ?? 0;
      const b = words[at + 1] ?? 0;
      const c = words[at + 2] ?? 0;
      const hash = (Math.imul(a, multiplyA) + Math.imul(b, multiplyB) + Math.imul(c, multiplyC)) | 0;
      const nextHash = (Math.imul(words[next] ?? 0, multiplyA) + Math.imul(words[next + 1] ?? 0, multiplyB) + Math.imul(words[next + 2] ?? 0, multiplyC)) | 0;
      const bit = hash >>> shift;
      const nextBit = nextHash >>> shift;
      if (((((bits[bit >>> 5] ?? 0) >>> (bit & 31)) | ((bits[nextBit >>> 5] ?? 0) >>> (nextBit & 31))) & 1) === 1) {
        found ??= [];
        table.collect(hash, text, first + at * WORD_BYTES, found);
        table.collect(nextHash, text, first + next * WORD_BYTES, found);
      }
      if ((((a - lowest) | a | (b - lowest) | b | (c - lowest) | c) & highBits) === 0 && !hasLines) hasLines = mayLieInLine(words, at) && liesInBase64(text, first + at * WORD_BYTES);
    }
    if (at <= end) {
      found ??= [];
      table.collect((Math.imul(words[at] ?? 0, keyA) + Math.imul(words[at + 1] ?? 0, keyB) + Math.imul(words[at + 2] ?? 0, keyC)) | 0, text, first + at * WORD_BYTES, found);
      hasLines ||= liesInBase64(text, first + at * WORD_BYTES);
    }
    if (found !== undefined && found.length > 0) return { forms: found, hasLines };
    return hasLines ? LINES : NOTHING;
  };
}

/** Whether there is as much as half of what a line has besides the block, before it or behind it. Names and numbers are shorter: of them no byte is looked at. */
function mayLieInLine(words: Int32Array, at: number): boolean {
  return areInBase64(words, at + BLOCK_WORDS) || areInBase64(words, at - SIDE_WORDS);
}

/** @returns false for what reaches over an end of the text too. */
function areInBase64(words: Int32Array, at: number): boolean {
  if (at < 0 || at + SIDE_WORDS > words.length) return false;
  for (let index = at; index < at + SIDE_WORDS; index += 1) {
    const word = words[index] ?? 0;
    if ((((word - LOWEST) | word) & HIGH_BITS) !== 0) return false;
  }
  return true;
}

/** By a hash that rolls on from byte to byte. */
function compileShort(forms: readonly Form[]): (text: Uint8Array) => readonly FoundForm[] {
  const length = Math.min(...forms.map(({ bytes }) => bytes.length));
  const [key, spread] = [oddKey(), oddKey()];
  const table = new BlockTable(forms.length);
  const roll = (hash: number, byte: number): number => (Math.imul(hash, key) + byte) | 0;
  /** What the byte that leaves the window has become. */
  const top = Array.from({ length }).reduce<number>((power) => Math.imul(power, key), 1);
  /** The last byte alone would settle the last bits, and those before it hardly the first. */
  const mix = (hash: number): number => Math.imul(hash ^ (hash >>> 15), spread);
  for (const form of forms) {
    const offset = form.bytes.length - length;
    table.add(mix(form.bytes.subarray(offset).reduce(roll, 0)), form, offset);
  }
  const { bits, shift } = table;

  return (text) => {
    const found: FoundForm[] = [];
    let hash = text.subarray(0, length - 1).reduce(roll, 0);
    for (let end = length; end <= text.length; end += 1) {
      hash = roll(hash, text[end - 1] ?? 0);
      if (end > length) hash = (hash - Math.imul(text[end - length - 1] ?? 0, top)) | 0;
      const mixed = mix(hash);
      const bit = mixed >>> shift;
      if ((((bits[bit >>> 5] ?? 0) >>> (bit & 31)) & 1) === 1) table.collect(mixed, text, end - length, found);
    }
    return found;
  };
}

/** Compares to the last byte, whatever the first one said. */
function stands(form: Uint8Array, text: Uint8Array, start: number): boolean {
  let difference = 0;
  for (let index = 0; index < form.length; index += 1) difference |= (form[index] ?? 0) ^ (text[start + index] ?? 0);
  return difference === 0;
}

function oddKey(): number {
  return randomInt(2 ** 32) | 1;
}

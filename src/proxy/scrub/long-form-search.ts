// Finds all long forms in one pass, which does the same for every text, whatever parts of forms it has.
//
// It takes hold of two words of the text, again and again, so far apart that each form has exactly one such pair in its anchors, wherever it stands. The pair's hash is looked up in a
// table; what the table has for it says how much before and behind the pair is weighed: all whole words of the form. Their weight is a difference of two sums, so it takes as long for
// many words as for few, and it is taken for no form at all where the pair is none's. Only what weighs as much as the form is looked at more closely.
// The keys are random and no two runs' are the same: nobody can make a text that weighs the same and is not.
import type { AnchorTable, Hold } from "./anchor-table.ts";
import { ANCHOR_BYTES, FOLD, makeAnchorTables, SIDE_WORDS_MAX } from "./anchor-table.ts";
import { hasLine, LINE_MIN } from "./base64-lines.ts";
import { findStretches, hasBreak } from "./dense-stretches.ts";
import type { Findings, Form, FoundForm } from "./form.ts";
import { oddKey, standsAt } from "./form.ts";
import { WORD_BYTES } from "./form-words.ts";

/** In less than this, wherever it stands, there need not be an anchor that lies in whole words. */
export const LONG_BYTES_MIN = ANCHOR_BYTES + 2 * WORD_BYTES - 1;
/** So many words of a text are weighed at a time. */
const TILE_WORDS = 16_384;
/** Anchors that are further apart need more room in the table, and save nothing any more. */
const STEP_WORDS_MAX = 7;

/** @param forms each of `LONG_BYTES_MIN`, or none: then lines of base64 are looked for alone. */
export function compileLongForms(forms: readonly Form[]): (text: Uint8Array) => Findings {
  const [shortest, longest] = [Math.min(...forms.map(({ bytes }) => bytes.length)), Math.max(0, ...forms.map(({ bytes }) => bytes.length))];
  /** How far pairs are apart: each form has one in its anchors, wherever it stands. */
  const step = Math.min(STEP_WORDS_MAX, Math.floor((shortest - ANCHOR_BYTES - WORD_BYTES + 1) / WORD_BYTES));
  const power = oddKey();
  const tables = makeAnchorTables(forms, step * WORD_BYTES, power);
  const side = Math.min(SIDE_WORDS_MAX, Math.ceil(longest / WORD_BYTES));
  const tileWords = TILE_WORDS - (TILE_WORDS % step);
  const sums = new Int32Array(tileWords + 3 * side + 1);
  const skips = !hasBreak(forms.map(({ bytes }) => bytes));
  const stretchBytes = Math.min(LINE_MIN, shortest);

  return (text) => {
    // Whole words can be read where they are aligned in memory.
    const first = (WORD_BYTES - (text.byteOffset % WORD_BYTES)) % WORD_BYTES;
    if (text.length < first + ANCHOR_BYTES) return { forms: [], hasLines: false };
    const words = new Int32Array(text.buffer, text.byteOffset + first, (text.length - first) >> 2);
    const findings: { forms: FoundForm[]; hasLines: boolean } = { forms: [], hasLines: false };
    const onWeight = (holds: readonly Hold[], at: number): void => {
      for (const { form, offset } of holds) {
        const place = standsAt(form, text, first + at * WORD_BYTES - offset);
        if (place !== undefined) findings.forms.push(place);
      }
    };
    const onStretch = (start: number, end: number): void => {
      findings.hasLines ||= hasLine(text, words, first, start, end);
      for (let tile = start; tile < end - 1; tile += tileWords) {
        const tileEnd = Math.min(tile + tileWords, end - 1);
        const from = Math.max(start, tile - side);
        sumUp(words, from, Math.min(end, tileEnd + side), power, sums, side);
        for (const table of tables) weigh(words, tile, tileEnd, step, table, sums, side - from, onWeight);
      }
    };
    if (skips) findStretches(words, stretchBytes, onStretch);
    else onStretch(0, words.length);
    return findings;
  };
}

/** What the words `[start, end)` weigh from the first of them up to each: of a stretch the weight is what it adds. @param at where in the sums they begin. */
function sumUp(words: Int32Array, start: number, end: number, power: number, sums: Int32Array, at: number): void {
  // Four words in each turn, so that not each waits for the one before it, and what a turn needs in variables of its own: this and what follows is the time that a large answer takes.
  const square = Math.imul(power, power);
  const fold = FOLD;
  const inFours = end - ((end - start) % 4);
  const shift = at - start;
  let sum = 0;
  sums[at] = 0;
  for (let index = start; index < inFours; index += 4) {
    const to = index + shift;
    const a = (words[index] ?? 0) | fold;
    const b = (Math.imul(a, power) + ((words[index + 1] ?? 0) | fold)) | 0;
    const c = (words[index + 2] ?? 0) | fold;
    const d = (Math.imul(c, power) + ((words[index + 3] ?? 0) | fold)) | 0;
    sums[to + 1] = (Math.imul(sum, power) + a) | 0;
    sum = (Math.imul(sum, square) + b) | 0;
    sums[to + 2] = sum;
    sums[to + 3] = (Math.imul(sum, power) + c) | 0;
    sum = (Math.imul(sum, square) + d) | 0;
    sums[to + 4] = sum;
  }
  for (let index = inFours; index < end; index += 1) {
    sum = (Math.imul(sum, power) + ((words[index] ?? 0) | fold)) | 0;
    sums[index + shift + 1] = sum;
  }
}

/** Tells of every pair of words, `step` words from one to the next, around which the text weighs as much as a form. @param base where in the sums the text's first word begins. */
function weigh(words: Int32Array, start: number, end: number, step: number, { keys: [keyA, keyB], shift, rowAt, rows, holdsAt }: AnchorTable, sums: Int32Array, base: number, onWeight: (holds: readonly Hold[], at: number) => void): void {
  const fold = FOLD;
  for (let at = start; at < end; at += step) {
    const row = rowAt[(Math.imul((words[at] ?? 0) | fold, keyA) + Math.imul((words[at + 1] ?? 0) | fold, keyB)) >>> shift] ?? 0;
    const sum = at + base;
    const weight = ((sums[sum + (rows[row + 1] ?? 0)] ?? 0) - Math.imul(sums[sum - (rows[row] ?? 0)] ?? 0, rows[row + 2] ?? 0)) | 0;
    if (weight === (rows[row + 3] ?? 0)) onWeight(holdsAt(row), at);
  }
}

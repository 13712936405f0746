// Where in a text a form could stand at all. Most texts are words and short strings, or binary, and hardly a value has a blank, a quotation mark or a letter beyond ASCII in it. So a few words of memory tell of most
// stretches of a text that nothing stands there. That hangs on the text, and of the values only on whether one of them has such a byte at all: then nothing is skipped, for all of them.
import { readWords, WORD_BYTES } from "./form-words.ts";

const PAIR_BYTES = 8;

/**
 * Negative where two words break: they have a byte that is none of ASCII, or one that is lower than `#`, but for NUL, and a letter that is no hexadecimal digit (`g` passes for one).
 * So the forms that have blanks between hexadecimal digits, and UTF-16, do not. Without a branch, which a processor would foresee wrongly.
 *
 * Four bytes are looked at at once: what is lower than another has the high bit in the difference. The numbers stand here and not beside the function, where each would be read from memory, and looked at, every time.
 */
function breakOf(a: number, b: number): number {
  const ones = 0x01010101;
  const quotes = 0x22222222;
  const highBits = 0x80808080 | 0;
  const bits6 = 0x40404040;
  const lessA = (a - ones) | 0;
  const lessB = (b - ones) | 0;
  const low = ((((lessA - quotes) | 0) & ~lessA) | (((lessB - quotes) | 0) & ~lessB)) & highBits;
  const letters = ((a & ((a << 2) | (a << 3))) | (b & ((b << 2) | (b << 3)))) & bits6;
  return ((0 - (low >>> 7)) & (0 - letters)) | (0 - (((a | b) & highBits) >>> 7));
}

/** Whether two words that are in one of these texts, wherever they begin, break. */
export function hasBreak(texts: readonly Uint8Array[]): boolean {
  const { words, starts } = readWords(texts);
  return texts.some(({ length }, index) => {
    const start = starts[index] ?? 0;
    for (let at = start; at <= start + length - PAIR_BYTES; at += 1) if (breakOf(words[at] ?? 0, words[at + WORD_BYTES] ?? 0) < 0) return true;
    return false;
  });
}

/** Tells of each stretch in which something that has so many bytes may stand: with all its whole words. Most of the others are not read. */
export function findStretches(words: Int32Array, bytesMin: number, onStretch: (start: number, end: number) => void): void {
  /** Each place where it could stand has so many pairs, wherever it begins. */
  const pairsMin = Math.floor((bytesMin - PAIR_BYTES + 1) / PAIR_BYTES);
  const [length, step] = [words.length, 2 * pairsMin];
  if (pairsMin === 0) {
    onStretch(0, length);
    return;
  }
  for (let last = step - 2; last + 1 < length; ) {
    if (breakOf(words[last] ?? 0, words[last + 1] ?? 0) < 0) {
      last += step;
      continue;
    }
    let at = last - 2;
    while (at > last - step && breakOf(words[at] ?? 0, words[at + 1] ?? 0) >= 0) at -= 2;
    if (at > last - step) {
      last = at + step;
      continue;
    }
    let end = last + 2;
    // What lies between two pairs that do not break is taken along, whatever it is: it is quicker looked through than looked at.
    while (end + step <= length && breakOf(words[end + step - 2] ?? 0, words[end + step - 1] ?? 0) >= 0) end += step;
    while (end + 1 < length && breakOf(words[end] ?? 0, words[end + 1] ?? 0) >= 0) end += 2;
    // A word of the pairs that break may be whole still.
    onStretch(Math.max(0, at + 1), Math.min(length, end + 1));
    last = end + step;
  }
}

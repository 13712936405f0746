// The words of all forms, wherever in them one begins: what is made ready of a few thousand forms is made of numbers in a row, and not of objects for each.

export const WORD_BYTES = 4;

export interface FormWords {
  /** One after the other. */
  readonly bytes: Uint8Array;
  /** For each byte: the word that begins there, as the processor reads it from memory. The last three of a form reach into the next. */
  readonly words: Int32Array;
  /** Where each form begins. */
  readonly starts: Int32Array;
}

export function readWords(texts: readonly Uint8Array[]): FormWords {
  const starts = new Int32Array(texts.length);
  let length = 0;
  for (const [index, text] of texts.entries()) {
    starts[index] = length;
    length += text.length;
  }
  const bytes = new Uint8Array(length + 2 * WORD_BYTES);
  for (const [index, text] of texts.entries()) bytes.set(text, starts[index] ?? 0);
  const words = new Int32Array(length);
  for (let first = 0; first < WORD_BYTES; first += 1) {
    const aligned = new Int32Array(bytes.slice(first, first + length + WORD_BYTES - (length % WORD_BYTES)).buffer);
    for (let at = first, index = 0; at < length; at += WORD_BYTES, index += 1) words[at] = aligned[index] ?? 0;
  }
  return { bytes, words, starts };
}

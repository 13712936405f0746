// Base64 that is broken into lines, as in PEM files and mails: where a value that is encoded goes on in the next line.

/** Both alphabets, and padding. */
const BASE64 = new Uint8Array(256);
for (const character of "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_=") BASE64[character.charCodeAt(0)] = 1;
/** Such base64 has at least so many characters in each line (git and Ruby: 60, PEM: 64, MIME: 76). A line that ends in fewer of them ends what is in it. */
export const LINE_MIN = 56;
/** So many words are looked at in each place, in places so far apart that every line has one. */
const [WORD_BYTES, PROBE_WORDS] = [4, 3] as const;
const STEP_WORDS = Math.floor((LINE_MIN - PROBE_WORDS * WORD_BYTES + 1) / WORD_BYTES);
/** So many whole words of a line lie before each probe in it, or behind it. */
const SIDE_WORDS = Math.floor((LINE_MIN - PROBE_WORDS * WORD_BYTES) / 2 / WORD_BYTES);
/** More white space than this at the beginning of a line is no indentation of it. */
export const INDENTATION_MAX = 64;
const [TAB, LF, CR, SPACE] = [0x09, 0x0a, 0x0d, 0x20] as const;

/** The bytes `[start, end)` between one line and the next. */
export interface LineBreak {
  readonly start: number;
  readonly end: number;
}

/** Whether the text up to `end` ends in a line of base64. `unknown`: in less than one, and there is nothing before it. */
export function endsInBase64(text: Uint8Array, end: number): boolean | "unknown" {
  for (let at = end - 1; at >= end - LINE_MIN; at -= 1) {
    if (at < 0) return "unknown";
    if (BASE64[text[at] ?? 0] !== 1) return false;
  }
  return true;
}

/** Whether the byte there lies in what may be such a line. */
function liesInBase64(text: Uint8Array, at: number): boolean {
  let start = at;
  while (at - start < LINE_MIN && BASE64[text[start - 1] ?? 0] === 1) start -= 1;
  let end = at;
  while (end - start < LINE_MIN && BASE64[text[end] ?? 0] === 1) end += 1;
  return end - start >= LINE_MIN;
}

/**
 * Whether the words `[start, end)` have such a line in them, or what looks like one.
 *
 * Whether four bytes are all ASCII and none lower than any of base64's is seen at once: the difference to four of the lowest has none of the high bits then, nor have they. These numbers stand here and not
 * beside the function, where each would be read from memory every time.
 *
 * @param first how many bytes of the text lie before the first of all words.
 */
export function hasLine(text: Uint8Array, words: Int32Array, first: number, start: number, end: number): boolean {
  const lowest = 0x2b2b2b2b;
  const highBits = 0x80808080 | 0;
  const step = STEP_WORDS;
  for (let at = start; at + PROBE_WORDS <= end; at += step) {
    const a = words[at] ?? 0;
    const b = words[at + 1] ?? 0;
    const c = words[at + 2] ?? 0;
    if ((((a - lowest) | a | (b - lowest) | b | (c - lowest) | c) & highBits) === 0 && mayLieInLine(words, at) && liesInBase64(text, first + at * WORD_BYTES)) return true;
  }
  return false;
}

/** Whether there is as much as half of what a line has besides the probe, before it or behind it. Names and numbers are shorter: of them no byte is looked at. */
function mayLieInLine(words: Int32Array, at: number): boolean {
  return areInBase64(words, at + PROBE_WORDS) || areInBase64(words, at - SIDE_WORDS);
}

/** @returns false for what reaches over an end of the text too. */
function areInBase64(words: Int32Array, at: number): boolean {
  const lowest = 0x2b2b2b2b;
  const highBits = 0x80808080 | 0;
  if (at < 0 || at + SIDE_WORDS > words.length) return false;
  for (let index = at; index < at + SIDE_WORDS; index += 1) {
    const word = words[index] ?? 0;
    if ((((word - lowest) | word) & highBits) !== 0) return false;
  }
  return true;
}

/** All breaks behind which base64 goes on. */
export function findLineBreaks(text: Buffer): readonly LineBreak[] {
  const breaks: LineBreak[] = [];
  for (let lineFeed = text.indexOf(LF, LINE_MIN); lineFeed >= 0; lineFeed = text.indexOf(LF, lineFeed + LINE_MIN)) {
    const start = text[lineFeed - 1] === CR ? lineFeed - 1 : lineFeed;
    if (endsInBase64(text, start) !== true) continue;
    let end = lineFeed + 1;
    while (end - lineFeed <= INDENTATION_MAX && (text[end] === SPACE || text[end] === TAB)) end += 1;
    if (BASE64[text[end] ?? 0] === 1) breaks.push({ start, end });
  }
  return breaks;
}

// How many tries a value would take to guess, by a rough and cautious count. Pure.

/** Below this, a program that can try values one by one finds it: 2^40 tries. */
export const GUESSABLE_BITS = 40;

/** What people put into passwords again and again. Each counts as one of a thousand. */
const WORDS = /password|passwort|secret|admin|welcome|letmein|qwert[yz]|changeme|default|test|token|master|login|dragon|monkey|summer|winter|spring|autumn|hunter|shadow|(?:19|20)[0-9]{2}/g;
const WORD_BITS = 10;
/** A character that follows from the one before it (`aaaa`, `1234`, `abcd`). */
const FOLLOWING_BITS = 1;
const SIZES = [
  { pattern: /[a-z]/, size: 26 },
  { pattern: /[A-Z]/, size: 26 },
  { pattern: /[0-9]/, size: 10 },
  { pattern: /[^a-zA-Z0-9]/, size: 32 },
] as const;

/** @param text of the value, one character a byte. */
export function guessBits(text: string): number {
  let words = 0;
  const rest = text.toLowerCase().replace(WORDS, () => {
    words += 1;
    return "";
  });
  const size = SIZES.reduce((sum, { pattern, size: more }) => sum + (pattern.test(text) ? more : 0), 0);
  const distinct = new Set(rest).size;
  // A text of few different characters is drawn from few.
  const bits = Math.log2(Math.max(2, Math.min(size, 2 * distinct)));
  let sum = words * WORD_BITS;
  for (let at = 0; at < rest.length; at += 1) {
    const step = rest.charCodeAt(at) - rest.charCodeAt(at - 1);
    sum += at > 0 && Math.abs(step) <= 1 ? FOLLOWING_BITS : bits;
  }
  return sum;
}

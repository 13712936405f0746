// Finds many byte patterns at once: Wu and Manber's algorithm (1994) with blocks of two bytes, which skips most of a text unread.

export interface Pattern {
  readonly bytes: Uint8Array;
  /** Who asks for it. */
  readonly owner: number;
}

/** `[start, end)` of the leftmost match; among those that start there, the longest. */
export interface Match {
  readonly pattern: Pattern;
  readonly start: number;
  readonly end: number;
}

export interface PatternSearch {
  readonly longest: number;
  find(text: Uint8Array, from: number): Match | undefined;
  /** Where the text's tail, from there to its end, begins a pattern that it does not finish; the text's length where none does. */
  findUnfinished(text: Uint8Array, from: number): number;
}

const BLOCK_BYTES = 2;
const SHIFT_MAX = 255;
/**
 * Where a block's shift stands. In the small table some blocks share a place, and the shortest of their shifts counts, which only ever costs a look;
 * it stays in the processor's nearest memory, as the large one does not. With many patterns the small one would be full.
 */
const [SMALL, LARGE] = [{ spread: 4, mask: 0xfff }, { spread: 8, mask: 0xffff }] as const;
const FEW_BLOCKS = 1_000;

/** @param patterns none of them empty. */
export function compileSearch(patterns: readonly Pattern[]): PatternSearch {
  const byFirstByte: Pattern[][] = Array.from({ length: 256 }, () => []);
  for (const pattern of [...patterns].sort((a, b) => b.bytes.length - a.bytes.length)) byFirstByte[pattern.bytes[0] ?? 0]?.push(pattern);
  const longest = Math.max(0, ...patterns.map(({ bytes }) => bytes.length));
  const window = Math.min(longest, SHIFT_MAX, ...patterns.map(({ bytes }) => bytes.length));
  const { spread, mask } = patterns.length * window < FEW_BLOCKS ? SMALL : LARGE;
  const shifts = shiftTable(patterns, window, spread, mask);
  const furthest = window - BLOCK_BYTES + 1;

  const matchAt = (text: Uint8Array, start: number): Match | undefined => {
    for (const pattern of byFirstByte[text[start] ?? 0] ?? []) {
      if (start + pattern.bytes.length <= text.length && isPrefix(pattern.bytes, text, start, pattern.bytes.length)) return { pattern, start, end: start + pattern.bytes.length };
    }
    return undefined;
  };

  /** Whether the text from there to its end begins a pattern, and does not finish it. */
  const beginsAt = (text: Uint8Array, start: number): boolean => {
    const rest = text.length - start;
    for (const { bytes } of byFirstByte[text[start] ?? 0] ?? []) if (bytes.length > rest && isPrefix(bytes, text, start, rest)) return true;
    return false;
  };
  const isFirstByte = Uint8Array.from(byFirstByte, ({ length }) => (length > 0 ? 1 : 0));

  return {
    longest,
    find(text, from) {
      if (longest === 0) return undefined;
      // `last` is the window's last byte. A shift of 0 means that the block there ends some pattern's window.
      let last = from + window - 1;
      while (last < text.length) {
        const shift = window < BLOCK_BYTES ? 0 : (shifts[(((text[last - 1] ?? 0) << spread) ^ (text[last] ?? 0)) & mask] ?? 0);
        if (shift > 0) {
          // The usual shift is added as a constant: a processor that expects it reads on before the table has answered, which takes a third off the time.
          if (shift === furthest) last += furthest;
          else last += shift;
          continue;
        }
        const match = matchAt(text, last - window + 1);
        if (match !== undefined) return match;
        last += 1;
      }
      return undefined;
    },
    findUnfinished(text, from) {
      for (let at = Math.max(from, text.length - longest + 1); at < text.length; at += 1) if (isFirstByte[text[at] ?? 0] !== 0 && beginsAt(text, at)) return at;
      return text.length;
    },
  };
}

/** For each block, how far the window may move without passing a pattern whose window holds that block. */
function shiftTable(patterns: readonly Pattern[], window: number, spread: number, mask: number): Uint8Array {
  const shifts = new Uint8Array(mask + 1).fill(Math.max(0, window - BLOCK_BYTES + 1));
  for (const { bytes } of patterns) {
    for (let end = BLOCK_BYTES - 1; end < window; end += 1) {
      const block = (((bytes[end - 1] ?? 0) << spread) ^ (bytes[end] ?? 0)) & mask;
      shifts[block] = Math.min(shifts[block] ?? 0, window - 1 - end);
    }
  }
  return shifts;
}

function isPrefix(pattern: Uint8Array, text: Uint8Array, at: number, length: number): boolean {
  for (let index = 0; index < length; index += 1) if (pattern[index] !== text[at + index]) return false;
  return true;
}

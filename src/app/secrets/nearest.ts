/** Longer words than any name here is; the distance takes the product of both lengths. */
const LENGTH_MAX = 128;

/**
 * What a mistyped word most likely means: the known word that takes the fewest keys to get to (one more, one less, another, or two exchanged), if that is at most a third of them.
 *
 * @returns undefined where none is that near, or the word is known.
 */
export function findNearest(word: string, known: Iterable<string>): string | undefined {
  if (word.length > LENGTH_MAX) return undefined;
  let nearest: { readonly word: string; readonly distance: number } | undefined;
  const folded = word.toLowerCase();
  for (const candidate of known) {
    if (candidate === word) return undefined;
    if (candidate.length > LENGTH_MAX) continue;
    const distance = measure(folded, candidate.toLowerCase());
    if (distance <= Math.max(1, Math.floor(candidate.length / 3)) && (nearest === undefined || distance < nearest.distance)) nearest = { word: candidate, distance };
  }
  return nearest?.word;
}

/** Optimal string alignment distance. */
function measure(a: string, b: string): number {
  let before: readonly number[] = [];
  let row: readonly number[] = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const isSame = a[i - 1] === b[j - 1];
      const isExchanged = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      next.push(Math.min(at(row, j) + 1, at(next, j - 1) + 1, at(row, j - 1) + (isSame ? 0 : 1), isExchanged ? at(before, j - 2) + 1 : Infinity));
    }
    before = row;
    row = next;
  }
  return at(row, b.length);
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Infinity;
}

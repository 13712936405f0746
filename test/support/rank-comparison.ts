// Whether two lots of measurements come from one distribution, without a word on its shape: the test by Mann and Whitney.

export interface RankComparison {
  /** How often a measurement of the second lot is the larger one, of all pairs; ties count half. 0.5 where the lots are alike. */
  readonly share: number;
  /** How many standard deviations the share is away from 0.5, were the lots alike. */
  readonly deviations: number;
}

/** @param first @param second at least one each; with thousands a share of 0.5 is sure to a hundredth. */
export function compareRanks(first: readonly number[], second: readonly number[]): RankComparison {
  const all = [...first.map((value) => ({ value, isSecond: false })), ...second.map((value) => ({ value, isSecond: true }))].sort((a, b) => a.value - b.value);
  let rankSum = 0;
  for (let at = 0; at < all.length; ) {
    let end = at;
    while (end < all.length && all[end]?.value === all[at]?.value) end += 1;
    // Equals share the mean of their ranks, which begin at 1.
    const rank = (at + 1 + end) / 2;
    rankSum += rank * all.slice(at, end).filter(({ isSecond }) => isSecond).length;
    at = end;
  }
  const [m, n] = [first.length, second.length];
  const share = (rankSum - (n * (n + 1)) / 2) / (m * n);
  return { share, deviations: (share - 0.5) / Math.sqrt((m + n + 1) / (12 * m * n)) };
}

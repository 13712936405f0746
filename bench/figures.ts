// What was measured, round by round, and what is said of it: medians, spreads, and ratios within a round.

/** One contender's figures: for each column, one number a round. */
export interface Row {
  readonly name: string;
  readonly cells: Readonly<Record<string, readonly number[]>>;
}

/** One table of the report. */
export interface Section {
  readonly title: string;
  /** What was done, in a sentence or two. */
  readonly about: string;
  /** `"up"`: more of the first column is better. */
  readonly better: "up" | "down";
  readonly unit: string;
  /** Names of rows that the others are compared with, by the first column. */
  readonly references: readonly string[];
  readonly rows: readonly Row[];
}

/** What is no number, because a round failed, is left out. */
export function medianOf(values: readonly number[]): number {
  const sorted = values.filter((value) => Number.isFinite(value)).sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? (sorted[middle] ?? NaN) : ((sorted[middle - 1] ?? NaN) + (sorted[middle] ?? NaN)) / 2;
}

/** The median of the rounds' ratios: what slows a whole round down is in both numbers. */
export function ratioOf(values: readonly number[], references: readonly number[]): number {
  return medianOf(values.map((value, round) => value / (references[round] ?? NaN)));
}

/** The column that a section's ratios and its bars are of. */
export function mainColumn(section: Section): string {
  return Object.keys(section.rows[0]?.cells ?? {})[0] ?? "";
}

/** The first column of processor time; empty where the section has none. */
export function cpuColumn(section: Section): string {
  return Object.keys(section.rows[0]?.cells ?? {}).find((column) => column.startsWith("CPU")) ?? "";
}

/** Undefined where one of the two was not measured. */
export function ratioBetween(section: Section, row: string, reference: string, column: string): number | undefined {
  const cellsOf = (name: string): readonly number[] => section.rows.find((one) => one.name === name)?.cells[column] ?? [];
  const ratio = ratioOf(cellsOf(row), cellsOf(reference));
  return Number.isFinite(ratio) ? ratio : undefined;
}

/** Runs every contender once a round, in turn, and gathers what each says. The first round warms up and does not count. */
export async function inTurns(rounds: number, contenders: Readonly<Record<string, () => Promise<Readonly<Record<string, number>>>>>, warmRounds = 0): Promise<Row[]> {
  const rows = Object.keys(contenders).map((name) => ({ name, cells: {} as Record<string, number[]> }));
  for (let round = -warmRounds; round < rounds; round += 1) {
    for (const row of rows) {
      const figures = (await contenders[row.name]?.()) ?? {};
      if (round < 0) continue;
      // A round without figures keeps its place: ratios are of one round.
      const columns = Object.keys(figures).length > 0 ? Object.keys(figures) : Object.keys(rows[0]?.cells ?? {});
      for (const column of columns) (row.cells[column] ??= []).push(figures[column] ?? NaN);
    }
  }
  return rows;
}

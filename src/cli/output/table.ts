/** Of what is narrower than this no column can be made. */
const COLUMN_MIN = 16;
/** Between two columns. */
export const GAP = "  ";

/**
 * Rows as lines, each column as wide as its widest cell. Where that is wider than the terminal, the words of the widest column go on in further lines below it; nothing is cut off.
 *
 * @param rows with as many cells each; words are separated by single spaces.
 * @param width of the terminal, in columns; undefined where the lines go to a file or program, which wants one row a line.
 */
export function tableLines(rows: readonly (readonly string[])[], width: number | undefined): string[] {
  const widths = widthsOf(rows);
  const total = totalOf(widths);
  if (width === undefined || total <= width) return rows.map((row) => lineOf(row, widths));
  const widest = widths.indexOf(Math.max(...widths));
  widths[widest] = Math.max(COLUMN_MIN, (widths[widest] ?? 0) - (total - width));
  return rows.flatMap((row) => {
    const cells = widths.map((columnWidth, column) => wrap(row[column] ?? "", columnWidth));
    const height = Math.max(...cells.map((lines) => lines.length));
    return Array.from({ length: height }, (_, line) => cells.map((lines, column) => (lines[line] ?? "").padEnd(widths[column] ?? 0)).join(GAP).trimEnd());
  });
}

function widthsOf(rows: readonly (readonly string[])[]): number[] {
  return (rows[0] ?? []).map((_, column) => rows.reduce((widest, row) => Math.max(widest, (row[column] ?? "").length), 0));
}

function totalOf(widths: readonly number[]): number {
  return widths.reduce((sum, each) => sum + each, GAP.length * (widths.length - 1));
}

function lineOf(row: readonly string[], widths: readonly number[]): string {
  let line = "";
  let start = 0;
  for (let column = 0; column < row.length; column += 1) {
    line = line.padEnd(start) + (row[column] ?? "");
    start += (widths[column] ?? 0) + GAP.length;
  }
  return line.trimEnd();
}

/** A word that is longer than a line is left whole. */
function wrap(cell: string, width: number): string[] {
  if (cell.length <= width) return [cell];
  const lines: string[] = [];
  for (const word of cell.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

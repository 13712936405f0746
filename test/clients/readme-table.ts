// The tables between the markers in README.md, one row for each client. Rows of clients that a machine lacks stay as they are.
const BEGIN = "<!-- clients -->";
const END = "<!-- /clients -->";

export function formatHttpRow(name: string, works: readonly boolean[]): string {
  return `| ${name} | ${works.map(mark).join(" | ")} |`;
}

export function formatToolRow(name: string, work: string, works: boolean): string {
  return `| ${name} | ${work} | ${mark(works)} |`;
}

/** @throws Error where the README has no markers. */
export function findRow(readme: string, name: string): string | undefined {
  return sectionOf(readme).split("\n").find((line) => line.startsWith(`| ${name} |`));
}

/** A row that is not there yet is a failure: which table it goes to, and where, is for a person to say. */
export function replaceRow(readme: string, name: string, row: string): string {
  const old = findRow(readme, name);
  if (old === undefined) throw new Error(`README.md has no row for ${name}`);
  return readme.replace(old, () => row);
}

function sectionOf(readme: string): string {
  const [begin, end] = [readme.indexOf(BEGIN), readme.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`README.md has no ${BEGIN} … ${END}`);
  return readme.slice(begin, end);
}

function mark(works: boolean): string {
  return works ? "✓" : "–";
}

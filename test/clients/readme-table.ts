// The tables between the markers in README.md, one row for each client. Rows of clients that a machine lacks stay as they are.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";

const README = fileURLToPath(new URL("../../README.md", import.meta.url));
/** `VAULT_WRITE_CLIENTS=1` writes the table instead of checking it. */
const isWriting = process.env["VAULT_WRITE_CLIENTS"] === "1";
const BEGIN = "<!-- clients -->";
const END = "<!-- /clients -->";

export function formatHttpRow(name: string, works: readonly boolean[]): string {
  return `| ${name} | ${works.map(mark).join(" | ")} |`;
}

export function formatToolRow(name: string, work: string, works: boolean): string {
  return `| ${name} | ${work} | ${mark(works)} |`;
}

/** The table's row must be what was measured. @param output shown where it is not. */
export function compareRow(name: string, row: string, output: string): void {
  const readme = readFileSync(README, "utf8");
  if (isWriting) writeFileSync(README, replaceRow(readme, name, row));
  else expect(findRow(readme, name), output).toBe(row);
}

/** @throws Error where the README has no markers. */
function findRow(readme: string, name: string): string | undefined {
  return sectionOf(readme).split("\n").find((line) => line.startsWith(`| ${name} |`));
}

/** A row that is not there yet is a failure: which table it goes to, and where, is for a person to say. */
function replaceRow(readme: string, name: string, row: string): string {
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

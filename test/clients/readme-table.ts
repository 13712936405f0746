// The tables between the markers in docs/clients.md, one row for each client. Rows of clients that a machine lacks stay as they are.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";

const PAGE = fileURLToPath(new URL("../../docs/clients.md", import.meta.url));
/** `VAULT_WRITE_CLIENTS=1` writes the table instead of checking it. */
const isWriting = process.env["VAULT_WRITE_CLIENTS"] === "1";
/** Which of the tables: what a run does, and what a walled run does for programs that know of no proxy. */
export type ClientTable = "clients" | "walled-clients";

export function formatHttpRow(name: string, works: readonly boolean[]): string {
  return `| ${name} | ${works.map(mark).join(" | ")} |`;
}

export function formatToolRow(name: string, work: string, works: boolean): string {
  return `| ${name} | ${work} | ${mark(works)} |`;
}

/** The table's row must be what was measured. @param output shown where it is not. */
export function compareRow(name: string, row: string, output: string, table: ClientTable = "clients"): void {
  const page = readFileSync(PAGE, "utf8");
  if (isWriting) writeFileSync(PAGE, replaceRow(page, table, name, row));
  else expect(findRow(page, table, name), output).toBe(row);
}

/** @throws Error where the page has no markers. */
function findRow(page: string, table: ClientTable, name: string): string | undefined {
  return sectionOf(page, table).split("\n").find((line) => line.startsWith(`| ${name} |`));
}

/** A row that is not there yet is a failure: which table it goes to, and where, is for a person to say. */
function replaceRow(page: string, table: ClientTable, name: string, row: string): string {
  const old = findRow(page, table, name);
  if (old === undefined) throw new Error(`docs/clients.md has no row for ${name}`);
  const section = sectionOf(page, table);
  return page.replace(section, () => section.replace(old, () => row));
}

function sectionOf(page: string, table: ClientTable): string {
  const marker = `<!-- ${table} -->`;
  const [begin, end] = [page.indexOf(marker), page.indexOf(`<!-- /${table} -->`)];
  if (begin < 0 || end < begin) throw new Error(`docs/clients.md has no ${marker}`);
  return page.slice(begin, end);
}

function mark(works: boolean): string {
  return works ? "✓" : "–";
}

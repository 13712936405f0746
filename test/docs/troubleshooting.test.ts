// docs/troubleshooting.md has a section for each code that a refusal or an error can carry, with its status, and for no other.
import { describe, expect, it } from "vitest";
import { EXIT, exitStatusOf } from "../../src/cli/output/exit-status.ts";
import type { ErrorCode } from "../../src/errors.ts";
import type { RefusalCode } from "../../src/proxy/grants/refusal.ts";
import { makeRefusal } from "../../src/proxy/grants/refusal.ts";
import { readPage } from "./page-blocks.ts";

const page = readPage("docs/troubleshooting.md");

/** The words of a union of string literals, as the source has it. */
function wordsOf(path: string, ...unions: readonly string[]): string[] {
  const source = readPage(path);
  return unions.flatMap((name) => [...(new RegExp(`export type ${name} =([^;]*);`).exec(source)?.[1] ?? "").matchAll(/"([a-z-]+)"/g)].map(([, word = ""]) => word));
}

const refusals = wordsOf("src/proxy/grants/refusal.ts", "RefusalCode") as RefusalCode[];
const errors = wordsOf("src/errors.ts", "FormatErrorCode", "ErrorCode") as ErrorCode[];

/** What the section of a code begins with. */
function beginning(kind: "Refused" | "Error", code: string): string {
  return new RegExp(`^### ${kind}: \`${code}\`\n\n(.*)`, "m").exec(page)?.[1] ?? "no section";
}

const headings = (kind: string): string[] => [...page.matchAll(new RegExp(`^### ${kind}: \`([a-z-]+)\`$`, "gm"))].map(([, code = ""]) => code);

describe("docs/troubleshooting.md", () => {
  it("has every refusal, under its HTTP status, and no other", () => {
    expect(refusals.length).toBeGreaterThan(25);
    expect(headings("Refused").sort()).toEqual([...refusals].sort());
    for (const code of refusals) expect(beginning("Refused", code), code).toMatch(new RegExp(`^HTTP status ${makeRefusal(code, "").status}\\. `));
  });

  it("has every error, under its exit status, and no other", () => {
    expect(errors.length).toBeGreaterThan(25);
    expect(headings("Error").sort()).toEqual([...errors, "unexpected"].sort());
    for (const code of errors) expect(beginning("Error", code), code).toMatch(new RegExp(`^Exit status ${exitStatusOf(code)}\\. `));
    expect(beginning("Error", "unexpected")).toMatch(new RegExp(`^Exit status ${EXIT.unexpected}\\. `));
  });

  it("has a row for each exit status", () => {
    const rows = [...page.matchAll(/^\| (\d+) \| \S/gm)].map(([, status]) => Number(status));
    expect(rows).toEqual(Object.values(EXIT).sort((one, other) => one - other));
  });

  it("says of each why, and what to do", () => {
    const sections = page.split(/^### /m).slice(1).map((section) => section.replace(/^## [^]*/m, ""));
    for (const section of sections) expect(section.trim().split("\n\n").length, section).toBe(3);
  });
});

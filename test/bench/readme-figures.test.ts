// What the page on costs says of others: from the measurement alone, whoever was ahead in it.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import type { Section } from "../../bench/figures.ts";
import { BARE_GO, BARE_RUST } from "../../bench/native.ts";
import { writeReadmeFigures } from "../../bench/readme-figures.ts";
import { makeFolder } from "../support/temporary.ts";

function pageAfter(speeds: Readonly<Record<string, number>>): string {
  const file = join(makeFolder(), "page.md");
  writeFileSync(file, "before\n<!-- figures -->\nold\n<!-- /figures -->\nafter\n");
  const sections: Section[] = [{ title: "Requests over 16 kept connections", about: "", better: "up", unit: "requests/s", references: [], rows: Object.entries(speeds).map(([name, speed]) => ({ name, cells: { "requests/s": [speed] } })) }];
  writeReadmeFigures(pathToFileURL(file), sections);
  return readFileSync(file, "utf8");
}

test("who is ahead is named first, with how much, and who is not after", () => {
  const page = pageAfter({ vault: 100, plain: 100, [BARE_GO]: 150, [BARE_RUST]: 180, mockttp: 20 });
  expect(page).toContain("ahead were the bare proxy in Rust (1.80 ×), the bare proxy in Go (1.50 ×); not ahead were mockttp (0.20 ×).\n");
  expect(page).toContain("| the same | 0.67 × those of a bare proxy in Go |");
  expect(page).toMatch(/^before\n<!-- figures -->\n[^]*<!-- \/figures -->\nafter\n$/);
  expect(page).not.toContain("old");
});

test("where nobody was ahead, or nobody else was measured, it says so or nothing", () => {
  expect(pageAfter({ vault: 100, mockttp: 20 })).toContain("nobody was ahead; not ahead were mockttp");
  expect(pageAfter({ vault: 100, plain: 100 })).not.toContain("ahead");
});

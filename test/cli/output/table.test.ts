import fc from "fast-check";
import { expect, it } from "vitest";
import { tableLines } from "../../../src/cli/output/table.ts";

const rows = [["NAME", "HOSTS", "SCOPE"], ["A", "api.example.com:443 other.example.com:443 third.example.com:443", "global"], ["LONG_NAME", "-", "workspace \"w\""]];

it("gives each column its widest cell where there is room, or no terminal", () => {
  const wide = ["NAME       HOSTS                                                            SCOPE", "A          api.example.com:443 other.example.com:443 third.example.com:443  global", 'LONG_NAME  -                                                                workspace "w"'];
  expect(tableLines(rows, undefined)).toEqual(wide);
  expect(tableLines(rows, 200)).toEqual(wide);
});

it("lets the widest column go on below where the terminal is narrow", () => {
  expect(tableLines(rows, 60)).toEqual([
    "NAME       HOSTS                               SCOPE",
    "A          api.example.com:443                 global",
    "           other.example.com:443",
    "           third.example.com:443",
    'LONG_NAME  -                                   workspace "w"',
  ]);
});

it("loses no word, and is no wider than the terminal unless a word or the other columns are", () => {
  const cell = fc.array(fc.stringMatching(/^[a-z]{1,12}$/), { minLength: 1, maxLength: 12 }).map((words) => words.join(" "));
  fc.assert(fc.property(fc.array(fc.tuple(fc.stringMatching(/^[A-Z]{1,10}$/), cell), { minLength: 1, maxLength: 8 }), fc.integer({ min: 40, max: 120 }), (cells, width) => {
    const lines = tableLines(cells, width);
    expect(lines.join(" ").split(/\s+/).sort()).toEqual(cells.flat().join(" ").split(" ").sort());
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(width);
  }));
});

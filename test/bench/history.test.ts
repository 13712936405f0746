// What the bench says of a run against those before it.
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { HistoryRun } from "../../bench/history.ts";
import { compareWithHistory, encodeRun, formatComparison, parseHistory, watchedRatios } from "../../bench/history.ts";

const runOf = (ratios: Readonly<Record<string, number>>, more: Partial<HistoryRun> = {}): HistoryRun => ({ date: "2026-11-29", commit: "0123abc", node: "v20.20.2", cores: 2, ratios, ...more });
const namesOf = (now: HistoryRun, history: readonly HistoryRun[]): string[] => compareWithHistory(now, history).worse.map(({ name }) => name);

describe("the history's lines", () => {
  test("are read as they were written, and empty ones are none", () => {
    const runs = [runOf({ "requests ÷ floor": 0.7 }), runOf({}, { commit: "fedc987+" })];
    expect(parseHistory(`${runs.map(encodeRun).join("\n")}\n`)).toEqual(runs);
    expect(parseHistory("")).toEqual([]);
  });

  test.each([["{"], ["null"], ["{}"], [encodeRun(runOf({ x: 0 })).trim()], [encodeRun(runOf({})).replace("2,", '"2",').trim()]])("that are none are refused by number: %s", (line) => {
    expect(() => parseHistory(`${encodeRun(runOf({}))}${line}\n`)).toThrow("line 2 of the history is no run");
  });

  test("that are kept are good ones", () => {
    expect(() => parseHistory(readFileSync(new URL("../../bench/HISTORY.jsonl", import.meta.url), "utf8"))).not.toThrow();
  });
});

describe("a ratio is worse", () => {
  const before = [0.7, 0.72, 0.1, 0.71, 0.69].map((ratio) => runOf({ "requests ÷ floor": ratio, "status ÷ node -e 0": 3 * ratio }));

  test("when it is off the median by more than the margin, in its own direction", () => {
    expect(namesOf(runOf({ "requests ÷ floor": 0.6, "status ÷ node -e 0": 2.4 }), before)).toEqual([]);
    expect(namesOf(runOf({ "requests ÷ floor": 0.5, "status ÷ node -e 0": 1 }), before)).toEqual(["requests ÷ floor"]);
    expect(namesOf(runOf({ "requests ÷ floor": 2, "status ÷ node -e 0": 3 }), before)).toEqual(["status ÷ node -e 0"]);
  });

  test("than those of its like alone, the last five, and not where there are none", () => {
    const now = runOf({ "requests ÷ floor": 0.5 });
    expect(namesOf(now, before.map((run) => ({ ...run, cores: 4 })))).toEqual([]);
    expect(namesOf(now, before.map((run) => ({ ...run, node: "v24.1.0" })))).toEqual([]);
    expect(namesOf(now, [...before, ...before.map(() => runOf({ "requests ÷ floor": 0.5 }))])).toEqual([]);
    expect(compareWithHistory(now, [])).toEqual({ runs: 0, worse: [] });
  });

  test("and the report names it with both figures", () => {
    expect(formatComparison(compareWithHistory(runOf({ "requests ÷ floor": 0.5 }), before))).toContain("- requests ÷ floor: 0.50, was 0.70");
    expect(formatComparison(compareWithHistory(runOf({ "requests ÷ floor": 0.7 }), before))).toContain("No watched ratio is worse by more than 20 %");
  });
});

test("watched ratios are of the rounds' own, by time and by processor", () => {
  const rows = [{ name: "floor", cells: { "requests/s": [100, 200], "CPU µs/request": [10, 20] } }, { name: "vault", cells: { "requests/s": [50, 100], "CPU µs/request": [15, 30] } }];
  expect(watchedRatios([{ title: "Requests over 16 kept connections", about: "", better: "up", unit: "requests/s", references: [], rows }])).toEqual({ "requests ÷ floor": 0.5, "CPU of a request ÷ floor": 1.5 });
});

// Rules as they are typed, and what becomes of those that there are.
import { describe, expect, test } from "vitest";
import { parseNarrowing, parsePattern, parseRuleChange } from "../../../src/cli/input/rule-flags.ts";
import { ruleLines } from "../../../src/cli/output/rule-lines.ts";
import { changeRules, requireNarrowing } from "../../../src/vault/rule-change.ts";
import type { Rules } from "../../../src/vault/rules.ts";
import { NO_RULES } from "../../../src/vault/rules.ts";
import { refusalOf } from "../../support/refusal.ts";

describe("a pattern", () => {
  test.each([
    ["GET /repos/**", "GET /repos/**"],
    ["get,head /repos/**", "GET,HEAD /repos/**"],
    ["HEAD,GET  /x", "GET,HEAD /x"],
    ["DELETE **", "DELETE /**"],
    ["/public/*", "* /public/*"],
    ["**", "* /**"],
    ["* /a b/c", "* /a b/c"],
    [" GET /x ", "GET /x"],
  ])("%j is %j", (typed, kept) => {
    expect(parsePattern(typed, "allow")).toBe(kept);
  });

  test.each(["", "GET", "GET x", "GET /a//b", "GET /../x", "GET /x?y", "GET /%2e", "G@T /x", "GET,, /x", "*,GET /x", "GET /a**"])("%j is none", async (typed) => {
    expect(await refusalOf(() => parsePattern(typed, "allow"))).toBe("usage");
  });
});

describe("limits", () => {
  test.each<[object, Partial<Rules>]>([
    [{ rate: "60/m" }, { rate: { perMinute: 60, burst: 60 } }],
    [{ rate: "120/h", burst: "5" }, { rate: { perMinute: 2, burst: 5 } }],
    [{ uses: "3" }, { uses: 3 }],
    [{ until: "2027-01-31" }, { until: "2027-01-31T00:00:00.000Z" }],
    [{ until: "2027-01-31T18:00:00+02:00" }, { until: "2027-01-31T16:00:00.000Z" }],
    [{ "max-body": "64K" }, { maxBodyBytes: 65_536 }],
    [{ "max-body": "0" }, { maxBodyBytes: 0 }],
    [{ graphql: "query" }, { graphql: { operations: ["query"], fields: null } }],
    [{ graphql: "subscription,query:viewer,repository" }, { graphql: { operations: ["query", "subscription"], fields: ["repository", "viewer"] } }],
    [{ rate: "none", uses: "none", until: "none", "max-body": "none", graphql: "none" }, { rate: null, uses: null, until: null, maxBodyBytes: null, graphql: null }],
  ])("%j", (flags, limits) => {
    expect(parseRuleChange(flags).limits).toEqual(limits);
  });

  test.each([{ rate: "60" }, { rate: "0/m" }, { rate: "59/h" }, { rate: "60/m", burst: "0" }, { uses: "0" }, { uses: "-1" }, { uses: "1.5" }, { until: "tomorrow" }, { until: "2027-02-30" }, { until: "2027-01-31T18:00:00" }, { "max-body": "-1" }, { "max-body": "1T" }, { graphql: "delete" }, { graphql: "query:" }, { graphql: "" }])("%j is none", async (flags) => {
    expect(await refusalOf(() => parseRuleChange(flags))).toBe("usage");
  });

  test("of a run are a layer of its own, and nothing where nothing was said", () => {
    expect(parseNarrowing({})).toBeUndefined();
    expect(parseNarrowing({ deny: ["DELETE **"], preset: ["read-only"] })).toEqual({ rules: { ...NO_RULES, deny: ["DELETE /**"] }, presets: ["read-only"] });
  });
});

describe("a change", () => {
  const before: Rules = { ...NO_RULES, allow: ["GET /a"], deny: ["* /x"] };

  test("adds patterns, takes some away, and begins afresh", () => {
    expect(changeRules(before, { allow: ["GET /b"], ask: ["DELETE /**"] }, "X")).toEqual({ ...NO_RULES, allow: ["GET /a", "GET /b"], deny: ["* /x"], ask: ["DELETE /**"] });
    expect(changeRules(before, { remove: ["* /x"] }, "X")).toEqual({ ...NO_RULES, allow: ["GET /a"] });
    expect(changeRules(before, { clears: true, deny: ["GET /c"] }, "X")).toEqual({ ...NO_RULES, deny: ["GET /c"] });
    expect(changeRules(before, { clears: true }, "X")).toBeUndefined();
    expect(changeRules(undefined, {}, "X")).toBeUndefined();
  });

  test("does not take away what is not there, nor the last of what is allowed", async () => {
    expect(await refusalOf(() => changeRules(before, { remove: ["GET /nothing"] }, "X"))).toBe("usage");
    expect(await refusalOf(() => changeRules(before, { remove: ["GET /a"] }, "X"))).toBe("usage");
    expect(await refusalOf(() => changeRules(before, { deny: Array.from({ length: 64 }, (_, index) => `GET /${index}`) }, "X"))).toBe("usage");
  });

  test.each<[Rules | undefined, Rules | undefined, boolean]>([
    [undefined, before, true],
    [before, undefined, false],
    [before, { ...before, deny: ["* /x", "GET /a"] }, true],
    [before, { ...before, deny: [] }, false],
    [before, { ...before, deny: ["* /**"] }, true],
    [before, { ...before, allow: ["GET /a", "GET /b"] }, false],
    [before, { ...before, allow: null }, false],
    [before, { ...before, ask: ["DELETE /**"] }, true],
    [{ ...before, ask: ["GET /a"] }, before, false],
    [{ ...before, ask: ["GET /a"] }, { ...before, deny: ["* /a", "* /x"] }, true],
    [{ ...NO_RULES, allow: ["GET /**"] }, { ...NO_RULES, allow: ["GET /a/*", "GET /b/**"] }, true],
    [{ ...NO_RULES, allow: ["GET /a/*"] }, { ...NO_RULES, allow: ["GET /a/**"] }, false],
    [{ ...NO_RULES, allow: ["GET,HEAD /a"] }, { ...NO_RULES, allow: ["GET /a"] }, true],
    [{ ...NO_RULES, allow: ["GET /a"] }, { ...NO_RULES, allow: ["* /a"] }, false],
    [{ ...NO_RULES, uses: 5 }, { ...NO_RULES, uses: 4 }, true],
    [{ ...NO_RULES, uses: 5 }, { ...NO_RULES, uses: 6 }, false],
    [{ ...NO_RULES, rate: { perMinute: 5, burst: 1 } }, { ...NO_RULES, rate: { perMinute: 5, burst: 2 } }, false],
    [{ ...NO_RULES, until: "2027-01-01T00:00:00.000Z" }, { ...NO_RULES, until: "2026-12-31T00:00:00.000Z" }, true],
    [{ ...NO_RULES, until: "2027-01-01T00:00:00.000Z" }, { ...NO_RULES, until: "2027-01-02T00:00:00.000Z" }, false],
    [{ ...NO_RULES, maxBodyBytes: 5 }, { ...NO_RULES, deny: ["GET /a"] }, false],
    [{ ...NO_RULES, graphql: { operations: ["query"], fields: ["a", "b"] } }, { ...NO_RULES, graphql: { operations: ["query"], fields: ["a"] } }, true],
    [{ ...NO_RULES, graphql: { operations: ["query"], fields: ["a"] } }, { ...NO_RULES, graphql: { operations: ["query"], fields: null } }, false],
    [{ ...NO_RULES, graphql: { operations: ["query"], fields: null } }, { ...NO_RULES, graphql: { operations: ["mutation", "query"], fields: null } }, false],
  ])("from %j to %j needs no word more: %s", async (one, other, isFree) => {
    expect(await refusalOf(() => { requireNarrowing(one, other, false, "X"); })).toBe(isFree ? undefined : "usage");
    expect(await refusalOf(() => { requireNarrowing(one, other, true, "X"); })).toBeUndefined();
  });
});

test("rules are shown as they are typed", () => {
  expect(ruleLines({ allow: ["GET /**"], deny: ["* /a b"], ask: ["DELETE /**"], rate: { perMinute: 60, burst: 5 }, uses: 3, until: "2027-01-01T00:00:00.000Z", maxBodyBytes: 1_048_576, graphql: { operations: ["query"], fields: ["viewer"] } })).toEqual([
    "rule      --allow 'GET /**'", "rule      --deny '* /a b'", "rule      --ask 'DELETE /**'", "rule      --rate 60/m --burst 5", "rule      --uses 3", "rule      --until 2027-01-01T00:00:00.000Z", "rule      --max-body 1M", "rule      --graphql query:viewer",
  ]);
});

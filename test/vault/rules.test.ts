// What is a rule and what is none, at the edges.
import { expect, test } from "vitest";
import { parseRules } from "../../src/vault/rules.ts";
import { refusalOf } from "../support/refusal.ts";

const NONE = { allow: null, deny: [], ask: [], rate: null, uses: null, until: null, maxBodyBytes: null, graphql: null };
const codeOf = (rules: object): Promise<string | undefined> => refusalOf(() => { parseRules({ ...NONE, ...rules }, "X"); });
const methods = (count: number): string => Array.from({ length: count }, (_, index) => `M${String.fromCharCode(65 + index)}`).join(",");

test.each([
  "* /", "* /x", "G /x", "GET /x/", "GET,HEAD /repos/**", "GET /repos/**/x", "GET /*", "GET /a*b", `GET /${"x".repeat(507)}`, `${methods(16)} /x`, `A${"B".repeat(31)} /x`, "A-B /x", "GET /...", "GET /a b",
])("a pattern: %s", async (pattern) => {
  expect(await codeOf({ allow: [pattern] })).toBe(undefined);
  expect(await codeOf({ deny: [pattern] })).toBe(undefined);
});

test.each([
  "", " ", "/x", " /x", "GET", "GET ", "GET x", "GET  /x", "get /x", "HEAD,GET /x", "GET,GET /x", "GET,*, /x", ", /x", "GET //", "GET //x", "GET /x//y", "GET /.", "GET /..", "GET /x/../y", "GET /a**", "GET /**a", "GET /%2F", "GET /?", "GET /#", "GET /\\", "GET /\u202e", `GET /${"x".repeat(508)}`, `${methods(17)} /x`, `A${"B".repeat(32)} /x`, "A- /x",
])("no pattern: %j", async (pattern) => {
  expect(await codeOf({ allow: [pattern] })).toBe("bad-schema");
});

test.each<[object, string | undefined]>([
  [{}, "bad-schema"],
  [{ allow: [] }, "bad-schema"],
  [{ uses: 1 }, undefined],
  [{ uses: 2 ** 31 - 1 }, undefined],
  [{ until: "2026-01-31T00:00:00.000Z" }, undefined],
  [{ maxBodyBytes: 0 }, undefined],
  [{ rate: { perMinute: 1, burst: 1_000_000 } }, undefined],
  [{ graphql: { operations: ["mutation", "query", "subscription"], fields: null } }, undefined],
  [{ graphql: { operations: ["query"], fields: [`a${"b".repeat(127)}`] } }, undefined],
])("%j", async (rules, code) => {
  expect(await codeOf(rules)).toBe(code);
});

test.each<object>([{ uses: 0 }, { uses: 2 ** 31 }, { maxBodyBytes: -1 }, { rate: { perMinute: 0, burst: 1 } }, { rate: { perMinute: 1, burst: 1_000_001 } }, { graphql: { operations: [], fields: null } }, { graphql: { operations: ["other"], fields: null } }, { graphql: { operations: ["query"], fields: [`a${"b".repeat(128)}`] } }])("%j is out of its bounds", async (rules) => {
  expect(["bad-schema", "out-of-bounds"]).toContain(await codeOf(rules));
});

test("as long as 16,384 characters, and no longer", async () => {
  const rules = (length: number): object => {
    const full = Array.from({ length: 31 }, (_, index) => `GET /${String(index).padStart(2, "0")}${"x".repeat(505)}`);
    const rest = length - JSON.stringify({ ...NONE, deny: [...full, "GET /99"] }).length;
    return { deny: [...full, `GET /99${"x".repeat(rest)}`] };
  };
  expect(await codeOf(rules(16_384))).toBe(undefined);
  expect(await codeOf(rules(16_385))).toBe("out-of-bounds");
});

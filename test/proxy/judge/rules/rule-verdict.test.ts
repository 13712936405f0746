// What rules say, held against a matcher that is slow and obvious.
import { describe, expect, test } from "vitest";
import { makeLayer } from "../../../../src/proxy/grants/grant-rules.ts";
import { readPath } from "../../../../src/proxy/judge/rules/rule-path.ts";
import type { RuleVerdict } from "../../../../src/proxy/judge/rules/rule-verdict.ts";
import { judgePath } from "../../../../src/proxy/judge/rules/rule-verdict.ts";
import { isNarrowing } from "../../../../src/vault/rule-scope.ts";
import { NO_RULES, parseRules } from "../../../../src/vault/rules.ts";
import type { RandomCase } from "../../../support/random-rules.ts";
import { randomBy, randomCase } from "../../../support/random-rules.ts";
import { slowVerdict } from "../../../support/slow-rules.ts";

const CASES = process.env["VAULT_SOAK"] !== undefined ? 200_000 : 20_000;

/** As a client sends the path. */
const targetOf = (path: string): string => path.split("/").map(encodeURIComponent).join("/");

function verdictOf({ rules, method, path }: RandomCase): RuleVerdict {
  const read = readPath(targetOf(path));
  if (read.kind === "unclear") throw new Error(`${path}: ${read.why}`);
  return judgePath(makeLayer(rules), method, read.readings);
}

test(`says what the slow one says, in ${CASES} random cases`, () => {
  const random = randomBy(20_260_131);
  const seen = new Map<string, number>();
  for (let count = 0; count < CASES; count += 1) {
    const one = randomCase(random);
    const found = verdictOf(one);
    const slow = slowVerdict(one.rules, one.method, one.path);
    const isSame = found.kind === slow.kind && ("rule" in found ? found.rule : undefined) === ("by" in slow ? slow.by : undefined);
    if (!isSame) expect({ ...one, found }).toEqual({ ...one, found: slow });
    seen.set(found.kind, (seen.get(found.kind) ?? 0) + 1);
  }
  // None of the four is a rare guest.
  for (const kind of ["allowed", "asked", "denied", "unlisted"]) expect(seen.get(kind) ?? 0, kind).toBeGreaterThan(CASES / 50);
});

test("rules that pass for narrower let nothing through that the others did not", () => {
  const random = randomBy(7);
  let narrower = 0;
  for (let count = 0; count < CASES / 2; count += 1) {
    const [before, other, request] = [randomCase(random).rules, randomCase(random).rules, randomCase(random)];
    // Half of them keep what there was, so that many are narrower.
    const next = count % 2 === 0 ? other : { ...before, deny: [...new Set([...before.deny, ...other.deny])].sort(), ask: other.ask, allow: before.allow === null ? other.allow : [...before.allow].slice(0, 1) };
    if (!isNarrowing(before, next)) continue;
    narrower += 1;
    for (const { method, path } of [request, randomCase(random)]) {
      const [was, is] = [slowVerdict(before, method, path).kind, slowVerdict(next, method, path).kind];
      if (is === "allowed" && was !== "allowed") expect({ before, next, method, path }).toBe("narrower");
    }
  }
  expect(narrower).toBeGreaterThan(CASES / 50);
});

describe("one word after the other", () => {
  const verdict = (rules: object, method: string, target: string): string => {
    const parsed = parseRules({ ...NO_RULES, ...rules }, "X");
    const read = readPath(target);
    if (parsed === undefined || read.kind === "unclear") return read.kind;
    return judgePath(makeLayer(parsed), method, read.readings).kind;
  };

  test.each<[object, string, string, string]>([
    [{ allow: ["GET /**"] }, "GET", "/", "allowed"],
    [{ allow: ["GET /**"] }, "HEAD", "/", "unlisted"],
    [{ allow: ["GET /repos/**"] }, "GET", "/repos", "allowed"],
    [{ allow: ["GET /repos/**"] }, "GET", "/repositories", "unlisted"],
    [{ allow: ["GET /repos/*"] }, "GET", "/repos/", "unlisted"],
    [{ allow: ["GET /repos/*"] }, "GET", "/repos/a/b", "unlisted"],
    [{ allow: ["GET /repos/*"] }, "GET", "/repos/a%2Fb", "unlisted"],
    [{ allow: ["GET /repos/**"] }, "GET", "/repos/a%2Fb", "allowed"],
    [{ allow: ["GET /repos/*", "GET /repos/*/b"] }, "GET", "/repos/a%2fb", "allowed"],
    [{ deny: ["* /repos/*/keys"] }, "GET", "/repos/a%2Fb/keys", "denied"],
    [{ deny: ["* /repos/*/*/keys"] }, "GET", "/repos/a%2Fb/keys", "denied"],
    [{ allow: ["GET /Repos"] }, "GET", "/repos", "unlisted"],
    [{ deny: ["GET /Repos"] }, "GET", "/repos", "denied"],
    [{ deny: ["GET /repos"] }, "GET", "/REPOS/", "denied"],
    [{ deny: ["GET /repos"] }, "HEAD", "/repos", "denied"],
    [{ deny: ["GET /fi"] }, "GET", "/%EF%AC%81", "denied"],
    [{ deny: ["GET /k"] }, "GET", "/%E2%84%AA", "denied"],
    [{ deny: ["GET /\u00fc"] }, "GET", "/u%CC%88", "denied"],
    [{ deny: ["DELETE /**"], allow: ["* /**"] }, "DELETE", "/x", "denied"],
    [{ ask: ["DELETE /**"], allow: ["GET /**"] }, "DELETE", "/x", "asked"],
    [{ ask: ["DELETE /**"], deny: ["* /x"] }, "DELETE", "/x", "denied"],
    [{ deny: ["* /"] }, "GET", "/", "denied"],
    [{ deny: ["* /**/secret/**"] }, "GET", "/a/b/secret", "denied"],
    [{ deny: ["* /**/secret/**"] }, "GET", "/a/secrets/b", "allowed"],
    [{ allow: ["POST /v1/models/*:generate"] }, "POST", "/v1/models/gem:generate", "allowed"],
    [{ allow: ["POST /v1/models/*:generate"] }, "POST", "/v1/models/gem:delete", "unlisted"],
    [{ deny: ["* /admin/**"] }, "GET", "/admin;x=1/y", "denied"],
    [{ allow: ["GET /a;b"] }, "GET", "/a;b", "unlisted"],
    [{ allow: ["GET /list/*"] }, "GET", "/list/1;2", "allowed"],
    [{ allow: ["GET /a b"] }, "GET", "/a%20b", "allowed"],
    [{ allow: ["GET /**"] }, "GET", "/x?/../admin", "allowed"],
  ])("%j: %s %s is %s", (rules, method, target, kind) => {
    expect(verdict(rules, method, target)).toBe(kind);
  });
});

describe("no path, for servers differ about it", () => {
  test.each([
    "/a/../b", "/a/..", "/..", "/.", "/a/./b", "/a/.", "/%2e%2e/a", "/a/%2e%2e/b", "/a/.%2e/b", "/a/%2E", "/a/..%2fb", "/a%2f..%2fb", "/a%2F%2e%2e", "/a%2f%2fb", "/a//b", "//a", "/a/b//", "/%2f",
    "/a%5cb", "/a\\b", "/a%5C..%5Cb", "/a%00", "/a%00b", "/a%0a", "/a%0D%0Ab", "/a%7f", "/a%", "/a%2", "/a%zz", "/%%32%65", "/a%u002e", "/a%252e", "/%252e%252e/a", "/a%25", "/a%2525", "/a%c0%ae", "/%c0%af", "/%e0%80%af", "/%ff", "/a%c3", "/\xff",
    "/..;/a", "/a/;b/c", "/;/a", "/a/.;x/b", "/a%2f;/b", "/a.;x", "/a%3Fb", "/a%23b", "/a.", "/a./b", "/a.../b", "/a%20", "/%20a", "/a%20/b", "/a%09", "/a%e2%80%8b", "/a%e2%80%ae", "/%ef%bb%bfa", "/a%c2%a0", "/a%c2%ad", "/%ef%bc%8fa", "/a%ef%bc%8e%ef%bc%8e", "/a%e2%80%a5", "/a%ef%bc%85", "/a%e2%80%a4",
  ])("%j", (target) => {
    expect(readPath(target)).toMatchObject({ kind: "unclear" });
  });

  test.each<[string, string[][]]>([
    ["/a%2f", [["a", ""], ["a/"]]],
    ["/a;b/c", [["a;b", "c"], ["a", "c"]]],
    ["/1,2%3B3,4", [["1,2;3,4"], ["1,2"]]],
    ["/a%2Fb;c", [["a", "b;c"], ["a/b;c"], ["a", "b"], ["a/b"]]],
    ["/", [[""]]],
    ["/a", [["a"]]],
    ["/a/", [["a", ""]]],
    ["/a.b/c", [["a.b", "c"]]],
    ["/.well-known/x", [[".well-known", "x"]]],
    ["/%61%2Db", [["a-b"]]],
    ["/a+b", [["a+b"]]],
    ["/a%20b", [["a b"]]],
    ["/@scope%2fname", [["@scope", "name"], ["@scope/name"]]],
    ["/b%C3%BCcher", [["b\u00fccher"]]],
    ["/b\xc3\xbccher", [["b\u00fccher"]]],
    ["/a?b=%2e%2e//", [["a"]]],
    ["/a:b@c!$&'()*,=~_-", [["a:b@c!$&'()*,=~_-"]]],
    ["/%F0%9F%9A%80", [["\u{1f680}"]]],
  ])("but %j is %j", (target, readings) => {
    expect(readPath(target)).toEqual({ kind: "path", readings });
  });
});

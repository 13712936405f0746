import { describe, expect, it } from "vitest";
import { slowMatch, slowVerdict } from "../support/slow-rules.ts";

describe("the slow matcher", () => {
  it.each<[string, string, string, boolean]>([
    ["GET /repos/**", "GET", "/repos", true],
    ["GET /repos/**", "GET", "/repos/", true],
    ["GET /repos/**", "GET", "/repos/a/b/c", true],
    ["GET /repos/**", "GET", "/reposx", false],
    ["GET /repos/**", "POST", "/repos/a", false],
    ["GET,HEAD /x", "HEAD", "/x", true],
    ["GET,HEAD /x", "GE", "/x", false],
    ["* /x", "PURGE", "/x", true],
    ["* /**", "GET", "/", true],
    ["* /", "GET", "/", true],
    ["* /", "GET", "/x", false],
    ["* /x", "GET", "/x/", false],
    ["* /x/", "GET", "/x/", true],
    ["* /x/*", "GET", "/x/", false],
    ["* /x/*", "GET", "/x/y", true],
    ["* /x/*", "GET", "/x/y/z", false],
    ["* /**/z", "GET", "/z", true],
    ["* /**/z", "GET", "/x/y/z", true],
    ["* /**/z", "GET", "/x/y/z/", false],
    ["* /a/**/b/**/c", "GET", "/a/b/b/x/c", true],
    ["* /a/**/b/**/c", "GET", "/a/c/b", false],
    ["* /bot*/get*", "GET", "/bot1:A/getMe", true],
    ["* /bot*/get*", "GET", "/bot1:A/forget", false],
    ["* /*.json", "GET", "/.json", true],
    ["* /a*b*c", "GET", "/abbbc", true],
    ["* /a*b*c", "GET", "/acb", false],
    ["* /a.c", "GET", "/abc", false],
    ["* /A", "GET", "/a", false],
  ])("%s and %s %s: %s", (pattern, method, path, expected) => {
    expect(slowMatch(pattern, method, path)).toBe(expected);
  });

  it("lets deny win, and ask go before allow", () => {
    const rules = { allow: ["GET /**"], deny: ["* /admin/**"], ask: ["* /admin/x", "DELETE /**"] };
    expect(["GET /x", "GET /admin/x", "DELETE /x", "POST /x"].map((line) => slowVerdict(rules, line.split(" ")[0]!, line.split(" ")[1]!))).toEqual([{ kind: "allowed", by: "GET /**" }, { kind: "denied", by: "* /admin/**" }, { kind: "asked", by: "DELETE /**" }, { kind: "unlisted" }]);
    expect(slowVerdict({ ...rules, allow: null }, "POST", "/x")).toEqual({ kind: "allowed", by: undefined });
  });
});

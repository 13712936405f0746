import { expect, test } from "vitest";
import { note, ok, problem } from "../../../src/app/doctor/finding.ts";
import { findingLines, findingObject, worstStatus } from "../../../src/cli/output/doctor-lines.ts";

const unsafe = problem("permissions", "unsafe-file", "open", "chmod");
const noKey = problem("key", "key-unavailable", "missing", "put it back");
const unreadable = problem("locks", "io", "unreadable", "look");

test("the worst problem gives the status, and notes give none", () => {
  expect(worstStatus([ok("node", "fine"), note("locks", "left")])).toBe(0);
  expect(worstStatus([unreadable])).toBe(1);
  expect(worstStatus([unreadable, noKey])).toBe(9);
  expect(worstStatus([unreadable, problem("sources", "no-value", "none", "try it")])).toBe(14);
  expect(worstStatus([noKey, unsafe, unreadable])).toBe(6);
  expect(worstStatus([problem("vault", "no-vault", "none", "vault init"), problem("agent", "busy", "silent", "vault lock")])).toBe(3);
});

test("as JSON, each has the same four members", () => {
  expect([ok("node", "fine"), note("locks", "left"), unsafe].map(findingObject)).toEqual([
    { check: "node", level: "ok", message: "fine", fix: null },
    { check: "locks", level: "note", message: "left", fix: null },
    { check: "permissions", level: "problem", message: "open", fix: "chmod" },
  ]);
});

test("for a person: a line each, the fix below it, the count last; no control character of a path gets out", () => {
  expect(findingLines([ok("node", "fine"), problem("left-overs", "io", "\u001B[2J\n", "rm x")])).toEqual([
    "ok       node         fine",
    "problem  left-overs   \\u001b[2J\\u000a",
    "                      → rm x",
    "1 problem found",
  ]);
  expect(findingLines([]).at(-1)).toBe("no problem found");
});

// What of a program's own settings is brought back as it was, whatever the program made of it.
import { expect, test } from "vitest";
import { keepMembers } from "../../../src/wall/files/replaced-files.ts";

const keep = (after: unknown, before: unknown, ...kept: readonly string[]): unknown => JSON.parse(keepMembers(JSON.stringify(after), JSON.stringify(before), kept) ?? "null");

test("a kept member is as it was, and gone where it was not there", () => {
  expect(keep({ a: 2, b: 2, theirs: 1 }, { a: 1 }, "a", "b")).toEqual({ a: 1, theirs: 1 });
});

test("the same of members of members, and of those of each", () => {
  expect(keep({ hooks: { start: "evil", other: 1 } }, { hooks: { start: "mine" } }, "hooks.start")).toEqual({ hooks: { start: "mine", other: 1 } });
  expect(keep({ hooks: { start: "evil" } }, {}, "hooks.start")).toEqual({ hooks: {} });
  expect(keep({ projects: { a: { servers: 2, seen: 1 }, b: { servers: 2 } } }, { projects: { a: { servers: 1 } } }, "projects.*.servers")).toEqual({ projects: { a: { servers: 1, seen: 1 }, b: {} } });
  expect(keep({ hooks: "text" }, { hooks: { start: "mine" } }, "hooks.start")).toEqual({ hooks: "text" });
});

test("what is no JSON object is not brought back at all", () => {
  for (const after of ["", "{", "[]", "null", "1"]) expect(keepMembers(after, "{}", ["a"])).toBeUndefined();
});

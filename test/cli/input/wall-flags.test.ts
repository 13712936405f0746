import { describe, expect, test } from "vitest";
import { chooseWall, declinesWall } from "../../../src/cli/input/wall-flags.ts";
import type { Project } from "../../../src/project/run-file.ts";
import { refusalCode } from "../../support/refusal-code.ts";

const asking: Project = { needs: [], denyUnmatched: false, strict: false, sandbox: true, writable: ["build"] };

describe("the wall", () => {
  test("is asked for by the flag, or by the project's file", () => {
    expect(chooseWall({}, undefined)).toBeUndefined();
    expect(chooseWall({}, { ...asking, sandbox: false })).toBeUndefined();
    expect(chooseWall({ sandbox: true }, undefined)).toEqual({ writable: [], asked: [], published: [], hostPorts: [] });
    expect(chooseWall({ writable: ["/srv/x"], publish: ["3000"], "host-port": ["5432", "5432"] }, asking)).toEqual({ writable: ["/srv/x"], asked: ["build"], published: [3000], hostPorts: [5432] });
  });

  test("is taken away by --no-sandbox alone", () => {
    expect(chooseWall({ sandbox: false }, asking)).toBeUndefined();
    expect([declinesWall({ sandbox: false }), declinesWall({ sandbox: true }), declinesWall({})]).toEqual([true, false, false]);
    expect(chooseWall({ sandbox: true }, { ...asking, sandbox: false })).toBeDefined();
  });
});

test.each([
  ["a path that only a wall would need", { writable: ["x"] }],
  ["a port that only a wall would need", { publish: ["3000"] }],
  ["an explanation of no wall", { explain: true }],
  ["a port that is none", { sandbox: true, publish: ["0"] }],
  ["a port that is too high", { sandbox: true, "host-port": ["65536"] }],
  ["a port that is a name", { sandbox: true, publish: ["http"] }],
])("%s is refused", (_what, flags) => {
  expect(refusalCode(() => chooseWall(flags, undefined))).toBe("usage");
});


import { expect, test } from "vitest";
import { chooseProgram } from "../../src/cli/program-choice.ts";

test.each([
  [["run", "--", "true"], "run", "run"],
  [["run", "-s", "NAME", "--sandbox", "--", "true"], "run", "walled"],
  // Words of the program that is run say nothing about this one.
  [["run", "--", "agent", "--sandbox", "--help"], "run", "run"],
  [["run", "--help"], "main", "main"],
  [["status"], "daily", "daily"],
  [["status", "--json"], "daily", "daily"],
  [["status", "--help"], "main", "main"],
  [["secrets", "list", "--json"], "daily", "daily"],
  [["secrets", "create", "list"], "main", "main"],
  [["secrets"], "main", "main"],
  [["whoami"], "main", "main"],
  [["--version"], "main", "main"],
  [[], "main", "main"],
] as const)("%j is for the program %s, as %s", (argv, program, use) => {
  expect(chooseProgram(argv)).toMatchObject({ program, uses: expect.arrayContaining([use]) as string[] });
  expect(chooseProgram(argv).uses[0]).toBe(use);
});

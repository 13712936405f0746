import { expect, it } from "vitest";
import { findCommandMistake } from "../../../src/cli/completion/command-names.ts";

const ids = ["run", "status", "whoami", "secrets:list", "secrets:create", "services:list"];
const judge = (...argv: string[]): unknown => {
  const mistake = findCommandMistake(ids, argv);
  return mistake === undefined ? undefined : [mistake.message, mistake.hint];
};

it.each([[[]], [["--help"]], [["run", "--help"]], [["secrets"]], [["secrets", "--help"]], [["secrets", "list", "--help"]], [["whoami"]]])("%j is no mistake", (argv) => {
  expect(judge(...argv)).toBeUndefined();
});

it.each([
  ["rnu -- node", "rnu", "run"], ["stauts", "stauts", "status"], ["secrts list", "secrts", "secrets list"], ["secrets lits", "secrets lits", "secrets list"], ["secrts", "secrts", "secrets"], ["service list", "service", "services list"], ["wohami --json", "wohami", "whoami"],
])("%s is mistyped, and what was meant is told", (typed, shown, meant) => {
  expect(judge(...typed.split(" "))).toEqual([`there is no command "${shown}"`, `did you mean: vault ${meant}`]);
});

it.each([["sk-live-4bK9sQe2VnXw7Lr0"], ["hunter"], ["aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"], ["ру"]])("%s, which is near nothing, is not repeated: it may be a secret", (word) => {
  expect(judge(word)).toEqual(["there is no such command", "to list them: vault --help"]);
});

// Tells a command that does not exist from what the framework has an answer to (a topic, a flag, nothing at all), and what it may have been meant to be.
import { findNearest } from "../../app/secrets/nearest.ts";
import { VaultError } from "../../errors.ts";

/** A word that may be repeated: anything else might be a secret in the wrong place. */
const PLAIN_WORD = /^[a-z][a-z-]{0,30}$/;

/** @param ids of commands, their aliases included: `secrets:list`. @returns the error, or undefined for what is no mistake. */
export function findCommandMistake(ids: readonly string[], argv: readonly string[]): VaultError | undefined {
  const [first, second] = argv;
  if (first === undefined || ids.includes(first) || ids.includes(`${first}:${second ?? ""}`)) return undefined;
  if (first.startsWith("-")) return FRAMEWORKS_OWN.has(first) ? undefined : flagsFirst(first, "");
  const isTopic = ids.some((id) => id.startsWith(`${first}:`));
  if (isTopic && (second === undefined || second === "--help")) return undefined;
  if (isTopic && second?.startsWith("-") === true) return flagsFirst(second, `${first} `);
  const names = ids.map((id) => id.replace(":", " "));
  const words = argv.slice(0, 2).filter((word) => PLAIN_WORD.test(word));
  // Of `secrts list` both words count, of `stauts now` the first.
  const meant = findNearest(words.join(" "), names) ?? findNearest(words[0] ?? "", [...names.filter((name) => !name.includes(" ")), ...new Set(names.flatMap((name) => (name.includes(" ") ? [name.split(" ")[0] ?? ""] : [])))]);
  // Far from every command it may be something that was meant for elsewhere, and is not repeated.
  if (meant === undefined) return new VaultError("usage", "there is no such command", "to list them: vault --help");
  const shown = PLAIN_WORD.test(first) ? [first, ...(isTopic && second !== undefined && PLAIN_WORD.test(second) ? [second] : [])] : [];
  return new VaultError("usage", shown.length === 0 ? "there is no such command" : `there is no command "${shown.join(" ")}"`, `did you mean: vault ${meant}`);
}

const FRAMEWORKS_OWN = new Set(["--help", "--version"]);

/** A script that asks `vault --json secrets list` is to hear that, and not to be shown help with status 0. */
function flagsFirst(flag: string, topic: string): VaultError {
  const isPlain = /^--?[a-z][a-z-]{0,30}$/.test(flag);
  return new VaultError("usage", `${isPlain ? flag : "a flag"} stands before the command`, `flags come behind it: vault ${topic}COMMAND ${isPlain ? flag : "--FLAG"}; to list the commands: vault ${topic}--help`);
}

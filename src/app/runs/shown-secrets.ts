// What is hidden from a program may stand in the environment of the processes above it, where it can read it: vault's own, which is rid of it here, and those of the shells and programs that started vault, which only their user can do something about.
import type { RunEnvironment } from "../../run/environment.ts";
import type { ShownVariable } from "../../run/shown-environment.ts";
import { eraseShown, readProcessesAbove } from "../../run/shown-environment.ts";
import type { Surroundings } from "../surroundings.ts";

/** A whole chain of shells and editors is told of by its nearest. */
const NAMED_MAX = 3;

/**
 * Overwrites the secrets in what the system shows of this process's environment. `surroundings.variables` must not be that environment itself.
 *
 * @returns warnings, with what to do: of what the program can read all the same, and of what was hidden from this program and from no other that its user starts.
 */
export function eraseShownSecrets({ isSecret, variables: given }: RunEnvironment, { variables }: Pick<Surroundings, "variables">): string[] {
  const verdicts = new Map<string, boolean>();
  const judge = ({ name, value }: ShownVariable): boolean => {
    const text = value.toString();
    const key = `${name}=${text}`;
    const verdict = verdicts.get(key) ?? isSecret(name, text);
    verdicts.set(key, verdict);
    return verdict;
  };
  const secret = Object.entries(variables).flatMap(([name, value = ""]) => (judge({ name, value: Buffer.from(value) }) ? [{ name, value }] : []));
  const own = { name: "vault itself", names: secret.length === 0 ? [] : eraseShown(judge, secret.map(({ name }) => name)) };
  const above = readProcessesAbove().map((process) => ({ name: `process ${process.pid} (${process.name})`, names: process.variables.filter(judge).map(({ name }) => name) }));
  const places = [own, ...above].filter(({ names }) => names.length > 0);
  const left = sorted(places.flatMap(({ names }) => names));
  const hidden = sorted(secret.filter(({ name, value }) => given[name] !== value && !left.includes(name)).map(({ name }) => name));
  return [...(left.length === 0 ? [] : [tellLeft(left, places.map(({ name }) => name))]), ...(hidden.length === 0 ? [] : [tellHidden(hidden)])];
}

function tellLeft(names: readonly string[], places: readonly string[]): string {
  const more = places.length > NAMED_MAX ? ` and ${places.length - NAMED_MAX} more` : "";
  const [them, were] = names.length === 1 ? ["it", "it was"] : ["them", "they were"];
  return `the program can read ${names.join(", ")} in the environment of ${places.slice(0, NAMED_MAX).join(", ")}${more} (/proc/<pid>/environ): unset ${them} where ${were} set, and start from a fresh shell`;
}

function tellHidden(names: readonly string[]): string {
  return `${names.join(", ")} ${names.length === 1 ? "is" : "are"} hidden from this program, and from no other that is started as vault was: unset ${names.length === 1 ? "it" : "them"}`;
}

function sorted(names: readonly string[]): string[] {
  return [...new Set(names)].sort();
}

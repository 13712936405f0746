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
 * @returns a warning of what is left there and in the processes above, in one line; undefined where there is nothing.
 */
export function eraseShownSecrets({ isSecret }: RunEnvironment, { variables }: Pick<Surroundings, "variables">): string | undefined {
  const verdicts = new Map<string, boolean>();
  const judge = ({ name, value }: ShownVariable): boolean => {
    const text = value.toString();
    const key = `${name}=${text}`;
    const verdict = verdicts.get(key) ?? isSecret(name, text);
    verdicts.set(key, verdict);
    return verdict;
  };
  const inherited = Object.entries(variables).map(([name, value = ""]) => ({ name, value: Buffer.from(value) }));
  const own = { name: "vault itself", names: eraseShown(judge, inherited) };
  const above = readProcessesAbove().map((process) => ({ name: `process ${process.pid} (${process.name})`, names: process.variables.filter(judge).map(({ name }) => name) }));
  return describe([own, ...above].filter(({ names }) => names.length > 0));
}

function describe(places: readonly { readonly name: string; readonly names: readonly string[] }[]): string | undefined {
  if (places.length === 0) return undefined;
  const names = [...new Set(places.flatMap((place) => place.names))].sort();
  const named = places.slice(0, NAMED_MAX).map(({ name }) => name);
  const more = places.length > NAMED_MAX ? ` and ${places.length - NAMED_MAX} more` : "";
  return `the program can read ${names.join(", ")} in the environment of ${named.join(", ")}${more}, though it is kept from its own: unset ${names.length === 1 ? "it" : "them"} where ${names.length === 1 ? "it was" : "they were"} set, and start from a fresh shell`;
}

import { Flags } from "@oclif/core";
import { requirePerson } from "../../app/keys/person-only.ts";
import type { Surroundings } from "../../app/surroundings.ts";
import { askHidden, hasTerminal, requireYes } from "../output/terminal.ts";

/** For commands that widen, reveal or replace. */
export const personFlags = {
  "allow-in-run": Flags.boolean({ description: "inside a run, ask the person at the terminal instead of refusing" }),
};

/**
 * To be called before anything else is asked or read.
 *
 * @param act the command as it is typed, for the refusal.
 * @returns the surroundings that came in.
 * @throws VaultError `inside-run`, and as `requirePerson`.
 */
export async function forPersonOnly(act: string, surroundings: Surroundings, flags: { readonly "allow-in-run": boolean }): Promise<Surroundings> {
  const person = { enterPassphrase: () => askHidden("Passphrase"), confirm: requireYes };
  await requirePerson(surroundings, act, flags["allow-in-run"] && hasTerminal() ? person : undefined);
  return surroundings;
}

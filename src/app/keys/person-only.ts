// What widens where secrets go, reveals them or replaces them is for a person: a program in a run could otherwise simply type it. A speed bump, and no wall: the same user's programs can hide that they are in a run.
import { sharesTerminal } from "../../disk/process-identity.ts";
import { VaultError } from "../../errors.ts";
import type { Secret } from "../../secret.ts";
import { readVault } from "../../store/vault-store.ts";
import type { EnclosingRun } from "./inside-run.ts";
import { findEnclosingRun, isBehindWall, missingVault } from "./inside-run.ts";
import { openVault } from "./open-vault.ts";
import type { Surroundings } from "../surroundings.ts";

/** Somebody at a terminal. Neither way may be answered by anything else than keys that are pressed there. */
export interface Person {
  readonly enterPassphrase: () => Promise<Secret>;
  /** Returns after a yes; whatever else is answered is an error. */
  readonly confirm: (question: string) => Promise<void>;
}

/**
 * Returns where no run encloses this process, or where the person says that it is he: by the passphrase, if the vault has one, and otherwise by a yes at the very terminal that the run was started at.
 * A program can make a terminal of its own, and type there what it likes.
 *
 * @param act what was asked for, as it is typed: `secrets update`.
 * @param person undefined where nobody is to be asked.
 * @throws VaultError `no-vault` behind the wall; `inside-run`; `wrong-key` for another passphrase; what asking and reading the vault say.
 */
export async function requirePerson(surroundings: Surroundings, act: string, person: Person | undefined): Promise<void> {
  if (isBehindWall()) throw missingVault(surroundings);
  const run = await findEnclosingRun(surroundings);
  if (run === undefined) return;
  if (person === undefined) throw refuse(act, run, "type it in a terminal outside the run; or, where you see this at a terminal of your own, with --allow-in-run, which asks there");
  const file = await readVault(surroundings.paths);
  if (file?.contents.slot.locator.provider === "passphrase") {
    // Not by an agent, which answers the program as well, nor by what stands in the environment.
    (await openVault({ ...surroundings, hasGivenPassphrase: true, findPassphrase: person.enterPassphrase })).close();
    return;
  }
  if (run.by === "above" && !sharesTerminal(run.pid)) throw refuse(act, run, "this is not the terminal that the run was started at, so that its program could answer here: type it in a terminal outside the run");
  await person.confirm(`this is inside a run, whose program may have typed it: ${act}, at your word?`);
}

function refuse(act: string, run: EnclosingRun, hint: string): VaultError {
  const how = run.by === "above" ? `process ${run.pid}, a vault run, is above this one` : "this environment is that of a vault run";
  return new VaultError("inside-run", `vault ${act} is for the person who started the run, and not for its program (${how})`, hint);
}

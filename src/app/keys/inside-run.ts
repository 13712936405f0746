// Whether this process was started by a program in a run: for what is the person's to do, and not the program's.
import { existsSync } from "node:fs";
import { findPresent } from "../../agent/presence/roll-call.ts";
import { listAncestors } from "../../disk/process-identity.ts";
import { VaultError } from "../../errors.ts";
import { noVault } from "../../store/vault-store.ts";
import { MARKER } from "../../wall/namespaces/inner-words.ts";
import type { Surroundings } from "../surroundings.ts";

/** `above`: the nearest process above this one that is a `vault run`. `variables`: this environment is that of a run, which may be over. */
export type EnclosingRun = { readonly by: "above"; readonly pid: number } | { readonly by: "variables" };

/**
 * By the processes above this one, and, where a program has left them (or the system does not tell), by what a run puts into the environment. A program that takes care of both is not recognised:
 * this keeps mistakes away, and not an attacker.
 */
export async function findEnclosingRun({ variables }: Pick<Surroundings, "variables">): Promise<EnclosingRun | undefined> {
  const above = findRunAbove();
  if (above !== undefined) return { by: "above", pid: above };
  // Only here: no command that has a vault is to wait for it.
  const { leaveOuterRun } = await import("../../run/outer-run.ts");
  return leaveOuterRun(variables) === undefined ? undefined : { by: "variables" };
}

export async function isInsideRun(surroundings: Pick<Surroundings, "variables">): Promise<boolean> {
  return (await findEnclosingRun(surroundings)) !== undefined;
}

/** What is said where there is no vault: behind the wall there never is, whatever is made in its place, and in a run `vault init` is refused. */
export function missingVault({ paths }: Pick<Surroundings, "paths">): VaultError {
  const none = isBehindWall() ? new VaultError("no-vault", "this is inside a walled run, where there is no vault") : noVault(paths.vaultFile);
  return isBehindWall() || findRunAbove() !== undefined ? new VaultError("no-vault", none.message, "a program in a run has its secrets from outside: ask the person who started it") : none;
}

export function isBehindWall(): boolean {
  return process.platform === "linux" && existsSync(MARKER);
}

function findRunAbove(): number | undefined {
  const ancestors = listAncestors();
  try {
    const runs = new Set(findPresent("run", undefined).map(({ pid }) => pid));
    return ancestors.find((pid) => runs.has(pid));
  } catch {
    // The kernel does not tell.
    return undefined;
  }
}

// Whether this process was started by a program in a run: for what is the person's to do, and not the program's.
import { findPresent } from "../../agent/roll-call.ts";
import { listAncestors } from "../../disk/process-identity.ts";
import type { Surroundings } from "../surroundings.ts";

/**
 * By what a run puts into the environment, and, where a program has taken that out again, by the processes above this one. A program that takes care to be the child of none of them is not recognised:
 * this keeps mistakes away, and not an attacker.
 */
export async function isInsideRun({ variables }: Pick<Surroundings, "variables">): Promise<boolean> {
  // Only here: no command that has a vault is to wait for it.
  const { leaveOuterRun } = await import("../../run/outer-run.ts");
  return leaveOuterRun(variables) !== undefined || isBelowRun();
}

function isBelowRun(): boolean {
  const ancestors = listAncestors();
  try {
    return findPresent("run", undefined).some(({ pid }) => ancestors.includes(pid));
  } catch {
    // The kernel does not tell.
    return false;
  }
}

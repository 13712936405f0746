// The gate of a run whose secrets have rules that ask or count: with the agent that holds the key, or one of the runs' own.
import { basename } from "node:path";
import { connectForRun, whileKeyChanges } from "../keys/agent-for-runs.ts";
import type { LockWatch } from "../keys/lock-watch.ts";
import type { OpenedVault } from "../keys/open-vault.ts";
import { withOpenVault } from "../keys/open-vault.ts";
import type { Surroundings } from "../surroundings.ts";
import { withoutPassphrase } from "../surroundings.ts";
import type { HeldNotices } from "./held-notices.ts";
import type { GateOptions, OpenGate } from "./run-gate.ts";
import { openRunGate } from "./run-gate.ts";

export interface RunGateTerms extends Pick<GateOptions, "run" | "idOf" | "askHere"> {
  readonly command: string;
  readonly lock: LockWatch;
  readonly notices: HeldNotices;
}

/** Whoever opened it closes it. @throws as `connectForRun`: a run in which nobody could be asked does not begin. */
export async function openGateOfRun(surroundings: Surroundings, vault: OpenedVault, { run, idOf, askHere, command, lock, notices }: RunGateTerms): Promise<OpenGate> {
  // Nobody types a passphrase in the middle of a run.
  const quiet = withoutPassphrase(surroundings);
  let isFirst = true;
  return openRunGate({
    connect: () => {
      const isAtStart = isFirst;
      isFirst = false;
      return whileKeyChanges(surroundings, () => !lock.isRevoked(), () => (isAtStart ? connectForRun(surroundings, vault) : withOpenVault(quiet, (opened) => connectForRun(quiet, opened))));
    },
    run,
    program: basename(command),
    idOf,
    isRevoked: lock.isRevoked,
    tell: notices.tell,
    askHere,
  });
}

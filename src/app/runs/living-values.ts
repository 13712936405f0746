// The secrets of a run whose values are made: who is asked for them, and what is told of those that could not be had.
import type { Failure } from "../../agent/sources/source-maker.ts";
import type { ValueAnswer } from "../../agent/sources/value-store.ts";
import { VaultError } from "../../errors.ts";
import type { Grant } from "../../proxy/grants/grant.ts";
import type { Secret } from "../../secret.ts";
import type { SecretRecord } from "../../vault/record.ts";
import { connectForRun, whileKeyChanges } from "../keys/agent-for-runs.ts";
import type { LockWatch } from "../keys/lock-watch.ts";
import type { OpenedVault } from "../keys/open-vault.ts";
import { withOpenVault } from "../keys/open-vault.ts";
import type { Viewpoint } from "../secrets/find-secret.ts";
import { describeFailure, findRemedy } from "../sources/failure-text.ts";
import { logMaking, makingOf } from "../sources/value-log.ts";
import type { Surroundings } from "../surroundings.ts";
import { withoutPassphrase } from "../surroundings.ts";
import { openLivingValue } from "./living-value.ts";
import type { Reach } from "./reach.ts";
import { findLoss, keepAllowed } from "./reach.ts";

export interface LivingValues {
  /** `follow`: the grant again, whose value is made when it is needed, and whose reach is what the vault allows then. */
  readonly open: (record: SecretRecord) => { readonly value: Secret; readonly follow: (grant: Grant) => Grant };
  /** @returns why values could not be had, for the person, when the program has ended: see refusal-notes.ts. */
  readonly end: () => string[];
}

/** Makes sure that an agent is there for the run, and follows it. @param run its id, as the log has it. @throws VaultError as `connectForRun`. */
export async function openLivingValues(surroundings: Surroundings, vault: OpenedVault, viewpoint: Viewpoint, watch: LockWatch, run: string): Promise<LivingValues> {
  const complaints = new Map<string, Failure | VaultError>();
  // Nobody types a passphrase in the middle of a run.
  const quiet = withoutPassphrase(surroundings);
  if (vault.agent === undefined) watch.follow(await whileKeyChanges(surroundings, () => true, () => connectForRun(surroundings, vault)));

  const reached = new Map<string, { readonly grant: Grant; readonly given: Reach }[]>();

  /** The answer again. Of what cannot be written down, nothing is used. */
  const log = async (opened: OpenedVault, record: SecretRecord, answer: ValueAnswer): Promise<ValueAnswer> => {
    const making = makingOf(answer, surroundings.now().getTime());
    try {
      if (making !== undefined) await logMaking(surroundings, opened, record, run, making);
    } catch (error) {
      if (answer.kind === "value") answer.value.wipe();
      throw error;
    }
    return answer;
  };

  let newest = vault.file.contents.generation;
  const ask = async (given: SecretRecord, refused: string | undefined): Promise<ValueAnswer> => {
    const seen = newest;
    let isAsked = false;
    return whileKeyChanges(surroundings, () => !isAsked && !watch.isRevoked(), () => withOpenVault(quiet, async (opened) => {
      // Anchor and log may have been put back together with the file.
      const { generation } = opened.file.contents;
      if (generation < seen) throw new VaultError("rolled-back", "the vault file is older than the one that this run has seen");
      newest = Math.max(newest, generation);
      const record = opened.file.records.named(new Set([given.name])).find((one) => one.id === given.id);
      const loss = findLoss(given, record, viewpoint);
      if (record === undefined || loss !== undefined) throw new VaultError("not-found", loss ?? "");
      for (const { grant, given: first } of reached.get(given.id) ?? []) Object.assign(grant, keepAllowed(first, record));
      if (watch.isRevoked()) throw new VaultError("locked", "the vault was locked");
      const agent = await connectForRun(surroundings, opened);
      try {
        isAsked = true;
        return await log(opened, record, await agent.askValue(record, refused));
      } finally {
        // One that was started just now has to know that a run is there.
        if (opened.agent === undefined) watch.follow(agent);
        else agent.close();
      }
    }));
  };

  return {
    open(record) {
      const { value, living } = openLivingValue({ record, ask, vaultFile: surroundings.paths.vaultFile, complain: (name, failure) => { complaints.set(name, failure); } });
      const follow = (grant: Grant): Grant => {
        const following = { ...grant, firstBindings: grant.bindings, living };
        reached.set(record.id, [...(reached.get(record.id) ?? []), { grant: following, given: grant }]);
        return following;
      };
      return { value, follow };
    },
    end: () => [...complaints].map(([name, failure]) => `no value of ${name}: ${failure instanceof VaultError ? failure.message : describeFailure(failure)} (${findRemedy(failure, name)})`),
  };
}

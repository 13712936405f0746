// The secrets of a run whose values are made: who is asked for them, and what is told of those that could not be had.
import type { Failure } from "../../agent/sources/source-maker.ts";
import type { ValueAnswer } from "../../agent/sources/value-store.ts";
import type { AuditEvent } from "../../audit/entry.ts";
import { VaultError } from "../../errors.ts";
import type { LivingValue } from "../../proxy/grants/living-value.ts";
import type { Secret } from "../../secret.ts";
import type { SecretRecord } from "../../vault/record.ts";
import { connectForRun } from "../keys/agent-for-runs.ts";
import type { LockWatch } from "../keys/lock-watch.ts";
import type { OpenedVault } from "../keys/open-vault.ts";
import { withOpenVault } from "../keys/open-vault.ts";
import { describeFailure } from "../sources/failure-text.ts";
import type { Surroundings } from "../surroundings.ts";
import { openLivingValue } from "./living-value.ts";

export interface LivingValues {
  readonly open: (record: SecretRecord) => { readonly value: Secret; readonly living: LivingValue };
  /** From when on events are taken down: the run's trail is opened later than its values. */
  readonly recordTo: (enter: (event: AuditEvent) => void) => void;
  /** Takes no more events down. @returns why values could not be had, for the person, when the program has ended: see refusal-notes.ts. */
  readonly end: () => string[];
}

/** Makes sure that an agent is there for the run, and follows it. @throws VaultError as `connectForRun`. */
export async function openLivingValues(surroundings: Surroundings, vault: OpenedVault, watch: LockWatch): Promise<LivingValues> {
  const complaints = new Map<string, Failure | VaultError>();
  let enter: (event: AuditEvent) => void = () => undefined;
  // Nobody types a passphrase in the middle of a run.
  const quiet: Surroundings = { ...surroundings, hasGivenPassphrase: false, findPassphrase: () => Promise.resolve(undefined) };
  if (vault.agent === undefined) watch.follow(await connectForRun(surroundings, vault));

  const ask = async ({ id, name }: SecretRecord, refused: string | undefined): Promise<ValueAnswer> =>
    withOpenVault(quiet, async (opened) => {
      const record = opened.file.records.all().find((one) => one.id === id);
      if (record === undefined || record.source.kind === "stored") throw new VaultError("not-found", `"${name}" is no longer in the vault as it was`, "start the run anew");
      if (watch.isRevoked()) throw new VaultError("locked", "the vault was locked");
      const agent = await connectForRun(surroundings, opened);
      try {
        return await agent.askValue(record, refused);
      } finally {
        // One that was started just now has to know that a run is there.
        if (opened.agent === undefined) watch.follow(agent);
        else agent.close();
      }
    });

  return {
    open: (record) => openLivingValue({ record, ask, vaultFile: surroundings.paths.vaultFile, enter: (event) => { enter(event); }, complain: (name, failure) => { complaints.set(name, failure); } }),
    recordTo(to) {
      enter = to;
    },
    end() {
      enter = () => undefined;
      return [...complaints].map(([name, failure]) => `no value of ${name}: ${failure instanceof VaultError ? failure.message : describeFailure(failure)} (vault doctor --try)`);
    },
  };
}

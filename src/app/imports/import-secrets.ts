// Puts the values of a file into the vault: all in one write, or none; and takes them out of the file only when the vault is proven to give each of them back.
import { equalBytes, findText } from "../../bytes.ts";
import { VaultError } from "../../errors.ts";
import type { Assignment } from "../../env-files/assignment.ts";
import { KEPT_VALUE } from "../../env-files/kept-value.ts";
import { findLocalUse } from "../../env-files/local-use.ts";
import { openSecrets, sealSecrets } from "../../vault/envelope.ts";
import type { SecretBinding, SecretRecord } from "../../vault/record.ts";
import { compareText, isSameScope } from "../../vault/scope.ts";
import type { VaultContents } from "../../vault/vault-file.ts";
import { ensureVault } from "../keys/auto-init.ts";
import { changeAudited } from "../keys/change-vault.ts";
import type { ImportWishes, Plan, SkipReason } from "./import-plan.ts";
import { planImport } from "./import-plan.ts";
import { openRegistry } from "../services/known-services.ts";
import type { OpenedVault } from "../keys/open-vault.ts";
import { withOpenVault } from "../keys/open-vault.ts";
import { requireAdded } from "../services/own-services.ts";
import type { PinnedSecret } from "../services/pin.ts";
import { bindNew, describeSecret } from "../secrets/secrets.ts";
import type { Surroundings } from "../surroundings.ts";
import { findGuessable, requireStorable } from "../secrets/value-rules.ts";

/** A line of the audit log holds that many bindings. */
export const IMPORT_MAX = 500;
/** How many values are sealed between two steps of the progress bar. */
const BATCH = 50;

/** `unchanged`: the vault had that very value already. Names and hosts, never a value. */
export type Outcome =
  | { readonly name: string; readonly kind: "imported"; readonly service: string | undefined; readonly hosts: readonly string[] }
  | { readonly name: string; readonly kind: "unchanged" }
  | { readonly name: string; readonly kind: "skipped"; readonly reason: SkipReason };

interface Item {
  readonly secret: PinnedSecret;
  readonly assignment: Assignment;
}

/**
 * @returns one outcome for each assignment, in the file's order. Every value that is `imported` or `unchanged` has been read back from the vault on the disk.
 * @throws VaultError `usage`, and what opening and writing the vault say; nothing was imported then, unless the reading back failed.
 */
export async function importSecrets(surroundings: Surroundings, assignments: readonly Assignment[], wishes: ImportWishes): Promise<Outcome[]> {
  if (assignments.length > IMPORT_MAX) throw new VaultError("usage", `there are more than ${IMPORT_MAX} names in the file`, "import it in parts");
  const names = assignments.map(({ name, value }) => ({ name, isEmpty: value.length === 0, isKept: isKept(value), use: findLocalUse(name, findText(value.reveal()) ?? "") }));
  const plans = await planImport(openRegistry(surroundings), names, wishes);
  const items = plans.flatMap((plan, index): Item[] => {
    const assignment = assignments[index];
    return plan.kind === "import" && assignment !== undefined ? [{ secret: plan.secret, assignment }] : [];
  });
  const refused = new Set(items.filter((item) => !isStorable(item)));
  const storable = items.filter((item) => !refused.has(item));
  const outcomes = new Map<string, Outcome>();
  for (const { secret } of refused) outcomes.set(secret.name, { name: secret.name, kind: "skipped", reason: "not-storable" });
  if (storable.length > 0) {
    for (const outcome of await withOpenVault(surroundings, (vault) => write(surroundings, vault, storable), ensureVault)) outcomes.set(outcome.name, outcome);
    await proveReadable(surroundings, storable.filter(({ secret }) => outcomes.get(secret.name)?.kind !== "skipped"));
  }
  return plans.map((plan) => outcomes.get(nameOf(plan)) ?? { name: nameOf(plan), kind: "skipped", reason: plan.kind === "skip" ? plan.reason : "unknown" });
}

function nameOf(plan: Plan): string {
  return plan.kind === "skip" ? plan.name : plan.secret.name;
}

function isKept(value: Assignment["value"]): boolean {
  return equalBytes(value.reveal(), Buffer.from(KEPT_VALUE));
}

function isStorable({ secret, assignment }: Item): boolean {
  try {
    requireStorable(secret.name, assignment.value, secret.places);
    return true;
  } catch (error) {
    if (error instanceof VaultError) return false;
    throw error;
  }
}

async function write(surroundings: Surroundings, vault: OpenedVault, items: readonly Item[]): Promise<Outcome[]> {
  for (const { secret } of items) requireAdded(secret.evidence, vault.keys.services);
  const twins = await judgeTwins(vault, vault.file.contents, items);
  if (items.every(({ secret }) => twins.has(secret.name))) return [...twins.values()];
  let outcomes: Outcome[] = [];
  await changeAudited(surroundings, vault.holder, async (contents) => {
    const there = await judgeTwins(vault, contents, items);
    const added = await sealAll(surroundings, vault, contents, items.filter(({ secret }) => !there.has(secret.name)));
    outcomes = [...there.values(), ...added.map(({ name, service, hosts }): Outcome => ({ name, kind: "imported", service, hosts }))];
    const secrets = [...contents.secrets, ...added].sort((a, b) => compareText(a.id, b.id));
    return { contents: { ...contents, secrets }, event: { kind: "secret.import", secrets: added.map((record) => describeSecret("secret.create", record)) } };
  });
  const imported = new Set(outcomes.flatMap((outcome) => (outcome.kind === "imported" ? [outcome.name] : [])));
  for (const { secret, assignment } of items) {
    const guessable = imported.has(secret.name) ? findGuessable(secret.name, assignment.value, true) : undefined;
    if (guessable !== undefined) surroundings.warn(guessable);
  }
  return outcomes;
}

/** Secrets of these names that the vault has: with the same value, or with another, which an import never replaces. */
async function judgeTwins({ holder }: OpenedVault, contents: VaultContents, items: readonly Item[]): Promise<Map<string, Outcome>> {
  const pairs = items.flatMap((item) => {
    const record = findRecord(contents.secrets, item);
    return record === undefined ? [] : [{ item, record }];
  });
  const values = await openSecrets(holder, contents.id, pairs.map(({ record }) => record));
  try {
    return new Map(pairs.map(({ item: { secret, assignment } }, index) => {
      const isSame = values[index]?.equals(assignment.value) === true;
      return [secret.name, isSame ? { name: secret.name, kind: "unchanged" } : { name: secret.name, kind: "skipped", reason: "exists" }];
    }));
  } finally {
    for (const value of values) value.wipe();
  }
}

async function sealAll(surroundings: Surroundings, { holder }: OpenedVault, contents: VaultContents, items: readonly Item[]): Promise<SecretRecord[]> {
  const at = surroundings.now().toISOString();
  const records: SecretRecord[] = [];
  for (let start = 0; start < items.length; start += BATCH) {
    const batch = items.slice(start, start + BATCH).map(({ secret, assignment }): { binding: SecretBinding; value: Assignment["value"] } => ({ binding: bindNew(secret), value: assignment.value }));
    const envelopes = await sealSecrets(holder, contents.id, batch);
    for (const [index, { binding }] of batch.entries()) {
      const envelope = envelopes[index];
      if (envelope === undefined) throw new VaultError("bad-wrap", "a key holder answered with too few keys");
      records.push({ ...binding, createdAt: at, updatedAt: at, ...envelope });
    }
    surroundings.showProgress("importing", records.length, items.length);
  }
  return records;
}

/** Reads the vault from the disk again. @throws VaultError `bad-seal` where a value does not come back as it was given. */
async function proveReadable(surroundings: Surroundings, items: readonly Item[]): Promise<void> {
  await withOpenVault(surroundings, async ({ file, holder }) => {
    const records = items.map((item) => {
      const record = findRecord(file.contents.secrets, item);
      if (record === undefined) throw new VaultError("bad-seal", `"${item.secret.name}" is not in the vault`);
      return record;
    });
    const values = await openSecrets(holder, file.contents.id, records);
    try {
      for (const [index, { secret, assignment }] of items.entries()) {
        if (values[index]?.equals(assignment.value) !== true) throw new VaultError("bad-seal", `the value of "${secret.name}" does not come back as it was given`);
      }
    } finally {
      for (const value of values) value.wipe();
    }
  });
}

function findRecord(secrets: readonly SecretRecord[], { secret }: Item): SecretRecord | undefined {
  return secrets.find(({ name, scope }) => name === secret.name && isSameScope(scope, secret.scope));
}

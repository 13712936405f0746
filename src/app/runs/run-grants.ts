// What a run gets out of the vault, and what it puts into the audit log while the key is at hand.
import { randomBytes } from "node:crypto";
import { basename, dirname } from "node:path";
import { resolveKeyFile } from "../../keys/key-file.ts";
import { RUN_FILE } from "../../project/run-file.ts";
import type { StrayTest } from "../../proxy/places/placeholder-check.ts";
import type { Hiding } from "../../run/hidden-values.ts";
import { CONTAINED_BYTES_MIN } from "../../run/hidden-values.ts";
import { Secret } from "../../secret.ts";
import { openSecrets } from "../../vault/envelope.ts";
import type { SecretRecord } from "../../vault/record.ts";
import { needsGate } from "../approvals/needs-gate.ts";
import type { RunGateTerms } from "../approvals/open-run-gate.ts";
import type { HeldNotices } from "../approvals/held-notices.ts";
import type { OpenGate } from "../approvals/run-gate.ts";
import type { Wishes, WishTerms } from "../approvals/wishes.ts";
import type { EnvFiles } from "../imports/env-file-variables.ts";
import type { LockWatch } from "../keys/lock-watch.ts";
import type { OpenedVault } from "../keys/open-vault.ts";
import type { VaultLook } from "../keys/vault-watch.ts";
import { listStoreVariables } from "../keys/store-password.ts";
import type { Surroundings } from "../surroundings.ts";
import type { NamedGrant } from "./child-environment.ts";
import type { BegunRun } from "./given-secrets.ts";
import { givenOf, keepGiven } from "./given-secrets.ts";
import type { Choice } from "./granted-secrets.ts";
import { chooseSecrets, formsOf, grantOf, loadTraits } from "./granted-secrets.ts";
import { narrowChoices } from "./run-narrowing.ts";
import type { RunOptions } from "./run-options.ts";
import { openPlaceholders } from "./run-placeholders.ts";
import type { RunTrail } from "./run-trail.ts";
import { openRunTrail } from "./run-trail.ts";
import { followStored } from "./stored-values.ts";

export interface RunGrants {
  /** The variable that holds the vault's own key, if one does. */
  readonly withheld: readonly string[];
  /** The file that holds it, if one does. */
  readonly keyFile: string | undefined;
  readonly grants: readonly NamedGrant[];
  /** The vault's other stored values, and placeholders of theirs, which act nowhere: behind a wall, files and variables show these. The caller wipes them. */
  readonly beside: Hiding["hidden"];
  /** Knows placeholders of this vault's other secrets. */
  readonly isStray: StrayTest;
  /** What `.env` files add. A variable that is set already counts more, as it does with dotenv. */
  readonly plain: Readonly<Record<string, string>>;
  readonly trail: RunTrail;
  /** What the run was given, for another broker that goes on with it. */
  readonly begun: BegunRun;
  /** Where a rule asks or counts. The caller closes it. */
  readonly gate: OpenGate | undefined;
  /** What the program asks its person for. The caller closes it. */
  readonly wishes: Wishes;
  /** Nothing is told of values that are made from then on. @returns why some could not be had, and which of the vault's changes have cost the run something. */
  readonly endLiving: () => string[];
}

/** What was begun before the vault was opened, so that nothing falls between. */
export interface RunWatches {
  readonly lock: LockWatch;
  readonly look: VaultLook;
  /** What `look` has said then. */
  readonly seenAtStart: string;
}

/** Where a run comes from that nobody here has started. */
export interface RunOrigin {
  /** Who has asked for it: for the log. */
  readonly told: Readonly<Record<string, string>>;
  /** Under whose sign of life in the store it goes on, where that is not its own. */
  readonly broker: string | undefined;
  /** What another broker has begun, and this one goes on with. */
  readonly begun: BegunRun | undefined;
  /** Whether its program runs on this machine. */
  readonly isHere: boolean;
}

/** Opens the values and writes the start of the run, both while the key is at hand. */
export async function openGrants(surroundings: Surroundings, vault: OpenedVault, options: RunOptions, { lock, look, seenAtStart }: RunWatches, { told, broker, begun, isHere }: RunOrigin = OWN): Promise<RunGrants> {
  const needs = options.project?.needs;
  const runId = randomBytes(8).toString("hex");
  const wanted = await narrowChoices(surroundings, needs === undefined ? chooseSecrets(vault.file.records, options) : (await import("./project-choices.ts")).chooseForProject(vault.file.records.all(), { ...options, needs }), options.narrowing);
  const chosen: readonly (Choice & { readonly placeholder?: string })[] = begun === undefined ? wanted : keepGiven(wanted, begun.secrets, options.viewpoint);
  const plain = options.envFiles === undefined ? {} : await readEnvFiles(surroundings, vault, options, options.envFiles, new Set(chosen.flatMap(({ variable }) => variable ?? [])));
  const traits = await loadTraits(surroundings, chosen.map(({ record }) => record), vault.keys.services);
  const stored = chosen.map(({ record }) => record).filter(({ source }) => source.kind === "stored");
  const opened = await openSecrets(vault.holder, vault.file.contents.id, stored);
  const values = new Map(stored.map(({ id }, index) => [id, opened[index]]));
  // Only here: a run whose secrets are all stored needs no agent, and no word of this.
  const living = chosen.every(({ variable, record }) => variable === undefined || record.source.kind === "stored") ? undefined : await (await import("./living-values.ts")).openLivingValues(surroundings, vault, options.viewpoint, lock, runId);
  const following = followStored(surroundings, vault, { viewpoint: options.viewpoint, look, seenAtStart });
  const maker = openPlaceholders(vault, options.freshPlaceholders === true);
  const grants = chosen.map(({ variable, record, placeholder: known, ...reach }) => {
    const made = record.source.kind === "stored" || variable === undefined ? undefined : living?.open(record);
    const value = made?.value ?? values.get(record.id) ?? Secret.fromText("");
    const placeholder = known ?? maker.placeholderOf({ id: record.id, variable, value, forms: formsOf(record, traits) });
    const grant = grantOf({ ...record, ...reach }, value, placeholder, traits);
    return { variable, grant: made === undefined ? (variable === undefined ? grant : following.follow(record, grant)) : made.follow(grant) };
  });
  // Only here: to open what the run does not get would cost every run.
  const beside = isHere && options.wall !== undefined ? await openBeside(vault, new Set(chosen.map(({ record }) => record.id)), (record, value) => maker.placeholderOf({ id: record.id, variable: undefined, value, forms: formsOf(record, traits) })) : [];
  maker.close();
  const ids = new Map(grants.map(({ grant }, index) => [grant, chosen[index]?.record.id ?? ""]));
  // Only here: where no rule asks or counts, nobody is needed for that.
  const gate = needsGate(grants.map(({ grant }) => grant)) ? await openGate(surroundings, vault, options, { lock, run: runId, idOf: (grant) => ids.get(grant) ?? grant.name }) : undefined;
  const wishes = openLateWishes(surroundings, options, { gate, run: runId, lock });
  const trail = await openRunTrail(surroundings, vault, runId, {
    ...(begun === undefined ? { kind: "run.start" } : { kind: "run.join", of: begun.run }),
    program: basename(options.command),
    workspace: options.viewpoint.workspace ?? null,
    group: options.viewpoint.group ?? null,
    secrets: chosen.filter(({ variable }) => variable !== undefined).map(({ record }) => record.name),
    ...(needs === undefined ? {} : { narrowedBy: RUN_FILE }),
    ...(options.narrowing?.rules === undefined ? {} : { rules: { ...options.narrowing.rules } }),
    ...(options.narrowing === undefined || options.narrowing.presets.length === 0 ? {} : { presets: options.narrowing.presets }),
    ...(options.wall !== undefined ? { wall: "on" } : options.declinesWall === true ? { wall: "off" } : {}),
    ...(options.envFiles === undefined ? {} : { exposed: options.envFiles.expose }),
    ...(broker === undefined ? {} : { broker }),
    ...told,
  }, undefined, broker !== undefined).catch((error: unknown) => {
    gate?.close();
    throw error;
  });
  const { locator } = vault.file.contents.slot;
  const keyFile = locator.provider === "file" ? resolveKeyFile(locator.path, dirname(surroundings.paths.vaultFile)) : undefined;
  const given = chosen.flatMap((choice, index) => { const named = grants[index]; return named === undefined ? [] : [givenOf(choice, named)]; });
  return { grants, beside, gate, wishes, begun: begun ?? { run: runId, secrets: given }, isStray: maker.isStray, trail, plain, endLiving: () => [...(living?.end() ?? []), ...following.end()], keyFile, withheld: [...(locator.provider === "env" ? [locator.variable] : []), ...(options.sealingKeys ?? []), ...listStoreVariables(surroundings)] };
}

const OWN: RunOrigin = { told: {}, broker: undefined, begun: undefined, isHere: true };

/** Those of other scopes as well. What is made from elsewhere when it is used is no value of the vault's. */
async function openBeside({ holder, file }: OpenedVault, given: ReadonlySet<string>, placeholderOf: (record: SecretRecord, value: Secret) => string): Promise<RunGrants["beside"]> {
  const records = file.records.all().filter(({ id, source }) => source.kind === "stored" && !given.has(id));
  const values = await openSecrets(holder, file.contents.id, records);
  return records.flatMap((record, index) => {
    const value = values[index];
    if (value === undefined) return [];
    // Of one that the run does not get, no variable that happens to say the same is taken away.
    if (value.length < CONTAINED_BYTES_MIN) {
      value.wipe();
      return [];
    }
    return [{ value, placeholder: placeholderOf(record, value) }];
  });
}

/** Only with the first is anything loaded for it. */
function openLateWishes(surroundings: Surroundings, { command, tellHeld }: RunOptions, terms: Pick<WishTerms, "gate" | "run" | "lock">): Wishes {
  const notices = async (): Promise<HeldNotices> => (await import("../approvals/held-notices.ts")).openHeldNotices(tellHeld ?? surroundings.warn, surroundings.variables);
  let opened: Promise<Wishes> | undefined;
  const open = async (): Promise<Wishes> => (await import("../approvals/wishes.ts")).openWishes(surroundings, { ...terms, command, notices });
  return {
    hear: async (wish) => (await (opened ??= open())).hear(wish),
    close: () => { void opened?.then((wishes) => { wishes.close(); }, () => undefined); },
  };
}

async function openGate(surroundings: Surroundings, vault: OpenedVault, { command, tellHeld, askHere }: RunOptions, terms: Pick<RunGateTerms, "lock" | "run" | "idOf">): Promise<OpenGate> {
  const [{ openGateOfRun }, { openHeldNotices }] = await Promise.all([import("../approvals/open-run-gate.ts"), import("../approvals/held-notices.ts")]);
  return openGateOfRun(surroundings, vault, { ...terms, command, askHere, notices: openHeldNotices(tellHeld ?? surroundings.warn, surroundings.variables) });
}

async function readEnvFiles(surroundings: Surroundings, vault: OpenedVault, { sealingKeys, requirePerson }: RunOptions, envFiles: EnvFiles, granted: ReadonlySet<string>): Promise<Record<string, string>> {
  const { readPlainVariables } = await import("../imports/env-file-variables.ts");
  const { openEnvFiles } = await import("../sealing/sealed-env-files.ts");
  return readPlainVariables(surroundings, { ...envFiles, files: await openEnvFiles(surroundings, vault, envFiles.files, sealingKeys, requirePerson) }, granted);
}

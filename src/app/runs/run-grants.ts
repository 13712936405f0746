// What a run gets out of the vault, and what it puts into the audit log while the key is at hand.
import { randomBytes } from "node:crypto";
import { basename, dirname } from "node:path";
import { resolveKeyFile } from "../../keys/key-file.ts";
import { RUN_FILE } from "../../project/run-file.ts";
import type { StrayTest } from "../../proxy/places/placeholder-check.ts";
import { Secret } from "../../secret.ts";
import { openSecrets } from "../../vault/envelope.ts";
import type { EnvFiles } from "../imports/env-file-variables.ts";
import type { LockWatch } from "../keys/lock-watch.ts";
import type { OpenedVault } from "../keys/open-vault.ts";
import type { VaultLook } from "../keys/vault-watch.ts";
import { listStoreVariables } from "../keys/store-password.ts";
import type { Surroundings } from "../surroundings.ts";
import type { NamedGrant } from "./child-environment.ts";
import { chooseSecrets, formsOf, grantOf, loadTraits } from "./granted-secrets.ts";
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
  /** Knows placeholders of this vault's other secrets. */
  readonly isStray: StrayTest;
  /** What `.env` files add. A variable that is set already counts more, as it does with dotenv. */
  readonly plain: Readonly<Record<string, string>>;
  readonly trail: RunTrail;
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

/** Opens the values and writes the start of the run, both while the key is at hand. @param origin who has asked for the run, where that was not a person here: for the log. */
export async function openGrants(surroundings: Surroundings, vault: OpenedVault, options: RunOptions, { lock, look, seenAtStart }: RunWatches, origin: Readonly<Record<string, string>> = {}): Promise<RunGrants> {
  const { project } = options;
  const runId = randomBytes(8).toString("hex");
  const chosen = project === undefined ? chooseSecrets(vault.file.records, options) : (await import("./project-choices.ts")).chooseForProject(vault.file.records.all(), { ...options, project });
  const plain = options.envFiles === undefined ? {} : await readEnvFiles(surroundings, vault, options, options.envFiles, new Set(chosen.flatMap(({ variable }) => variable ?? [])));
  const traits = await loadTraits(surroundings, chosen.map(({ record }) => record), vault.keys.services);
  const stored = chosen.map(({ record }) => record).filter(({ source }) => source.kind === "stored");
  const opened = await openSecrets(vault.holder, vault.file.contents.id, stored);
  const values = new Map(stored.map(({ id }, index) => [id, opened[index]]));
  // Only here: a run whose secrets are all stored needs no agent, and no word of this.
  const living = chosen.every(({ variable, record }) => variable === undefined || record.source.kind === "stored") ? undefined : await (await import("./living-values.ts")).openLivingValues(surroundings, vault, options.viewpoint, lock, runId);
  const following = followStored(surroundings, vault, { viewpoint: options.viewpoint, look, seenAtStart });
  const maker = openPlaceholders(vault, options.freshPlaceholders === true);
  const grants = chosen.map(({ variable, record, ...reach }) => {
    const made = record.source.kind === "stored" || variable === undefined ? undefined : living?.open(record);
    const value = made?.value ?? values.get(record.id) ?? Secret.fromText("");
    const placeholder = maker.placeholderOf({ id: record.id, variable, value, forms: formsOf(record, traits) });
    const grant = grantOf({ ...record, ...reach }, value, placeholder, traits);
    return { variable, grant: made === undefined ? (variable === undefined ? grant : following.follow(record, grant)) : made.follow(grant) };
  });
  maker.close();
  const trail = await openRunTrail(surroundings, vault, runId, {
    kind: "run.start",
    program: basename(options.command),
    workspace: options.viewpoint.workspace ?? null,
    group: options.viewpoint.group ?? null,
    secrets: chosen.filter(({ variable }) => variable !== undefined).map(({ record }) => record.name),
    ...(project === undefined ? {} : { narrowedBy: RUN_FILE }),
    ...(options.wall !== undefined ? { wall: "on" } : options.declinesWall === true ? { wall: "off" } : {}),
    ...(options.envFiles === undefined ? {} : { exposed: options.envFiles.expose }),
    ...origin,
  });
  const { locator } = vault.file.contents.slot;
  const keyFile = locator.provider === "file" ? resolveKeyFile(locator.path, dirname(surroundings.paths.vaultFile)) : undefined;
  return { grants, isStray: maker.isStray, trail, plain, endLiving: () => [...(living?.end() ?? []), ...following.end()], keyFile, withheld: [...(locator.provider === "env" ? [locator.variable] : []), ...(options.sealingKeys ?? []), ...listStoreVariables(surroundings)] };
}

async function readEnvFiles(surroundings: Surroundings, vault: OpenedVault, { sealingKeys, requirePerson }: RunOptions, envFiles: EnvFiles, granted: ReadonlySet<string>): Promise<Record<string, string>> {
  const { readPlainVariables } = await import("../imports/env-file-variables.ts");
  const { openEnvFiles } = await import("../sealing/sealed-env-files.ts");
  return readPlainVariables(surroundings, { ...envFiles, files: await openEnvFiles(surroundings, vault, envFiles.files, sealingKeys, requirePerson) }, granted);
}

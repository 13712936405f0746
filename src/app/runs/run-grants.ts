// What a run gets out of the vault, and what it puts into the audit log while the key is at hand.
import { randomBytes } from "node:crypto";
import { basename, dirname } from "node:path";
import { resolveKeyFile } from "../../keys/key-file.ts";
import { RUN_FILE } from "../../project/run-file.ts";
import type { StrayTest } from "../../proxy/places/placeholder-check.ts";
import { openSecrets } from "../../vault/envelope.ts";
import type { EnvFiles } from "../imports/env-file-variables.ts";
import type { OpenedVault } from "../keys/open-vault.ts";
import type { Surroundings } from "../surroundings.ts";
import type { NamedGrant } from "./child-environment.ts";
import { chooseSecrets, formsOf, grantOf, loadTraits } from "./granted-secrets.ts";
import type { RunOptions } from "./run-options.ts";
import { openPlaceholders } from "./run-placeholders.ts";
import type { RunTrail } from "./run-trail.ts";
import { openRunTrail } from "./run-trail.ts";

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
}

/** Opens the values and writes the start of the run, both while the key is at hand. */
export async function openGrants(surroundings: Surroundings, vault: OpenedVault, options: RunOptions): Promise<RunGrants> {
  const { project } = options;
  const chosen = project === undefined ? chooseSecrets(vault.file.records, options) : (await import("./project-choices.ts")).chooseForProject(vault.file.records.all(), { ...options, project });
  const plain = options.envFiles === undefined ? {} : await readEnvFiles(surroundings, vault, options, options.envFiles, new Set(chosen.flatMap(({ variable }) => variable ?? [])));
  const traits = await loadTraits(surroundings, chosen.map(({ record }) => record), vault.keys.services);
  const values = await openSecrets(vault.holder, vault.file.contents.id, chosen.map(({ record }) => record));
  const maker = openPlaceholders(vault, options.freshPlaceholders === true);
  const grants = chosen.flatMap(({ variable, record, ...reach }, index) => {
    const value = values[index];
    if (value === undefined) return [];
    const placeholder = maker.placeholderOf({ id: record.id, variable, value, forms: formsOf(record, traits) });
    return [{ variable, grant: grantOf({ ...record, ...reach }, value, placeholder, traits) }];
  });
  maker.close();
  const trail = await openRunTrail(surroundings, vault, randomBytes(8).toString("hex"), {
    kind: "run.start",
    program: basename(options.command),
    workspace: options.viewpoint.workspace ?? null,
    group: options.viewpoint.group ?? null,
    secrets: chosen.filter(({ variable }) => variable !== undefined).map(({ record }) => record.name),
    ...(project === undefined ? {} : { narrowedBy: RUN_FILE }),
    ...(options.wall !== undefined ? { wall: "on" } : options.declinesWall === true ? { wall: "off" } : {}),
    ...(options.envFiles === undefined ? {} : { exposed: options.envFiles.expose }),
  });
  const { locator } = vault.file.contents.slot;
  const keyFile = locator.provider === "file" ? resolveKeyFile(locator.path, dirname(surroundings.paths.vaultFile)) : undefined;
  return { grants, isStray: maker.isStray, trail, plain, keyFile, withheld: [...(locator.provider === "env" ? [locator.variable] : []), ...(options.sealingKeys ?? [])] };
}

async function readEnvFiles(surroundings: Surroundings, vault: OpenedVault, { sealingKeys, requirePerson }: RunOptions, envFiles: EnvFiles, granted: ReadonlySet<string>): Promise<Record<string, string>> {
  const { readPlainVariables } = await import("../imports/env-file-variables.ts");
  const { openEnvFiles } = await import("../sealing/sealed-env-files.ts");
  return readPlainVariables(surroundings, { ...envFiles, files: await openEnvFiles(surroundings, vault, envFiles.files, sealingKeys, requirePerson) }, granted);
}

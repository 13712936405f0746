import { existsSync } from "node:fs";
import { Args, Flags } from "@oclif/core";
import { chooseKey } from "../app/keys/auto-init.ts";
import type { KeyChoice } from "../app/keys/make-vault.ts";
import { makeVault } from "../app/keys/make-vault.ts";
import type { Surroundings } from "../app/surroundings.ts";
import type { ProviderName } from "../cli/input/key-flags.ts";
import { findCost, keyFlags, parseProvider, PROVIDER_WORDS, requireFlagsOf } from "../cli/input/key-flags.ts";
import { findStorePassword, requireSecretInput } from "../cli/input/secret-input.ts";
import { forPersonOnly, personFlags } from "../cli/input/person-flags.ts";
import { makeSurroundings, passphraseWays } from "../cli/surroundings.ts";
import { passphraseFlags, VaultCommand } from "../cli/vault-command.ts";
import { DEFAULT_VARIABLE } from "../keys/environment.ts";
import { DEFAULT_SERVICE } from "../keys/keyring.ts";
import { VaultError } from "../errors.ts";
import { RUN_FILE } from "../project/run-file.ts";
import { KDF_COSTS } from "../vault/kdf.ts";

/** Where editors find the schema in a project that has installed this package. */
const SCHEMA_OF_INSTALLED = "node_modules/vaultrun/src/project/vault.run.schema.json";

export default class Init extends VaultCommand {
  static override summary = "Make the vault, with exactly the key provider asked for";
  static override description = "Without --provider, the key comes from the variable VAULT_MASTER_KEY if it is set, else from the keyring, else from a new key file. Where a vault is already, nothing is changed and the exit status is 8. With --store, the vault is in a database or a bucket that several machines reach, and this machine has a copy; its password comes from VAULT_STORE_PASSWORD, for S3 also from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY. With --project, no vault is made: the names of the keys in a .env file go into a new vault.run.json, which vault run in this folder heeds; values never do.";
  static override examples = [
    { description: "A passphrase, asked for twice", command: "<%= config.bin %> init --provider passphrase" },
    { description: "A key file, made where it is told", command: "<%= config.bin %> init --provider file --file-path ./vault.key" },
    { description: "On a store that several machines reach; where a vault is there already, this machine joins it", command: "<%= config.bin %> init --store rediss://store.example.com/0 --provider passphrase" },
    { description: "What this project's programs need, from its .env", command: "<%= config.bin %> init --project .env" },
  ];
  static override args = { env: Args.string({ ignoreStdin: true, description: "with --project: the .env file, ./.env if left out" }) };
  static override flags = {
    project: Flags.boolean({ description: "write vault.run.json for the programs of this folder, from the names in a .env file" }),
    provider: Flags.string({ description: "who keeps the master key", options: PROVIDER_WORDS }),
    store: Flags.string({ description: "where the vault is to be, for several machines: postgres://user@host/database, s3://bucket/key or rediss://host/0", helpValue: "URL" }),
    join: Flags.boolean({ description: "with --store: join the vault that is there, and make none; where this machine has joined it already, change nothing", dependsOn: ["store"], exclusive: ["provider"] }),
    ...keyFlags,
    ...personFlags,
    ...passphraseFlags,
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Init);
    if (!flags.project && args.env !== undefined) throw new VaultError("usage", "a .env file goes with --project", "vault init --project FILE");
    if (flags.project) {
      await this.#describeProject(args.env ?? ".env", flags);
      return;
    }
    const surroundings = await forPersonOnly("init", makeSurroundings(flags["passphrase-file"]), flags);
    const provider = flags.provider === undefined ? (surroundings.hasGivenPassphrase ? "passphrase" : undefined) : parseProvider(flags.provider);
    if (provider !== undefined) requireFlagsOf(provider, flags);
    const choose = async (): Promise<KeyChoice> => (provider === undefined ? chooseKey(surroundings) : this.#choose(provider, flags));
    if (flags.store !== undefined) {
      await this.#initOnStore(surroundings, flags.store, flags.join ? undefined : choose, flags.json);
      return;
    }
    const { contents } = await makeVault(surroundings, await choose());
    const { locator } = contents.slot;
    this.answer(flags.json, { provider: locator.provider, vault: surroundings.paths.vaultFile, generation: contents.generation }, [
      `made a vault at ${surroundings.paths.vaultFile}, key provider ${locator.provider}`,
    ]);
  }

  async #initOnStore(surroundings: Surroundings, url: string, choose: (() => Promise<KeyChoice>) | undefined, isJson: boolean): Promise<void> {
    // Only here: no vault that is a file is to wait for it.
    const { nameStore } = await import("../app/stores/named-store.ts");
    const { initOnStore } = await import("../app/stores/init-on-store.ts");
    const named = await nameStore(surroundings, url, findStorePassword());
    const { kind, file } = await initOnStore(surroundings, named, choose);
    const { generation, slot: { locator } } = file.contents;
    const { store } = named.file;
    this.answer(isJson, { provider: locator.provider, vault: surroundings.paths.vaultFile, store, joined: kind !== "made", generation }, [
      `${{ made: "made a", joined: "joined the", "as-before": "had joined the" }[kind]} vault in the store ${store}${kind === "made" ? "" : `, generation ${generation}`}, key provider ${locator.provider}`,
    ]);
    await (await named.open()).close();
  }

  async #describeProject(path: string, flags: Readonly<Record<string, string | boolean | undefined>>): Promise<void> {
    const { json, ...others } = flags;
    const [other] = Object.keys(others).filter((flag) => flag !== "project" && others[flag] !== undefined && others[flag] !== false);
    if (other !== undefined) throw new VaultError("usage", `--${other} does not go with --project, which makes no vault`, "leave one of the two out");
    // Only here: with it comes the list of services.
    const { sortNames, writeRunFile } = await import("../app/imports/project-from-env.ts");
    const { FILE_BYTES_MAX } = await import("../app/imports/import-file.ts");
    const { readInput } = await import("../cli/input/file-input.ts");
    const { secrets, local, plain } = sortNames(makeSurroundings(undefined), await readInput(path, "the file", FILE_BYTES_MAX), path === "-" ? "stdin" : `"${path}"`);
    writeRunFile(RUN_FILE, secrets, existsSync(SCHEMA_OF_INSTALLED) ? `./${SCHEMA_OF_INSTALLED}` : undefined);
    this.answer(json === true, { file: RUN_FILE, secrets, local, plain }, [
      `wrote ${RUN_FILE}: programs run in this folder get ${secrets.length === 0 ? "no secrets" : secrets.join(", ")}`,
      ...(local.length === 0 ? [] : [`no placeholder can stand for these, since they go into no HTTP request; vault run --dotenv FILE --expose NAME gives one to the program as it is: ${local.join(", ")}`]),
      ...(plain.length === 0 ? [] : [`not keys, by their looks: ${plain.join(", ")}`]),
    ]);
  }

  #choose(provider: ProviderName, flags: Readonly<Record<string, string | boolean | undefined>>): KeyChoice {
    const text = (name: string): string | undefined => (typeof flags[name] === "string" ? flags[name] : undefined);
    switch (provider) {
      case "passphrase":
        return { provider, ask: () => requireSecretInput({ ...passphraseWays(text("passphrase-file")), question: "New passphrase", isNew: true }), cost: findCost(text("kdf")) ?? KDF_COSTS.moderate };
      case "file":
        return { provider, path: text("file-path") };
      case "env":
        return { provider, variable: text("env-var") ?? DEFAULT_VARIABLE };
      case "keyring":
        return { provider, service: text("keychain-service") ?? DEFAULT_SERVICE, account: text("keychain-account") };
    }
  }
}

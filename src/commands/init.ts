import { Flags } from "@oclif/core";
import { chooseKey } from "../app/auto-init.ts";
import type { KeyChoice } from "../app/make-vault.ts";
import { makeVault } from "../app/make-vault.ts";
import type { ProviderName } from "../cli/key-flags.ts";
import { findCost, keyFlags, parseProvider, PROVIDER_WORDS, requireFlagsOf } from "../cli/key-flags.ts";
import { requireSecretInput } from "../cli/secret-input.ts";
import { makeSurroundings, passphraseWays } from "../cli/surroundings.ts";
import { passphraseFlags, VaultCommand } from "../cli/vault-command.ts";
import { DEFAULT_VARIABLE } from "../keys/environment.ts";
import { DEFAULT_SERVICE } from "../keys/keyring.ts";
import { KDF_COSTS } from "../vault/kdf.ts";

export default class Init extends VaultCommand {
  static override summary = "Make the vault, with exactly the key provider asked for";
  static override description = "Without --provider, the key comes from the variable VAULT_MASTER_KEY if it is set, else from the keyring, else from a new key file. Where a vault is already, nothing is changed and the exit status is 8.";
  static override examples = [
    { description: "A passphrase, asked for twice", command: "<%= config.bin %> init --provider passphrase" },
    { description: "A key file, made where it is told", command: "<%= config.bin %> init --provider file --file-path ./vault.key" },
  ];
  static override flags = {
    provider: Flags.string({ description: "who keeps the master key", options: PROVIDER_WORDS }),
    ...keyFlags,
    ...passphraseFlags,
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(Init);
    const surroundings = makeSurroundings(flags["passphrase-file"]);
    const provider = flags.provider === undefined ? (surroundings.hasGivenPassphrase ? "passphrase" : undefined) : parseProvider(flags.provider);
    if (provider !== undefined) requireFlagsOf(provider, flags);
    const { contents } = await makeVault(surroundings, provider === undefined ? await chooseKey(surroundings) : this.#choose(provider, flags));
    const { locator } = contents.slot;
    this.answer(flags.json, { provider: locator.provider, vault: surroundings.paths.vaultFile, generation: contents.generation }, [
      `made a vault at ${surroundings.paths.vaultFile}, key provider ${locator.provider}`,
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

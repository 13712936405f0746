import { resolve } from "node:path";
import { Flags } from "@oclif/core";
import { requireVault } from "../app/keys/open-vault.ts";
import type { NextKey } from "../app/keys/rotate-master.ts";
import { rotateMaster } from "../app/keys/rotate-master.ts";
import { findCost, keyFlags, parseProvider, PROVIDER_WORDS, requireFlagsOf } from "../cli/input/key-flags.ts";
import type { ProviderName } from "../cli/input/key-flags.ts";
import { findSecretInput, isGiven, requireSecretInput } from "../cli/input/secret-input.ts";
import type { InputWays } from "../cli/input/secret-input.ts";
import { forPersonOnly, personFlags } from "../cli/input/person-flags.ts";
import { makeSurroundings } from "../cli/surroundings.ts";
import { passphraseFlags, VaultCommand } from "../cli/vault-command.ts";
import { VaultError } from "../errors.ts";
import { DEFAULT_VARIABLE } from "../keys/environment.ts";
import { parseKeyBytes } from "../keys/key-text.ts";
import type { Kek } from "../vault/key-bytes.ts";

export default class RotateMaster extends VaultCommand {
  static override summary = "Replace the master key: every data key is wrapped anew, in one atomic write";
  static override description = "Without flags the provider stays: a new passphrase is asked for, or a new key is made. The secrets themselves are not touched: whoever had the old key and a copy of the vault has their values, so rotate those as well. With --deep, nothing else of what the old key opened is of use any more: data keys, placeholders, the log's key, acceptances of identities (vault identity accept takes them up again).";
  static override examples = ["<%= config.bin %> rotate-master", "<%= config.bin %> rotate-master --new-provider file --generate", "<%= config.bin %> rotate-master --deep"];
  static override flags = {
    "new-provider": Flags.string({ description: "who keeps the new key", options: PROVIDER_WORDS }),
    "new-passphrase-file": Flags.string({ description: "read the new passphrase from a file, - for stdin", helpValue: "F" }),
    "new-passphrase": Flags.string({ description: "the new passphrase itself; prefer the file, VAULT_NEW_PASSPHRASE or the prompt", helpValue: "X" }),
    "new-key-file": Flags.string({ description: "read the new key from a file, - for stdin", helpValue: "F" }),
    "new-key": Flags.string({ description: "the new key itself, in base64; prefer the file", helpValue: "X" }),
    generate: Flags.boolean({ description: "make a new key (keyring, file), which is also what happens without it" }),
    deep: Flags.boolean({ description: "when somebody else may have had the old key: seal every value anew, replace the vault key, and lock" }),
    ...keyFlags,
    ...personFlags,
    ...passphraseFlags,
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(RotateMaster);
    const surroundings = await forPersonOnly("rotate-master", makeSurroundings(flags["passphrase-file"]), flags);
    const current = (await requireVault(surroundings)).contents.slot.locator.provider;
    const passphrase: InputWays = { flag: "--new-passphrase", file: flags["new-passphrase-file"], variable: "VAULT_NEW_PASSPHRASE", question: "New passphrase", isNew: true };
    const key: InputWays = { flag: "--new-key", file: flags["new-key-file"], variable: "", question: "New key", isNew: false };
    const provider = flags["new-provider"] === undefined ? (isGiven(passphrase) ? "passphrase" : current) : parseProvider(flags["new-provider"]);
    requireFlagsOf(provider, flags);
    const { contents } = await rotateMaster(surroundings, await this.#chooseNext(provider, flags, { passphrase, key }), flags.deep);
    this.answer(flags.json, { provider: contents.slot.locator.provider, secrets: contents.secrets.length, generation: contents.generation }, [
      `the master key is new (provider ${contents.slot.locator.provider}); secrets ${flags.deep ? "sealed anew" : "re-wrapped"}: ${contents.secrets.length}`,
    ]);
  }

  async #chooseNext(provider: ProviderName, flags: GivenFlags, { passphrase, key }: { passphrase: InputWays; key: InputWays }): Promise<NextKey> {
    if (provider !== "passphrase" && isGiven(passphrase)) throw new VaultError("usage", `--new-passphrase goes with the provider passphrase, and ${provider} was asked for`);
    if (isGiven(key) && (provider === "passphrase" || provider === "env")) throw new VaultError("usage", `--new-key goes with the providers file and keyring, and the new key's provider is ${provider}`, provider === "env" ? "put the new key into another variable and name it with --env-var" : "--new-provider file");
    if (isGiven(key) && flags.generate === true) throw new VaultError("usage", "--generate and --new-key exclude each other", "leave one of the two out");
    switch (provider) {
      case "passphrase":
        return { provider, ask: () => requireSecretInput(passphrase), cost: findCost(flags.kdf) };
      case "env":
        return { provider, variable: flags["env-var"] ?? DEFAULT_VARIABLE };
      case "file":
        return { provider, path: flags["file-path"] === undefined ? undefined : resolve(flags["file-path"]), kek: await findKek(key) };
      case "keyring":
        return { provider, service: flags["keychain-service"], account: flags["keychain-account"], kek: await findKek(key) };
    }
  }
}

interface GivenFlags {
  readonly generate?: boolean;
  readonly kdf?: string | undefined;
  readonly "file-path"?: string | undefined;
  readonly "env-var"?: string | undefined;
  readonly "keychain-service"?: string | undefined;
  readonly "keychain-account"?: string | undefined;
}

async function findKek(ways: InputWays): Promise<Kek | undefined> {
  const key = isGiven(ways) ? await findSecretInput(ways) : undefined;
  return key === undefined ? undefined : parseKeyBytes(key.reveal(), "the new key");
}

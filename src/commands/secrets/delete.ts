import { Args } from "@oclif/core";
import { deleteSecret, unrevoked } from "../../app/secrets/secrets.ts";
import { findScope, scopeFlags } from "../../cli/input/scope-flags.ts";
import { secretObject } from "../../cli/output/secret-lines.ts";
import { forPersonOnly, personFlags } from "../../cli/input/person-flags.ts";
import { makeSurroundings } from "../../cli/surroundings.ts";
import { passphraseFlags, VaultCommand } from "../../cli/vault-command.ts";

export default class SecretsDelete extends VaultCommand {
  static override summary = "Remove a secret; its name is free again";
  static override examples = ["<%= config.bin %> secrets delete GITHUB_TOKEN"];
  static override args = { name: Args.string({ required: true, ignoreStdin: true, description: "the secret's name" }) };
  static override flags = { ...scopeFlags, ...personFlags, ...passphraseFlags };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(SecretsDelete);
    const surroundings = await forPersonOnly("secrets delete", makeSurroundings(flags["passphrase-file"]), flags);
    const record = await deleteSecret(surroundings, args.name, findScope(flags));
    if (record.source.kind === "oauth2") surroundings.warn(unrevoked(record.name));
    this.answer(flags.json, { deleted: secretObject(record) }, [`deleted ${record.name}`]);
  }
}

import { Args } from "@oclif/core";
import { acceptVault } from "../app/keys/accept-vault.ts";
import { makeSurroundings } from "../cli/surroundings.ts";
import { passphraseFlags, VaultCommand } from "../cli/vault-command.ts";

export default class Accept extends VaultCommand {
  static override summary = "Take the vault file that is here for the one that is meant";
  static override description = "For a vault that you yourself have put in this one's place, or an older copy that you have put back: commands refuse both, and name the vault's id. Needs the vault's key, and is refused inside a run. A log that belongs to another vault is put aside.";
  static override examples = ["<%= config.bin %> accept gEbUQo5GJmL8B2MwfZLxQw=="];
  static override args = { id: Args.string({ required: true, ignoreStdin: true, description: "the id of the vault that is here, as the refusal or status --json tells it" }) };
  static override flags = { ...passphraseFlags };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Accept);
    const { contents, records } = await acceptVault(makeSurroundings(flags["passphrase-file"]), args.id);
    this.answer(flags.json, { id: args.id, generation: contents.generation, secrets: records.count }, [`accepted ${args.id}: generation ${contents.generation}, ${records.count} ${records.count === 1 ? "secret" : "secrets"}`]);
  }
}

import { Args } from "@oclif/core";
import { attachGroup } from "../../app/secrets/secrets.ts";
import { parseMembership, viewpointFlags } from "../../cli/input/scope-flags.ts";
import { secretLines, secretObject } from "../../cli/output/secret-lines.ts";
import { forPersonOnly, personFlags } from "../../cli/input/person-flags.ts";
import { makeSurroundings } from "../../cli/surroundings.ts";
import { passphraseFlags, VaultCommand } from "../../cli/vault-command.ts";

export default class SecretsAttachGroup extends VaultCommand {
  static override summary = "Let a group see a secret as its own";
  static override examples = ["<%= config.bin %> secrets attach-group GITHUB_TOKEN --workspace acme --group backend"];
  static override args = { name: Args.string({ required: true, ignoreStdin: true, description: "the secret's name" }) };
  static override flags = { ...viewpointFlags, ...personFlags, ...passphraseFlags };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(SecretsAttachGroup);
    const record = await attachGroup(await forPersonOnly("secrets attach-group", makeSurroundings(flags["passphrase-file"]), flags), args.name, parseMembership(flags));
    this.answer(flags.json, { secret: secretObject(record) }, secretLines(record));
  }
}

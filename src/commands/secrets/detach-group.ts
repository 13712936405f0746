import { Args } from "@oclif/core";
import { detachGroup } from "../../app/secrets/secrets.ts";
import { parseMembership, viewpointFlags } from "../../cli/input/scope-flags.ts";
import { secretLines, secretObject } from "../../cli/output/secret-lines.ts";
import { forPersonOnly, personFlags } from "../../cli/input/person-flags.ts";
import { makeSurroundings } from "../../cli/surroundings.ts";
import { passphraseFlags, VaultCommand } from "../../cli/vault-command.ts";

export default class SecretsDetachGroup extends VaultCommand {
  static override summary = "Take a secret away from a group that it was attached to";
  static override examples = ["<%= config.bin %> secrets detach-group GITHUB_TOKEN --workspace acme --group backend"];
  static override args = { name: Args.string({ required: true, ignoreStdin: true, description: "the secret's name" }) };
  static override flags = { ...viewpointFlags, ...personFlags, ...passphraseFlags };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(SecretsDetachGroup);
    const record = await detachGroup(await forPersonOnly("secrets detach-group", makeSurroundings(flags["passphrase-file"]), flags), args.name, parseMembership(flags));
    this.answer(flags.json, { secret: secretObject(record) }, secretLines(record));
  }
}

import { Args, Flags } from "@oclif/core";
import { rotateSecret } from "../../app/secrets.ts";
import { findScope, scopeFlags } from "../../cli/scope-flags.ts";
import { requireValue } from "../../cli/secret-input.ts";
import { secretObject } from "../../cli/secret-lines.ts";
import { makeSurroundings } from "../../cli/surroundings.ts";
import { passphraseFlags, VaultCommand } from "../../cli/vault-command.ts";

export default class SecretsRotate extends VaultCommand {
  static override summary = "Give a secret a new value, under a new key; the old value is gone";
  static override examples = ['printf %s "$NEW_TOKEN" | <%= config.bin %> secrets rotate GITHUB_TOKEN'];
  static override args = { name: Args.string({ required: true, ignoreStdin: true, description: "the secret's name" }) };
  static override flags = { ...scopeFlags, "from-file": Flags.string({ description: "read the value from a file, - for stdin", helpValue: "F" }), ...passphraseFlags };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(SecretsRotate);
    const record = await rotateSecret(makeSurroundings(flags["passphrase-file"]), args.name, findScope(flags), () => requireValue(args.name, flags["from-file"]));
    this.answer(flags.json, { secret: secretObject(record) }, [`rotated ${record.name}: it has its value number ${record.version}`]);
  }
}

import { Args } from "@oclif/core";
import { rotateSecret } from "../../app/secrets/secrets.ts";
import { parseSource, sourceFlags } from "../../cli/input/source-flags.ts";
import { requireValue } from "../../cli/input/secret-input.ts";
import { findScope, scopeFlags } from "../../cli/input/scope-flags.ts";
import { secretObject } from "../../cli/output/secret-lines.ts";
import { forPersonOnly, personFlags } from "../../cli/input/person-flags.ts";
import { makeSurroundings } from "../../cli/surroundings.ts";
import { askValue, valueFlags } from "../../cli/input/value-flags.ts";
import { passphraseFlags, VaultCommand } from "../../cli/vault-command.ts";

export default class SecretsRotate extends VaultCommand {
  static override summary = "Give a secret a new value, under a new key; the old value is gone";
  static override examples = [{ description: "From a variable that the shell holds", command: 'printf %s "$NEW_TOKEN" | <%= config.bin %> secrets rotate GITHUB_TOKEN' }];
  static override args = {
    name: Args.string({ required: true, ignoreStdin: true, description: "the secret's name" }),
    origin: Args.string({ multiple: true, ignoreStdin: true, description: "for --source: a program and its arguments, behind --, or an address" }),
  };
  static override flags = { ...scopeFlags, ...valueFlags, ...sourceFlags, ...personFlags, ...passphraseFlags };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(SecretsRotate);
    const surroundings = await forPersonOnly("secrets rotate", makeSurroundings(flags["passphrase-file"]), flags);
    const source = await parseSource(flags, args.origin ?? [], this.argv.includes("--"));
    const record = source === undefined ? await rotateSecret(surroundings, args.name, findScope(flags), (binding) => askValue(binding, flags)) : await (await import("../../app/sources/sourced-secret.ts")).rotateSourced(surroundings, args.name, findScope(flags), source, () => requireValue(args.name, flags["from-file"]));
    this.answer(flags.json, { secret: secretObject(record) }, [`rotated ${record.name}: it has its value number ${record.version}`]);
  }
}

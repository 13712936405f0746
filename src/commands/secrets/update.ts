import { Args, Flags } from "@oclif/core";
import type { BindingChange } from "../../app/secrets/secrets.ts";
import { updateSecret } from "../../app/secrets/secrets.ts";
import { bindingFlags, parseHosts, parsePlaces, parseTemplate } from "../../cli/input/binding-flags.ts";
import { lifeFlags, parseLife } from "../../cli/input/source-flags.ts";
import { parseRuleChange, presetFlags, ruleFlags } from "../../cli/input/rule-flags.ts";
import { findScope, scopeFlags } from "../../cli/input/scope-flags.ts";
import { secretLines, secretObject } from "../../cli/output/secret-lines.ts";
import { forPersonOnly, personFlags } from "../../cli/input/person-flags.ts";
import { makeSurroundings } from "../../cli/surroundings.ts";
import { passphraseFlags, VaultCommand } from "../../cli/vault-command.ts";

export default class SecretsUpdate extends VaultCommand {
  static override summary = "Change where a secret may go and what for, and how long a value of it that is made is good";
  static override description = "--host adds hosts to those there are, --remove-host takes some away, --inject says anew where it may be put. --allow, --deny and --ask add rules to those there are, and --remove-rule takes one away; what lets more through than before needs --widen. The value stays. Runs that are going on follow what takes something away.";
  static override examples = ["<%= config.bin %> secrets update GITHUB_TOKEN --host gist.github.com", { description: "To read with, and not to delete", command: "<%= config.bin %> secrets update GITHUB_TOKEN --allow 'GET,HEAD /**' --deny '* /admin/**'" }, "<%= config.bin %> secrets update API_KEY --remove-host api.example.com:8443 --inject header", { description: "A source that is not to be asked so often", command: "<%= config.bin %> secrets update DEPLOY_TOKEN --ttl 15m --failure-ttl 1m" }];
  static override args = { name: Args.string({ required: true, ignoreStdin: true, description: "the secret's name" }) };
  static override flags = {
    ...bindingFlags,
    "remove-host": Flags.string({ description: "a host that the secret may no longer be sent to; may be repeated", multiple: true, multipleNonGreedy: true, helpValue: "H[:PORT]" }),
    ...ruleFlags,
    ...presetFlags,
    ...lifeFlags,
    ...scopeFlags,
    ...personFlags,
    ...passphraseFlags,
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(SecretsUpdate);
    const surroundings = await forPersonOnly("secrets update", makeSurroundings(flags["passphrase-file"]), flags);
    const places = parsePlaces(flags.inject);
    const change: BindingChange = {
      addHosts: parseHosts(flags.host),
      widen: flags.widen,
      removeHosts: parseHosts(flags["remove-host"]),
      ...(places === undefined ? {} : { places }),
      ...(flags.service === undefined ? {} : { service: flags.service }),
      // Absent when neither --allow-private nor --no-allow-private was given, whatever its type says.
      ...("allow-private" in flags ? { allowPrivate: flags["allow-private"] } : {}),
      ...("scrub" in flags ? { scrub: flags.scrub } : {}),
      rules: parseRuleChange(flags),
      presets: flags.preset ?? [],
      life: parseLife(flags),
      ...(flags.placeholder === undefined ? {} : { placeholder: parseTemplate(flags.placeholder) }),
    };
    const record = await updateSecret(surroundings, args.name, findScope(flags), change);
    this.answer(flags.json, { secret: secretObject(record) }, secretLines(record));
  }
}

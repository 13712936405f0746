import { Args } from "@oclif/core";
import { createSecret } from "../../app/secrets/secrets.ts";
import { bindingFlags, parseHosts, parsePlaces, parseTemplate } from "../../cli/input/binding-flags.ts";
import { parseSource, sourceFlags } from "../../cli/input/source-flags.ts";
import { requireValue } from "../../cli/input/secret-input.ts";
import { findScope, scopeFlags } from "../../cli/input/scope-flags.ts";
import { parseRuleChange, patternFlags, presetFlags } from "../../cli/input/rule-flags.ts";
import { secretObject } from "../../cli/output/secret-lines.ts";
import { forPersonOnly, personFlags } from "../../cli/input/person-flags.ts";
import { makeSurroundings } from "../../cli/surroundings.ts";
import { askValue, valueFlags } from "../../cli/input/value-flags.ts";
import { firstUseFlags, passphraseFlags, VaultCommand } from "../../cli/vault-command.ts";

export default class SecretsCreate extends VaultCommand {
  static override summary = "Put a new secret into the vault";
  static override description = "The value comes from piped stdin, a file, a prompt or a page in the browser, never from the command line. One line end behind it is dropped. With --source nothing is stored but where the value comes from: a program of yours, or another store's. The agent asks it whenever a run needs the value, without a shell, in the root folder and with variables of now. It prints the value, or {\"value\":\"…\",\"expires\":\"2026-01-31T09:30:00Z\"}, and is tried once before it is stored. A key that mints values comes from --from-file or stdin: a service account's JSON file, the private key of a GitHub App or of a client, a client's secret, a key of AWS. It is sealed, and never reaches a run: the agent asks with it.";
  static override examples = [
    { description: "From a variable that the shell holds", command: 'printf %s "$TOKEN" | <%= config.bin %> secrets create GITHUB_TOKEN --host api.github.com' },
    { description: "From a file, for two hosts", command: "<%= config.bin %> secrets create API_KEY --from-file key.txt --host api.example.com --host api.example.com:8443" },
    { description: "What a program prints, asked anew every ten minutes", command: "<%= config.bin %> secrets create DEPLOY_TOKEN --host api.example.com --source command --ttl 10m -- cat /proc/sys/kernel/random/uuid" },
    { description: "From another store: 1Password, Bitwarden, pass, the system's keyring, HashiCorp Vault, AWS, Google, Azure, Infisical, Doppler", command: "<%= config.bin %> secrets create TEAM_TOKEN --host api.example.com --source reference pass://team/token" },
    { description: "A token that a key mints, for twenty minutes each time", command: "<%= config.bin %> secrets create APP_STORE_TOKEN --host api.appstoreconnect.apple.com --source jwt-bearer --from-file AuthKey.p8 --key-id 2X9R4HXF34 --claim iss=57246542-96fe-1a63-e053-0824d011072a --claim aud=appstoreconnect-v1 --jwt-lifetime 20m" },
    { description: "Entered in the browser, where a program that reads this terminal does not see it", command: "<%= config.bin %> secrets create OPENAI_API_KEY --browser" },
  ];
  static override args = {
    name: Args.string({ required: true, ignoreStdin: true, description: "its name, and the variable that a run's child gets" }),
    origin: Args.string({ multiple: true, ignoreStdin: true, description: "for --source: a program and its arguments, behind --, or an address" }),
  };
  static override flags = {
    ...bindingFlags,
    ...patternFlags,
    ...presetFlags,
    ...scopeFlags,
    ...valueFlags,
    ...sourceFlags,
    ...firstUseFlags,
    ...personFlags,
    ...passphraseFlags,
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(SecretsCreate);
    const surroundings = await forPersonOnly("secrets create", makeSurroundings(flags["passphrase-file"], flags["no-init"]), flags);
    const hosts = parseHosts(flags.host);
    const secret = {
      ...{ name: args.name, scope: findScope(flags) ?? { kind: "global" as const }, service: flags.service, hosts, places: parsePlaces(flags.inject), widen: flags.widen },
      allowPrivate: "allow-private" in flags && flags["allow-private"],
      scrub: !("scrub" in flags) || flags.scrub,
      rules: parseRuleChange(flags),
      presets: flags.preset,
      placeholder: flags.placeholder === undefined ? undefined : parseTemplate(flags.placeholder),
    };
    const source = await parseSource(flags, args.origin ?? [], this.argv.includes("--"));
    const record = source === undefined ? await createSecret(surroundings, secret, (binding) => askValue(binding, flags)) : await (await import("../../app/sources/sourced-secret.ts")).createSourced(surroundings, secret, source, () => requireValue(args.name, flags["from-file"]));
    this.answer(flags.json, { secret: secretObject(record) }, [`created ${record.name}${record.hosts.length > 0 ? ` for ${record.hosts.join(" ")}` : ""}`]);
  }
}

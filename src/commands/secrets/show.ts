import { Args } from "@oclif/core";
import { getSecret } from "../../app/secrets/find-secret.ts";
import { NO_HISTORY, readValueHistory } from "../../app/sources/value-log.ts";
import { sightVault } from "../../app/keys/sighted-vault.ts";
import { findScope, scopeFlags } from "../../cli/input/scope-flags.ts";
import { secretLines, secretObject } from "../../cli/output/secret-lines.ts";
import { makeSurroundings } from "../../cli/surroundings.ts";
import { VaultCommand } from "../../cli/vault-command.ts";

export default class SecretsShow extends VaultCommand {
  static override summary = "Show what a secret is bound to, and of one whose value is made when that was; never its value";
  static override examples = ["<%= config.bin %> secrets show GITHUB_TOKEN"];
  static override args = { name: Args.string({ required: true, ignoreStdin: true, description: "the secret's name" }) };
  static override flags = { ...scopeFlags };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(SecretsShow);
    const surroundings = makeSurroundings(undefined);
    const { file, isVerified } = await sightVault(surroundings);
    const secret = getSecret(file.records.all(), args.name, findScope(flags));
    // The list of services is read only where the secret is of one.
    const takes = secret.service === undefined ? [] : (await import("../../app/services/known-services.ts")).describeTaking(surroundings, secret.service);
    const history = secret.source.kind === "stored" ? undefined : (await readValueHistory(surroundings, file, new Set([secret.id]))).get(secret.id) ?? NO_HISTORY;
    this.answer(flags.json, { secret: { ...secretObject(secret, history), takes }, verified: isVerified }, [...secretLines(secret, history), ...takes.map((words) => `takes     ${words}`)]);
  }
}

import { findOrMakeVault } from "../../app/keys/auto-init.ts";
import { sightVault } from "../../app/keys/sighted-vault.ts";
import type { Viewpoint } from "../../app/secrets/find-secret.ts";
import { visibleSecrets } from "../../app/secrets/find-secret.ts";
import { surveyMade } from "../../app/sources/made-secrets.ts";
import { parseViewpoint, viewpointFlags } from "../../cli/input/scope-flags.ts";
import { secretObject, secretTable } from "../../cli/output/secret-lines.ts";
import { makeSurroundings } from "../../cli/surroundings.ts";
import { answerWidth } from "../../cli/output/terminal.ts";
import { firstUseFlags, VaultCommand } from "../../cli/vault-command.ts";
import type { RecordList } from "../../vault/record-list.ts";
import type { SecretMetadata, SecretOutline } from "../../vault/record.ts";
import { compareText } from "../../vault/scope.ts";

export default class SecretsList extends VaultCommand {
  static override summary = "List the secrets: names, hosts and scopes, never values";
  static override description = "Needs no key, and says so where none was at hand to verify the file with; where there is no vault, one is made. With --workspace (and --group), lists what a run there would see.";
  static override examples = ["<%= config.bin %> secrets list", "<%= config.bin %> secrets list --json"];
  static override flags = { ...viewpointFlags, ...firstUseFlags };

  async run(): Promise<void> {
    const { flags } = await this.parse(SecretsList);
    const viewpoint = parseViewpoint(flags);
    const surroundings = makeSurroundings(undefined, flags["no-init"]);
    const { file, isVerified } = await sightVault(surroundings, findOrMakeVault);
    // Of thousands, only what is printed is read.
    const outlines = flags.json ? [] : outlinesFrom(viewpoint, file.records);
    const secrets = flags.json ? seenFrom(viewpoint, file.records) : [];
    const histories = new Map((await surveyMade(surroundings, file, flags.json ? secrets.map(outlineOf) : outlines)).map(({ secret, history }) => [secret.id, history]));
    this.answer(flags.json, { secrets: secrets.map((secret) => secretObject(secret, histories.get(secret.id))), verified: isVerified }, flags.json ? [] : secretTable(outlines, answerWidth(), histories));
  }
}

function seenFrom(viewpoint: Viewpoint, records: RecordList): readonly SecretMetadata[] {
  return viewpoint.workspace === undefined ? byName(records.all()) : [...visibleSecrets(records.all(), viewpoint).values()];
}

function outlinesFrom(viewpoint: Viewpoint, records: RecordList): readonly SecretOutline[] {
  return viewpoint.workspace === undefined ? byName(records.outlines()) : seenFrom(viewpoint, records).map(outlineOf);
}

function outlineOf(secret: SecretMetadata): SecretOutline {
  return { id: secret.id, name: secret.name, terms: secret };
}

function byName<T extends SecretOutline | SecretMetadata>(secrets: readonly T[]): readonly T[] {
  return [...secrets].sort((a, b) => compareText(a.name, b.name));
}

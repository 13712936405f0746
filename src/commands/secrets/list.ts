import { requireVault } from "../../app/open-vault.ts";
import type { Viewpoint } from "../../app/find-secret.ts";
import { visibleSecrets } from "../../app/find-secret.ts";
import { parseViewpoint, viewpointFlags } from "../../cli/scope-flags.ts";
import { secretObject, secretTable } from "../../cli/secret-lines.ts";
import { makeSurroundings } from "../../cli/surroundings.ts";
import { answerWidth } from "../../cli/terminal.ts";
import { VaultCommand } from "../../cli/vault-command.ts";
import type { SecretOutline } from "../../vault/record.ts";
import { compareText } from "../../vault/scope.ts";

export default class SecretsList extends VaultCommand {
  static override summary = "List the secrets: names, hosts and scopes, never values";
  static override description = "Needs no key. With --workspace (and --group), lists what a run there would see.";
  static override examples = ["<%= config.bin %> secrets list", "<%= config.bin %> secrets list --json"];
  static override flags = { ...viewpointFlags };

  async run(): Promise<void> {
    const { flags } = await this.parse(SecretsList);
    const viewpoint = parseViewpoint(flags);
    const { records } = await requireVault(makeSurroundings(undefined));
    // Of thousands, only what is printed is read.
    if (flags.json) this.answer(true, { secrets: inOrder(records.metadata(), viewpoint).map(secretObject) }, []);
    else this.answer(false, {}, secretTable(inOrder(records.outlines(), viewpoint), answerWidth()));
  }
}

function inOrder<T extends SecretOutline>(secrets: readonly T[], viewpoint: Viewpoint): readonly T[] {
  return viewpoint.workspace === undefined ? [...secrets].sort((a, b) => compareText(a.name, b.name)) : [...visibleSecrets(secrets, viewpoint).values()];
}

import { Flags } from "@oclif/core";
import { readTrail, verifyTrail } from "../app/audit-trail.ts";
import { entryLine } from "../cli/audit-lines.ts";
import { makeSurroundings } from "../cli/surroundings.ts";
import { passphraseFlags, VaultCommand } from "../cli/vault-command.ts";
import { VaultError } from "../errors.ts";

export default class Audit extends VaultCommand {
  static override summary = "Show what was done with the vault, newest last";
  static override examples = ["<%= config.bin %> audit --limit 20", "<%= config.bin %> audit --verify"];
  static override flags = {
    limit: Flags.integer({ description: "how many entries", default: 50, min: 1, helpValue: "N" }),
    before: Flags.string({ description: "only entries older than this time", helpValue: "TIME" }),
    verify: Flags.boolean({ description: "check the whole chain and name the first bad entry" }),
    ...passphraseFlags,
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(Audit);
    const surroundings = makeSurroundings(flags["passphrase-file"]);
    if (flags.verify) {
      const { entries, segments } = await verifyTrail(surroundings);
      this.answer(flags.json, { verified: true, entries, segments }, [`${entries} entries and ${segments} runs verified`]);
      return;
    }
    const before = flags.before === undefined ? undefined : new Date(flags.before);
    if (before !== undefined && Number.isNaN(before.getTime())) throw new VaultError("usage", "--before takes a time such as 2026-01-31 or 2026-01-31T09:30:00Z");
    const entries = await readTrail(surroundings, { limit: flags.limit, before });
    this.answer(flags.json, { entries }, entries.map(entryLine));
  }
}

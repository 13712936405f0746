import { Flags } from "@oclif/core";
import { followTrail, readTrail, verifyTrail } from "../app/audit-trail.ts";
import { entryLine } from "../cli/audit-lines.ts";
import { makeSurroundings } from "../cli/surroundings.ts";
import { answer } from "../cli/terminal.ts";
import { untilStopped } from "../cli/until-stopped.ts";
import { passphraseFlags, VaultCommand } from "../cli/vault-command.ts";
import { VaultError } from "../errors.ts";

export default class Audit extends VaultCommand {
  static override summary = "Show what was done with the vault, newest last";
  static override description = "With --follow, goes on with each entry as it is appended, until it is interrupted; --json then prints one object a line.";
  static override examples = ["<%= config.bin %> audit --limit 20", "<%= config.bin %> audit --verify", "<%= config.bin %> audit --follow --limit 1"];
  static override flags = {
    limit: Flags.integer({ description: "how many entries", default: 50, min: 1, helpValue: "N" }),
    before: Flags.string({ description: "only entries older than this time", helpValue: "TIME" }),
    verify: Flags.boolean({ description: "check the whole chain and name the first bad entry" }),
    follow: Flags.boolean({ description: "go on printing entries as they are appended", exclusive: ["verify", "before"] }),
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
    if (flags.follow) {
      await untilStopped(async (signal) => {
        for await (const entry of followTrail(surroundings, flags.limit, signal)) answer(flags.json ? JSON.stringify(entry) : entryLine(entry));
      });
      return;
    }
    const before = flags.before === undefined ? undefined : new Date(flags.before);
    if (before !== undefined && Number.isNaN(before.getTime())) throw new VaultError("usage", "--before takes a time such as 2026-01-31 or 2026-01-31T09:30:00Z");
    const entries = await readTrail(surroundings, { limit: flags.limit, before });
    this.answer(flags.json, { entries }, entries.map(entryLine));
  }
}

import { Flags } from "@oclif/core";
import { followTrail, readTrail, verifyTrail } from "../app/auditing/audit-trail.ts";
import type { Surroundings } from "../app/surroundings.ts";
import { entryLine } from "../cli/output/audit-lines.ts";
import { makeSurroundings } from "../cli/surroundings.ts";
import { answer } from "../cli/output/terminal.ts";
import { untilStopped } from "../cli/until-stopped.ts";
import { passphraseFlags, VaultCommand } from "../cli/vault-command.ts";
import { VaultError } from "../errors.ts";

const ENTRIES = 50;
const PAGE_ENTRIES = 5_000;

export default class Audit extends VaultCommand {
  static override summary = "Show what was done with the vault, newest last";
  static override description = "With --follow, goes on with each entry as it is appended, until it is interrupted; --json then prints one object a line.";
  static override examples = ["<%= config.bin %> audit --limit 20", "<%= config.bin %> audit --verify", "<%= config.bin %> audit --follow --limit 1", { description: "A page to look at, of a log that was checked", command: "<%= config.bin %> audit --verify --html audit.html" }];
  static override flags = {
    limit: Flags.integer({ description: "how many entries; 50 if left out, 5000 with --html", min: 1, helpValue: "N" }),
    before: Flags.string({ description: "only entries older than this time", helpValue: "TIME" }),
    verify: Flags.boolean({ description: "check the whole chain and name the first bad entry" }),
    follow: Flags.boolean({ description: "go on printing entries as they are appended", exclusive: ["verify", "before"] }),
    html: Flags.string({ description: "write a page for a browser to this new file, - for stdout: what was used where, and what was refused; with --verify, checked first", helpValue: "FILE", exclusive: ["follow"] }),
    ...passphraseFlags,
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(Audit);
    const surroundings = makeSurroundings(flags["passphrase-file"]);
    if (flags.html !== undefined) {
      await this.#writePage(flags.html, surroundings, flags);
      return;
    }
    if (flags.verify) {
      const { entries, segments } = await verifyTrail(surroundings);
      this.answer(flags.json, { verified: true, entries, segments }, [`${entries} entries and ${segments} runs verified`]);
      return;
    }
    if (flags.follow) {
      await untilStopped(async (signal) => {
        for await (const entry of followTrail(surroundings, flags.limit ?? ENTRIES, signal)) answer(flags.json ? JSON.stringify(entry) : entryLine(entry));
      });
      return;
    }
    const entries = await readTrail(surroundings, { limit: flags.limit ?? ENTRIES, before: parseTime(flags.before) });
    this.answer(flags.json, { entries }, entries.map(entryLine));
  }

  async #writePage(file: string, surroundings: Surroundings, flags: { readonly limit: number | undefined; readonly before: string | undefined; readonly verify: boolean; readonly json: boolean }): Promise<void> {
    const [{ readReport, writePage }, { auditPage }] = await Promise.all([import("../app/auditing/audit-report.ts"), import("../cli/pages/audit-page.ts")]);
    const before = parseTime(flags.before);
    if (flags.verify) await verifyTrail(surroundings);
    const report = await readReport(surroundings, { limit: flags.limit ?? PAGE_ENTRIES, before });
    const page = auditPage(report, { checked: flags.verify, at: surroundings.now() });
    if (file === "-") {
      answer(page.trimEnd());
      return;
    }
    writePage(file, page);
    this.answer(flags.json, { file, verified: flags.verify, runs: report.runs.length, refused: report.refusalCount }, [`wrote ${file}: ${report.runs.length} runs, ${report.refusalCount} refusals`]);
  }
}

function parseTime(text: string | undefined): Date | undefined {
  const time = text === undefined ? undefined : new Date(text);
  if (time !== undefined && Number.isNaN(time.getTime())) throw new VaultError("usage", "--before takes a time such as 2026-01-31 or 2026-01-31T09:30:00Z");
  return time;
}

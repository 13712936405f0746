import { Flags } from "@oclif/core";
import { followTrail, readTrail } from "../app/auditing/audit-trail.ts";
import type { VerifiedTrail } from "../app/auditing/verify-trail.ts";
import { acceptDoubts, verifyTrail } from "../app/auditing/verify-trail.ts";
import type { Surroundings } from "../app/surroundings.ts";
import { jsonLine } from "../cli/output/json-line.ts";
import { entryLine } from "../cli/output/audit-lines.ts";
import { makeSurroundings } from "../cli/surroundings.ts";
import { answer, note } from "../cli/output/terminal.ts";
import { acceptCommand, trailLines, trailObject, trailStatus } from "../cli/output/trail-lines.ts";
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
    verify: Flags.boolean({ description: "check the whole chain and name the first bad entry; name runs that have no end, and end with 6 where one of them does not run any more" }),
    accept: Flags.integer({ description: "take an entry that --verify has doubts about for settled, because you know what happened; may be repeated", multiple: true, multipleNonGreedy: true, min: 1, helpValue: "ENTRY", exclusive: ["follow", "html", "before", "limit"] }),
    follow: Flags.boolean({ description: "go on printing entries as they are appended", exclusive: ["verify", "before"] }),
    html: Flags.string({ description: "write a page for a browser to this new file, - for stdout: what was used where, and what was refused; with --verify, checked first", helpValue: "FILE", exclusive: ["follow"] }),
    ...passphraseFlags,
  };

  /** @returns the status to end with, where the log was verified. */
  async run(): Promise<number | undefined> {
    const { flags } = await this.parse(Audit);
    const surroundings = makeSurroundings(flags["passphrase-file"]);
    if (flags.html !== undefined) {
      if (flags.html === "-" && flags.json) throw new VaultError("usage", "stdout cannot have both the page and an object", "--html FILE, or leave --json out");
      await this.#writePage(flags.html, surroundings, flags);
      return undefined;
    }
    if (flags.accept !== undefined) return this.#tell(flags.json, await acceptDoubts(surroundings, flags.accept));
    if (flags.verify) return this.#tell(flags.json, await verifyTrail(surroundings));
    if (flags.follow) {
      await untilStopped(async (signal) => {
        for await (const entry of followTrail(surroundings, flags.limit ?? ENTRIES, signal)) answer(flags.json ? jsonLine(entry) : entryLine(entry));
      });
      return undefined;
    }
    const entries = await readTrail(surroundings, { limit: flags.limit ?? ENTRIES, before: parseTime(flags.before) });
    this.answer(flags.json, { entries }, entries.map(entryLine));
    return undefined;
  }

  #tell(isJson: boolean, trail: VerifiedTrail): number {
    this.answer(isJson, trailObject(trail), trailLines(trail));
    const accept = acceptCommand(trail);
    if (accept !== undefined && !isJson) note(`once you know what happened: ${accept}`);
    return trailStatus(trail);
  }

  async #writePage(file: string, surroundings: Surroundings, flags: { readonly limit: number | undefined; readonly before: string | undefined; readonly verify: boolean; readonly json: boolean }): Promise<void> {
    const [{ readReport, writePage }, { auditPage }] = await Promise.all([import("../app/auditing/audit-report.ts"), import("../cli/pages/audit-page.ts")]);
    const before = parseTime(flags.before);
    if (flags.verify) requireNoDoubt(await verifyTrail(surroundings));
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

/** A page that says it was checked has nothing in it that was not. @throws VaultError `audit-broken`. */
function requireNoDoubt({ doubts: [first] }: VerifiedTrail): void {
  if (first !== undefined) throw new VaultError("audit-broken", `entry ${first.entry}: ${first.why}`, "all that is in doubt: vault audit --verify");
}

function parseTime(text: string | undefined): Date | undefined {
  const time = text === undefined ? undefined : new Date(text);
  if (time !== undefined && Number.isNaN(time.getTime())) throw new VaultError("usage", "--before takes a time such as 2026-01-31 or 2026-01-31T09:30:00Z", "vault audit --before 2026-01-31");
  return time;
}

import { homedir } from "node:os";
import { Args, Flags } from "@oclif/core";
import { EXIT } from "../cli/output/exit-status.ts";
import { answerWidth, note } from "../cli/output/terminal.ts";
import { makeSurroundings } from "../cli/surroundings.ts";
import { VaultCommand } from "../cli/vault-command.ts";
import { VaultError } from "../errors.ts";

export default class Scan extends VaultCommand {
  static override summary = "Find credentials in files: where, and of what kind, never the value";
  static override description =
    "Looks for the forms of known services' keys, private keys, passwords in URLs, and what its name and its looks call a secret. Without a path: this folder, and the files in your home folder where shells, agents and tools keep keys. Says which the vault has already, where its key is at hand and this is no run. Ends with status 15 where something was found. docs/scan.md has what it leaves out, and the check before each commit.";
  static override usage = "scan [PATH…] [FLAGS] | scan --staged";
  static override examples = ["<%= config.bin %> scan src", "<%= config.bin %> scan --json .env", { description: "What the next commit of git would bring, in a check before it", command: "<%= config.bin %> scan --staged" }];
  static override args = { path: Args.string({ multiple: true, ignoreStdin: true, description: "a file, or a folder with all that is below it" }) };
  static override flags = { staged: Flags.boolean({ description: "look at what the next commit of git would bring, and was not there before" }) };

  /** @returns 15 where something was found. */
  async run(): Promise<number> {
    const { args, flags } = await this.parse(Scan);
    const paths = args.path ?? [];
    if (flags.staged && paths.length > 0) throw new VaultError("usage", "--staged takes no path", "it looks at all that the next commit would bring: vault scan --staged");
    const [{ scan }, { scanLines, scanNotes, scanObject }] = await Promise.all([import("../app/scanning/scan.ts"), import("../cli/output/scan-lines.ts")]);
    const report = await scan(makeSurroundings(undefined), { paths, isStaged: flags.staged, folder: process.cwd(), home: homedir() });
    this.answer(flags.json, scanObject(report), scanLines(report, answerWidth()));
    if (!flags.json) for (const line of scanNotes(report)) note(line);
    return report.findings.length > 0 ? EXIT.found : EXIT.done;
  }
}

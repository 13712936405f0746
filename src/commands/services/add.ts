import { Args, Flags } from "@oclif/core";
import { ensureVault } from "../../app/keys/auto-init.ts";
import { withOpenVault } from "../../app/keys/open-vault.ts";
import { SERVICE_FILE_BYTES_MAX } from "../../app/services/own-services.ts";
import { readInput } from "../../cli/input/file-input.ts";
import { forPersonOnly, personFlags } from "../../cli/input/person-flags.ts";
import { makeSurroundings } from "../../cli/surroundings.ts";
import { note, requireYes } from "../../cli/output/terminal.ts";
import { passphraseFlags, VaultCommand } from "../../cli/vault-command.ts";

export default class ServicesAdd extends VaultCommand {
  static override summary = "Add a service of your own";
  static override description = "The file says which variables hold its key, and which hosts get it: src/services/service.schema.json has the form. What it says is repeated in plain words, and asked about at a terminal. A service that the program brings along cannot be replaced. Needs the vault's key: a file that was not added with it pins no secret.";
  static override examples = ["<%= config.bin %> services add billing.json", { description: "Where nobody is there to ask", command: "<%= config.bin %> services add billing.json --yes" }];
  static override args = { file: Args.string({ required: true, ignoreStdin: true, description: "the file, - for stdin" }) };
  static override flags = {
    yes: Flags.boolean({ description: "do not ask" }),
    ...personFlags,
    replace: Flags.boolean({ description: "put it in the place of a service of your own with the same id" }),
    ...passphraseFlags,
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ServicesAdd);
    const surroundings = await forPersonOnly("services add", makeSurroundings(flags["passphrase-file"]), flags);
    // Only here: with it comes the whole list, which no other command is to wait for.
    const { judgeService } = await import("../../app/services/known-services.ts");
    const candidate = await judgeService(surroundings, await readInput(args.file, "the file", SERVICE_FILE_BYTES_MAX), flags.replace);
    note(candidate.words.join("\n"));
    if (!flags.yes) await requireYes("Add it?");
    await withOpenVault(surroundings, ({ keys }) => candidate.keep(keys.services), ensureVault);
    this.answer(flags.json, { service: candidate.service.id, hosts: candidate.service.hosts }, [`added ${candidate.service.id}`]);
  }
}

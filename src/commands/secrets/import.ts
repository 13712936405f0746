import { Args, Flags } from "@oclif/core";
import { EXIT } from "../../cli/output/exit-status.ts";
import { findScope, scopeFlags } from "../../cli/input/scope-flags.ts";
import { forPersonOnly, personFlags } from "../../cli/input/person-flags.ts";
import { makeSurroundings } from "../../cli/surroundings.ts";
import { firstUseFlags, passphraseFlags, VaultCommand } from "../../cli/vault-command.ts";

export default class SecretsImport extends VaultCommand {
  static override summary = "Put the values of a file into the vault";
  static override description =
    "Reads a .env file, a flat JSON object, or aivault's entries (one NAME=VALUE a line). A name that means a service is pinned to its hosts; other names need --host, or are asked about at a terminal. All values go in with one write. Ends with status 2 where a name was skipped that --skip did not name.";
  static override examples = [
    { description: "Into the vault, and out of the file", command: "<%= config.bin %> secrets import .env --delete-source" },
    { description: "With a host for a name that no service is known by, leaving another where it is", command: "<%= config.bin %> secrets import .env --host BILLING_KEY=billing.example.com --skip PORT" },
    { description: "As aivault takes them", command: "printf 'OPENAI_API_KEY=%s\\n' \"$KEY\" | <%= config.bin %> secrets import - --format entries" },
  ];
  static override args = { file: Args.string({ required: true, ignoreStdin: true, description: "the file, - for stdin" }) };
  static override flags = {
    format: Flags.option({ options: ["dotenv", "json", "entries"] as const, description: "told from the file when left out; entries are taken as they stand, one NAME=VALUE a line" })(),
    host: Flags.string({ description: "a host that this name's value may be sent to; may be repeated", multiple: true, multipleNonGreedy: true, helpValue: "NAME=H[:PORT]" }),
    skip: Flags.string({ description: "leave this name where it is; may be repeated", multiple: true, multipleNonGreedy: true, helpValue: "NAME" }),
    "delete-source": Flags.boolean({ description: "put placeholders into the file where values stood, once the vault is proven to hold each" }),
    ...scopeFlags,
    ...firstUseFlags,
    ...personFlags,
    ...passphraseFlags,
  };

  /** @returns 2 where the user has to do something about a name. */
  async run(): Promise<number> {
    const { args, flags } = await this.parse(SecretsImport);
    const surroundings = await forPersonOnly("secrets import", makeSurroundings(flags["passphrase-file"], flags["no-init"]), flags);
    // Only here: with it come the list of services and the readers of files, which no other command is to wait for.
    const { FILE_BYTES_MAX, importFile } = await import("../../app/imports/import-file.ts");
    const { askHosts, parseHostsByName, requireFile } = await import("../../cli/input/import-input.ts");
    const { readInput } = await import("../../cli/input/file-input.ts");
    const { isLeftOver, outcomeLines, outcomeObject } = await import("../../cli/output/import-lines.ts");
    const { hasTerminal } = await import("../../cli/output/terminal.ts");
    requireFile(args.file, flags["delete-source"], flags["passphrase-file"]);
    const outcomes = await importFile(surroundings, {
      path: args.file,
      bytes: await readInput(args.file, "the file", FILE_BYTES_MAX),
      format: flags.format,
      deleteSource: flags["delete-source"],
      scope: findScope(flags) ?? { kind: "global" },
      hosts: parseHostsByName(flags.host ?? []),
      leave: new Set(flags.skip),
      askHosts: hasTerminal() ? askHosts : undefined,
    });
    this.answer(flags.json, { secrets: outcomes.map(outcomeObject) }, outcomeLines(outcomes));
    return outcomes.some(isLeftOver) ? EXIT.usage : EXIT.done;
  }
}

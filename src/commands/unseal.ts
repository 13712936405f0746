import { Args, Flags } from "@oclif/core";
import { parseSealOptions, readFileToSeal, sealFlags } from "../cli/input/seal-flags.ts";
import { forPersonOnly, personFlags } from "../cli/input/person-flags.ts";
import { makeSurroundings } from "../cli/surroundings.ts";
import { answerExactly } from "../cli/output/terminal.ts";
import { passphraseFlags, VaultCommand } from "../cli/vault-command.ts";
import { VaultError } from "../errors.ts";

export default class Unseal extends VaultCommand {
  static override summary = "Print a file with its sealed fields opened";
  static override description = "All sealed fields, or those that are named. A field that was changed, moved, or sealed with a key that is not at hand is an error, and nothing is printed.";
  static override examples = [
    "<%= config.bin %> unseal config.json",
    { description: "Only where every one of these is sealed", command: "<%= config.bin %> unseal config.json --field 'database.*' --strict" },
    { description: "With a key of your own", command: "<%= config.bin %> unseal --key-env ENCRYPTION_KEY .env" },
  ];
  static override args = { file: Args.string({ required: true, ignoreStdin: true, description: "the file, - for stdin" }) };
  static override flags = {
    ...sealFlags,
    "in-place": Flags.boolean({ description: "rewrite the file, readable for its owner alone, and print nothing of it" }),
    ...personFlags,
    ...passphraseFlags,
  };

  async run(): Promise<void> {
    const { args: { file }, flags } = await this.parse(Unseal);
    if (file === "-" && flags["in-place"]) throw new VaultError("usage", "--in-place needs a file, and stdin is none", "name the file: vault unseal --in-place FILE");
    if (file === "-" && flags["passphrase-file"] === "-") throw new VaultError("usage", "stdin cannot hold both the file and the passphrase", "--passphrase-file FILE, or the variable VAULT_PASSPHRASE");
    if (flags.strict && flags.field === undefined) throw new VaultError("usage", "--strict needs to know which fields are to be sealed", "--field PATH");
    const given = makeSurroundings(flags["passphrase-file"]);
    // With a key of its own, a program needs nobody's.
    const surroundings = flags["key-env"] === undefined ? await forPersonOnly("unseal", given, flags) : given;
    const { unsealFile } = await import("../app/sealing/seal-file.ts");
    const { path, changed, text } = await unsealFile(surroundings, await readFileToSeal(file), flags.field, { ...parseSealOptions(flags), inPlace: flags["in-place"] });
    if (flags["in-place"]) this.answer(flags.json, { file: path, opened: changed }, [`${path}: ${changed.length} opened`]);
    else if (flags.json) this.answer(true, { file: path, opened: changed, document: text }, []);
    else answerExactly(text);
  }
}

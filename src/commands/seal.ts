import { Args, Flags } from "@oclif/core";
import { parseSealOptions, readFileToSeal, sealFlags } from "../cli/input/seal-flags.ts";
import { makeSurroundings } from "../cli/surroundings.ts";
import { passphraseFlags, VaultCommand } from "../cli/vault-command.ts";
import { VaultError } from "../errors.ts";

export default class Seal extends VaultCommand {
  static override summary = "Encrypt fields of a JSON, YAML or .env file, in place";
  static override description =
    "The rest of the file stays as it is, comments and formatting included. Fields that are sealed already are checked and stay. The key is a secret of the vault, made on first use, which no host gets; or it comes from a variable. docs/SEALED.md has the format.";
  static override usage = "seal FILE… --field PATH… [FLAGS] | seal --rotate FILE…";
  static override examples = [
    "<%= config.bin %> seal config.json --field database.password --field 'users.*.token'",
    { description: "In a check before a commit: fails where a field is plain", command: "<%= config.bin %> seal config.json --field database.password --strict" },
    { description: "Under a new key; old keys stay in the vault for what they have sealed", command: "<%= config.bin %> seal --rotate config.json .env" },
  ];
  static override args = { file: Args.string({ required: true, multiple: true, ignoreStdin: true, description: "the file" }) };
  static override flags = {
    ...sealFlags,
    rotate: Flags.boolean({ description: "seal every sealed field anew under the newest key; where that is so already, under a new one", exclusive: ["field", "strict"] }),
    form: Flags.string({ description: "the form to write: v2, or v1 for programs that read AuthHero's", options: ["v1", "v2"] }),
    "from-v1": Flags.boolean({ description: "with --rotate: move the file from the form v1 to v2, and bind it to --name, where there is one", dependsOn: ["rotate"], exclusive: ["form"] }),
    ...passphraseFlags,
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Seal);
    const fields = flags.field ?? [];
    if (fields.length === 0 && !flags.rotate) throw new VaultError("usage", "no field was named", "--field PATH, such as --field database.password; --rotate for what is sealed already");
    if (args.file.includes("-")) throw new VaultError("usage", "files are sealed in place, and stdin is none", "name the file: vault seal FILE --field PATH");
    const { rotateFiles, sealFiles } = await import("../app/sealing/seal-file.ts");
    const [surroundings, options] = [makeSurroundings(flags["passphrase-file"]), parseSealOptions(flags)];
    const files = await Promise.all(args.file.map(readFileToSeal));
    const outcomes = flags.rotate ? await rotateFiles(surroundings, files, options) : await sealFiles(surroundings, files, fields, options);
    this.answer(flags.json, { files: outcomes.map(({ path, changed, kept }) => ({ file: path, sealed: changed, kept })) }, outcomes.map(({ path, changed, kept }) => `${path}: ${changed.length} sealed${kept > 0 ? `, ${kept} as they were` : ""}`));
  }
}

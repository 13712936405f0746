import { Flags } from "@oclif/core";
import type { FileToSeal, FormatName, SealOptions } from "../../app/sealing/seal-options.ts";
import { FORMAT_NAMES, SEALED_FILE_BYTES_MAX } from "../../app/sealing/seal-options.ts";
import { VaultError } from "../../errors.ts";
import { readInput } from "./file-input.ts";

/** What sealing and unsealing have in common. No key ever stands on the command line: variables are named. */
export const sealFlags = {
  field: Flags.string({ description: "a field, as a dotted path with * for every key or index; may be repeated", multiple: true, multipleNonGreedy: true, helpValue: "PATH" }),
  "key-env": Flags.string({ description: "take the key from this variable (base64 of 32 bytes) and not from the vault; may be repeated, the newest key first", multiple: true, multipleNonGreedy: true, helpValue: "NAME" }),
  name: Flags.string({ description: "what this file is called, bound into each field: fields of a file with another name are refused", helpValue: "NAME" }),
  format: Flags.string({ description: "the file's format, where its name does not tell", options: [...FORMAT_NAMES] }),
  strict: Flags.boolean({ description: "refuse plain values in these fields" }),
};

interface GivenFlags {
  readonly "key-env"?: readonly string[] | undefined;
  readonly name?: string | undefined;
  readonly format?: string | undefined;
  readonly form?: string | undefined;
  readonly "from-v1"?: boolean;
  readonly strict: boolean;
}

/** @throws VaultError `usage` for a name that is empty. */
export function parseSealOptions(flags: GivenFlags): SealOptions {
  if (flags.name === "") throw new VaultError("usage", "--name is empty", "leave it out, or give the file a name that stays");
  const format = FORMAT_NAMES.find((name): name is FormatName => name === flags.format);
  const opensFirstForm = flags["from-v1"] === true;
  const form = opensFirstForm || flags.form === "v2" ? "v2" : flags.form === "v1" ? "v1" : undefined;
  return { variables: flags["key-env"], format, form, opensFirstForm, name: flags.name, strict: flags.strict };
}

/** @throws VaultError `usage` for a file that cannot be read, or is too large. */
export async function readFileToSeal(path: string): Promise<FileToSeal> {
  return { path, bytes: await readInput(path, "the file", SEALED_FILE_BYTES_MAX) };
}

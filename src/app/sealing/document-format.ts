// Which format a file is in. Each reader is loaded when a file asks for it: together they are larger than the rest of the program.
import { basename } from "node:path";
import { utf8 } from "../../bytes.ts";
import { parseDotenv } from "../../env-files/dotenv-file.ts";
import { VaultError } from "../../errors.ts";
import type { DocumentFormat } from "../../sealed/document.ts";
import { dotenvFormat } from "../../sealed/documents/dotenv.ts";
import type { FormatName } from "./seal-options.ts";
import { FORMAT_NAMES } from "./seal-options.ts";

/** @throws VaultError `usage` where the name does not tell, and nobody said. */
export async function loadFormat(path: string, asked: FormatName | undefined): Promise<DocumentFormat> {
  const what = path === "-" ? "stdin" : `"${path}"`;
  switch (asked ?? guessFormat(path)) {
    case "json":
      return (await import("../../sealed/documents/json.ts")).jsonFormat(what);
    case "yaml":
      return (await import("../../sealed/documents/yaml.ts")).yamlFormat(what);
    case "dotenv":
      return dotenvFormat((text) => parseDotenv(utf8(text), what).assignments);
    case undefined:
      throw new VaultError("usage", `the name of ${what} does not tell its format`, `--format ${FORMAT_NAMES.join(", or ")}`);
  }
}

function guessFormat(path: string): FormatName | undefined {
  const name = basename(path).toLowerCase();
  if (/\.jsonc?$/.test(name)) return "json";
  if (/\.ya?ml$/.test(name)) return "yaml";
  return /^\.env(?:\.|$)|\.env$/.test(name) ? "dotenv" : undefined;
}

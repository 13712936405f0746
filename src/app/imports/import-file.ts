// One import, from the file's bytes to the file without its values.
import type { AssignmentFile } from "../../env-files/assignment.ts";
import { parseDotenv } from "../../env-files/dotenv-file.ts";
import { parseEntryLines } from "../../env-files/entry-lines.ts";
import { parseFlatJson } from "../../env-files/json-file.ts";
import { findLeftOver, withoutValues } from "../../env-files/kept-value.ts";
import type { ImportWishes } from "./import-plan.ts";
import type { Outcome } from "./import-secrets.ts";
import { importSecrets } from "./import-secrets.ts";
import { openSource } from "./source-file.ts";
import type { Surroundings } from "../surroundings.ts";

/** `entries`: aivault's, one `NAME=VALUE` a line, taken as it stands. */
export type ImportFormat = "dotenv" | "json" | "entries";

export const FILE_BYTES_MAX = 16 * 1024 * 1024;

export interface ImportRequest extends ImportWishes {
  /** `-` for stdin. */
  readonly path: string;
  readonly bytes: Uint8Array;
  /** Undefined: JSON where the file begins with a brace, and `.env` otherwise. */
  readonly format: ImportFormat | undefined;
  readonly deleteSource: boolean;
}

/** @throws VaultError `usage` for a file that is not as its format has it, by the number of its line; what importing and rewriting say. */
export async function importFile(surroundings: Surroundings, { path, bytes, format, deleteSource, ...wishes }: ImportRequest): Promise<Outcome[]> {
  const file = parseFile(bytes, format, path === "-" ? "stdin" : `"${path}"`);
  const source = deleteSource ? openSource(path, bytes) : undefined;
  try {
    const outcomes = await importSecrets(surroundings, file.assignments, wishes);
    const gone = new Set(outcomes.filter(({ kind }) => kind !== "skipped").map(({ name }) => name));
    if (source !== undefined && gone.size > 0) {
      const text = withoutValues(file, gone);
      source.rewrite(text);
      for (const { name, line } of findLeftOver(text, file, gone)) surroundings.warn(`"${path}", line ${line}: the value of "${name}" stands there too, in a comment or another value, and was left`);
      surroundings.warn(`copies of "${path}" elsewhere (a repository's history, backups, an editor's own) hold the values still`);
    }
    return outcomes;
  } finally {
    source?.close();
    for (const { value } of file.assignments) value.wipe();
  }
}

function parseFile(bytes: Uint8Array, format: ImportFormat | undefined, what: string): AssignmentFile {
  switch (format ?? (beginsWithBrace(bytes) ? "json" : "dotenv")) {
    case "dotenv":
      return parseDotenv(bytes, what);
    case "json":
      return parseFlatJson(bytes, what);
    case "entries":
      return parseEntryLines(bytes, what);
  }
}

function beginsWithBrace(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.subarray(0, 64)).toString().replace(/^\uFEFF/, "").trimStart().startsWith("{");
}

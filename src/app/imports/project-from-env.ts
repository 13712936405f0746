// Makes a project's `vault.run.json` from its `.env`: names alone, so that the file can be shown to everybody.
import { writeFileSync } from "node:fs";
import { findText } from "../../bytes.ts";
import { parseDotenv } from "../../env-files/dotenv-file.ts";
import { KEPT_VALUE } from "../../env-files/kept-value.ts";
import { findLocalUse } from "../../env-files/local-use.ts";
import { VaultError, systemErrorCode } from "../../errors.ts";
import { encodeRunFile } from "../../project/run-file.ts";
import { findServiceOfVariable } from "../../services/registry.ts";
import { openRegistry } from "../services/known-services.ts";
import { makeCredentialTest } from "../services/likely-credential.ts";
import type { Surroundings } from "../surroundings.ts";

export interface SortedNames {
  /** Of keys: they look like one, belong to a known service, or stand in the vault already. */
  readonly secrets: readonly string[];
  /** Of credentials that no placeholder can stand for: programs get them as they are, or not at all. */
  readonly local: readonly string[];
  /** Of everything else, which the project's programs get as it is. */
  readonly plain: readonly string[];
}

/** @param what the file, as the user knows it. @throws VaultError `usage` for what is no `.env` file, by the number of the line. */
export function sortNames(surroundings: Pick<Surroundings, "paths">, bytes: Uint8Array, what: string): SortedNames {
  const registry = openRegistry(surroundings);
  const isCredential = makeCredentialTest(registry);
  const { assignments } = parseDotenv(bytes, what);
  const [secrets, local] = [new Set<string>(), new Set<string>()];
  for (const { name, value } of assignments) {
    const text = findText(value.reveal()) ?? "";
    // A service's variable is the key's even in a template, where it stands empty.
    if (text === KEPT_VALUE || findServiceOfVariable(registry, name) !== undefined) secrets.add(name);
    else if (isCredential(name, text)) (findLocalUse(name, text) === undefined ? secrets : local).add(name);
    value.wipe();
  }
  return { secrets: [...secrets], local: [...local], plain: [...new Set(assignments.map(({ name }) => name))].filter((name) => !secrets.has(name) && !local.has(name)) };
}

/** @param schema what the file's `$schema` is to say, for editors. @throws VaultError `already-exists`, and what stands there is left; `io`. */
export function writeRunFile(path: string, names: readonly string[], schema: string | undefined): void {
  try {
    // With the mode that the user's umask says: it goes into the repository, and holds nothing secret.
    writeFileSync(path, encodeRunFile(names, schema), { flag: "wx" });
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === "EEXIST") throw new VaultError("already-exists", `"${path}" already exists`, "it was left untouched; add to it by hand");
    throw new VaultError("io", `cannot write "${path}" (${code ?? "unknown error"})`);
  }
}

// PHP takes its roots from its configuration: no variable names them. Its `curl` extension heeds proxy variables; its streams know no proxy.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { VaultError, systemErrorCode } from "../../errors.ts";

/** Folders that PHP reads `*.ini` files from, the last one counting most. An empty one is the folder that it was built with. */
export const PHP_VARIABLE = "PHP_INI_SCAN_DIR";

/**
 * Writes the two settings into the run's private folder, 0600.
 *
 * @returns the folder to add to `PHP_INI_SCAN_DIR`.
 * @throws VaultError `io`.
 */
export function writePhpIni(folder: string, caFile: string): string {
  const path = join(folder, "php");
  try {
    mkdirSync(path, { mode: 0o700 });
    writeFileSync(join(path, "run.ini"), `curl.cainfo="${caFile}"\nopenssl.cafile="${caFile}"\n`, { flag: "wx", mode: 0o600 });
  } catch (error) {
    throw new VaultError("io", `cannot write "${path}" (${systemErrorCode(error) ?? "unknown error"})`);
  }
  return path;
}

// GNU wget built on GnuTLS (Debian's) takes its roots from a configuration file only: no variable names them.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { VaultError, systemErrorCode } from "../errors.ts";

/** The variable by which wget is told of another file than the system's; the user's own `~/.wgetrc` is read after it and stays in force. */
export const WGETRC_VARIABLE = "SYSTEM_WGETRC";

const SYSTEM_FILES = ["/etc/wgetrc", "/usr/local/etc/wgetrc", "/opt/homebrew/etc/wgetrc"] as const;

/**
 * Writes the system's configuration of wget with the run's roots added, 0600.
 *
 * @returns its path, for `WGETRC_VARIABLE`.
 * @throws VaultError `io`.
 */
export function writeWgetrc(folder: string, caFile: string, variables: Readonly<Record<string, string | undefined>>): string {
  const path = join(folder, "wgetrc");
  const given = variables[WGETRC_VARIABLE] ?? "";
  const system = findFirstText(given === "" ? SYSTEM_FILES : [given]);
  try {
    writeFileSync(path, `${system}\nca_certificate = ${caFile}\n`, { flag: "wx", mode: 0o600 });
  } catch (error) {
    throw new VaultError("io", `cannot write "${path}" (${systemErrorCode(error) ?? "unknown error"})`);
  }
  return path;
}

/** Many systems have no such file, and wget needs none. */
function findFirstText(paths: readonly string[]): string {
  for (const path of paths) {
    try {
      return readFileSync(path, "utf8");
    } catch {
      // The next one, then.
    }
  }
  return "";
}

// GNU wget built on GnuTLS (Debian's) takes its roots from a configuration file only: no variable names them.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { readBounded } from "../../disk/bounded-file.ts";
import { VaultError, systemErrorCode } from "../../errors.ts";

/** The variable by which wget is told of another file than the system's; the user's own `~/.wgetrc` is read after it and stays in force. */
export const WGETRC_VARIABLE = "SYSTEM_WGETRC";

/** Debian's has 5 KB. */
const BYTES_MAX = 256 * 1024;
const SYSTEM_FILES = ["/etc/wgetrc", "/usr/local/etc/wgetrc", "/opt/homebrew/etc/wgetrc"] as const;

/**
 * Writes the system's configuration of wget with the run's roots added, 0600. One that is no regular file, or too long, counts as none.
 *
 * @param variables inherited ones, and none of a `.env` file's: a path in there is whoever's who wrote the repository.
 * @returns its path, for `WGETRC_VARIABLE`.
 * @throws VaultError `io`.
 */
export function writeWgetrc(folder: string, caFile: string, variables: Readonly<Record<string, string | undefined>>): string {
  const path = join(folder, "wgetrc");
  const given = variables[WGETRC_VARIABLE] ?? "";
  const system = findFirst(given === "" ? SYSTEM_FILES : [given]);
  try {
    writeFileSync(path, Buffer.concat([system, Buffer.from(`\nca_certificate = ${caFile}\n`)]), { flag: "wx", mode: 0o600 });
  } catch (error) {
    throw new VaultError("io", `cannot write "${path}" (${systemErrorCode(error) ?? "unknown error"})`);
  }
  return path;
}

/** Many systems have no such file, and wget needs none. */
function findFirst(paths: readonly string[]): Uint8Array {
  for (const path of paths) {
    const file = readBounded(path, BYTES_MAX);
    if (file.kind === "read") return file.bytes;
  }
  return new Uint8Array();
}

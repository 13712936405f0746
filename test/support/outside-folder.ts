// A folder that a walled program sees.
import { mkdirSync, mkdtempSync, realpathSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** Not in /tmp, which is another one inside. */
export function makeOutsideFolder(): string {
  const parent = join(homedir(), ".cache");
  mkdirSync(parent, { recursive: true });
  return realpathSync(mkdtempSync(join(parent, "vault-start-")));
}

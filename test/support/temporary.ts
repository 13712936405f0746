import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

/** An empty folder, gone when the test is over. `mode` lets processes of other users in. */
export function makeFolder(mode = 0o700): string {
  const folder = mkdtempSync(join(tmpdir(), "vault-test-"));
  chmodSync(folder, mode);
  onTestFinished(() => { rmSync(folder, { recursive: true, force: true }); });
  return folder;
}

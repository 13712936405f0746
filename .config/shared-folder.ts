// For a run of the tests: what several files need alike lies here. See test/support/made-once.ts.
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export default function openSharedFolder(): () => void {
  const folder = mkdtempSync(join(tmpdir(), "vault-tests-"));
  // Tests act as other users as well.
  chmodSync(folder, 0o755);
  process.env["TESTS_FOLDER"] = folder;
  // Each Node that starts would read the roots that it names, and its own with them, before it does anything: that takes longer than all else of its start. No test asks a server that they vouch for.
  Reflect.deleteProperty(process.env, "NODE_EXTRA_CA_CERTS");
  return () => { rmSync(folder, { recursive: true, force: true }); };
}

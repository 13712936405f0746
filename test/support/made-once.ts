// What tests of several files need alike is made by the first of them, and the others take it as it is.
import { chmodSync, existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Where it lies: .config/shared-folder.ts makes the folder for a run of the tests. A process outside of one has its own. */
const FOLDER = "TESTS_FOLDER";

/**
 * A folder that is made once in a run of the tests. Whoever wants to change what is in it takes a copy.
 *
 * @param name a file's name. @param make fills the folder that it is given, which anyone may read.
 */
export function madeOnce(name: string, make: (folder: string) => void): string {
  const made = join(findFolder(), name);
  if (existsSync(made)) return made;
  const draft = mkdtempSync(join(findFolder(), "draft-"));
  chmodSync(draft, 0o755);
  make(draft);
  try {
    renameSync(draft, made);
  } catch {
    // Another file was quicker.
    rmSync(draft, { recursive: true, force: true });
  }
  return made;
}

/** What is asked of the machine once in a run of the tests. */
export function knownOnce(name: string, find: () => boolean): boolean {
  return readFileSync(join(madeOnce(name, (folder) => { writeFileSync(join(folder, "answer"), String(find())); }), "answer"), "utf8") === "true";
}

function findFolder(): string {
  const shared = process.env[FOLDER];
  if (shared !== undefined) return shared;
  const own = mkdtempSync(join(tmpdir(), "vault-tests-"));
  chmodSync(own, 0o755);
  process.once("exit", () => { rmSync(own, { recursive: true, force: true }); });
  return (process.env[FOLDER] = own);
}

// A vault without secrets, its key in a file beside it: made by the program once in a run of the tests.
import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { madeOnce } from "./made-once.ts";
import { NODE, RUN_JS } from "./program.ts";

/** @param to what VAULT_DIR is to name, which is not there yet. */
export function layEmptyVault(to: string): void {
  const made = madeOnce("empty-vault", (folder) => { execFileSync(NODE, [RUN_JS, "init", "--provider", "file"], { env: { PATH: process.env["PATH"], HOME: folder, VAULT_DIR: join(folder, "vault") }, stdio: "pipe" }); });
  mkdirSync(dirname(to), { recursive: true });
  execFileSync("cp", ["-a", join(made, "vault"), to]);
}

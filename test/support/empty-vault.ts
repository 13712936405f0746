// Vaults that the program has made once in a run of the tests, their key in a file beside them: one without secrets, and one for each first secret that somebody asks for.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { madeOnce } from "./made-once.ts";
import { NODE, RUN_JS } from "./program.ts";

/** @param to what VAULT_DIR is to name, which is not there yet. */
export function layEmptyVault(to: string): void {
  lay(madeOnce("empty-vault", (folder) => { runIn(folder, ["init", "--provider", "file"]); }), to);
}

/** The same with one secret in it. @param host as `--host` takes it. */
export function layVaultWith(name: string, host: string, value: string, to: string): void {
  const made = madeOnce(`vault-with-${createHash("sha256").update(JSON.stringify([name, host, value])).digest("hex")}`, (folder) => {
    layEmptyVault(join(folder, "vault"));
    runIn(folder, ["secrets", "create", name, "--host", host], value);
  });
  lay(made, to);
}

function lay(made: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  execFileSync("cp", ["-a", join(made, "vault"), to]);
}

function runIn(folder: string, args: readonly string[], input = ""): void {
  execFileSync(NODE, [RUN_JS, ...args], { env: { PATH: process.env["PATH"], HOME: folder, VAULT_DIR: join(folder, "vault") }, input, stdio: "pipe" });
}

// What Argon2id costs in a process of its own, as a command has to do it: without Node's own start, with the library's.
import { spawnSync } from "node:child_process";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { NODE } from "../test/support/program.ts";
import { cleanEnvironment } from "./clean-environment.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** @throws Error where it fails. */
export function costOfDerivation(way: "vault" | "libsodium"): { readonly "wall ms": number; readonly "CPU ms": number } {
  const { status, stdout, stderr } = spawnSync(NODE, [".config/run-ts.js", "bench/processes/derive.ts", way], { cwd: ROOT, env: cleanEnvironment(tmpdir()), encoding: "utf8" });
  if (status !== 0) throw new Error(`a derivation ended with ${status ?? "a signal"}: ${stderr}`);
  return JSON.parse(stdout) as ReturnType<typeof costOfDerivation>;
}

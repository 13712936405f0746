// `vault run --sandbox` with loads in it: once through the proxy that the variables name, once as a client that knows of no proxy.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { NODE, RUN_JS } from "../test/support/program.ts";
import type { Contender } from "./contenders.ts";
import { LOAD, loadPlaceOf } from "./load.ts";

export interface WalledVault {
  readonly contenders: readonly Contender[];
  close(): Promise<void>;
}

/** The project of the run: what a load is made of has to be seen in it. */
const ROOT = fileURLToPath(new URL("..", import.meta.url));
/** Says what it was given, then starts a load for each line. `read` takes no byte more than the line, so the rest is the load's. */
const PROGRAM = 'printf "%s\\n" "$HTTPS_PROXY" "$API_KEY"; while read -r task; do "$0" "$1" "$task"; done';

/** @param certificateFile PEM of the server's. @param bound `localhost:port`. */
export async function openWalledVault(value: string, bound: string, certificateFile: string): Promise<WalledVault> {
  const folder = mkdtempSync(join(tmpdir(), "vault-walled-"));
  const env = { PATH: process.env["PATH"], HOME: folder, TMPDIR: folder, VAULT_DIR: join(folder, "vault") };
  for (const [args, input] of [[["init", "--provider", "file"], ""], [["secrets", "create", "API_KEY", "--host", bound, "--inject", "header"], value]] as const) {
    const { status, stderr } = spawnSync(NODE, [RUN_JS, ...args], { env, input, encoding: "utf8" });
    if (status !== 0) throw new Error(`vault ${args.join(" ")} ended with ${status ?? "a signal"}: ${stderr}`);
  }
  const child = spawn(NODE, [RUN_JS, "run", "--sandbox", "--upstream-ca", certificateFile, "--", "sh", "-c", PROGRAM, NODE, LOAD], { env, cwd: ROOT });
  const ended = once(child, "close");
  const inside = loadPlaceOf(child);
  const proxy = await inside.hear();
  const credential = await inside.hear();
  const pids = [child.pid ?? 0];
  return {
    contenders: [
      { name: "vault, behind the wall", proxy, credential, pids, inside },
      { name: "vault, behind the wall, no proxy set", credential, pids, inside },
    ],
    async close() {
      child.stdin.end();
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

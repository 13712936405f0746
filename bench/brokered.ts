// `vault serve`, and a run at it on the same machine: what a broker costs beside a run that has its proxy itself.
import { spawn, spawnSync } from "node:child_process";
import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { NODE, RUN_JS } from "../test/support/program.ts";
import type { Contender } from "./contenders.ts";

export interface BrokeredVault {
  readonly contender: Contender;
  close(): Promise<void>;
}

/** The program says what it was given, and lives until its standard input ends. */
const PROGRAM = 'printf "%s\\n" "$HTTPS_PROXY" "$API_KEY"; exec cat';

/** Plain between the two, as on one machine: TLS there is the network's price, and not the broker's. @param certificateFile PEM of the server's. @param bound `localhost:port`. */
export async function openBrokeredVault(value: string, bound: string, certificateFile: string): Promise<BrokeredVault> {
  const folder = mkdtempSync(join(tmpdir(), "vault-brokered-"));
  const [owner, runner] = ["owner", "runner"].map((name) => ({ PATH: process.env["PATH"], HOME: folder, TMPDIR: folder, VAULT_DIR: join(folder, name) }));
  const vault = (env: typeof owner, args: readonly string[], input = ""): void => {
    const { status, stderr } = spawnSync(NODE, [RUN_JS, ...args], { env, input, encoding: "utf8" });
    if (status !== 0) throw new Error(`vault ${args.join(" ")} ended with ${status ?? "a signal"}: ${stderr}`);
  };
  vault(owner, ["init", "--provider", "file"]);
  vault(owner, ["secrets", "create", "API_KEY", "--host", bound, "--inject", "header"], value);
  const broker = spawn(NODE, [RUN_JS, "serve", "--listen", "127.0.0.1:0", "--upstream-ca", certificateFile], { env: owner });
  const [said = ""] = await firstLines(broker, 1);
  const url = said.replace("serving at ", "");
  vault(runner, ["identity", "create", "bench"]);
  vault(runner, ["identity", "claim", "--broker", url, "--identity", "bench"]);
  vault(owner, ["identity", "accept", "bench"]);
  const run = spawn(NODE, [RUN_JS, "run", "--broker", url, "--identity", "bench", "--", "sh", "-c", PROGRAM], { env: runner });
  const [proxy = "", credential = ""] = await firstLines(run, 2);
  return {
    contender: { name: "vault, through a broker", proxy, credential, pids: [broker.pid ?? 0, run.pid ?? 0] },
    async close() {
      run.stdin.end();
      await once(run, "close");
      broker.kill("SIGTERM");
      await once(broker, "close");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function firstLines({ stdout, stderr }: ChildProcessWithoutNullStreams, count: number): Promise<string[]> {
  let complaints = "";
  stderr.setEncoding("utf8").on("data", (text: string) => (complaints += text));
  const lines: string[] = [];
  for await (const line of createInterface({ input: stdout })) if (lines.push(line) === count) return lines;
  throw new Error(`the broker or its run did not start: ${complaints}`);
}

// Two machines, as far as folders go: the owner's with a vault and its broker, and a runner's with an identity and nothing else.
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { BuiltVault, VaultRun } from "./built-vault.ts";
import { openBuiltVault, watch } from "./built-vault.ts";
import { NODE, RUN_JS } from "./program.ts";
import type { RawUpstream } from "./raw-upstream.ts";
import { openRawUpstream } from "./raw-upstream.ts";
import type { TestIdentity } from "./test-ca.ts";

export interface Finished {
  readonly status: number | NodeJS.Signals | null;
  /** Of both streams. */
  readonly output: string;
}

export interface RunningBroker {
  /** As runs name it. */
  readonly url: string;
  readonly port: number;
  readonly process: VaultRun;
  /** Ends it, and waits. */
  stop(signal?: NodeJS.Signals): Promise<number | NodeJS.Signals | null>;
}

export interface BrokerStage {
  readonly upstream: RawUpstream;
  /** `localhost:PORT`, which the secret API_KEY is bound to. */
  readonly bound: string;
  readonly value: string;
  /** With the vault. */
  readonly owner: BuiltVault;
  /** Below it is all that the runner has. */
  readonly runnerFolder: string;
  readonly runnerVariables: Readonly<Record<string, string>>;
  /** `vault serve`. @param port one that was had before. */
  serve(options?: { readonly tls?: TestIdentity; readonly port?: number; readonly flags?: readonly string[]; readonly host?: string }): Promise<RunningBroker>;
  /** `vault ARGS` on the runner's machine. @param more variables. */
  runner(args: readonly string[], more?: Readonly<Record<string, string>>): Promise<Finished>;
  /** `vault run --broker … -- sh -c SCRIPT` there. */
  run(broker: Pick<RunningBroker, "url">, script: string, flags?: readonly string[]): VaultRun;
  /** An identity of that handle, accepted for what a run from that viewpoint sees. */
  introduce(broker: Pick<RunningBroker, "url">, handle: string, flags?: { readonly claim?: readonly string[]; readonly accept?: readonly string[] }): Promise<void>;
  close(): Promise<void>;
}

/** The handle that `run` uses unless its flags name another. */
export const HANDLE = "ci";

export async function openBrokerStage(value = "sk-live-Zx81~qT/7+hN3vWc0pLr"): Promise<BrokerStage> {
  const upstream = await openRawUpstream();
  const bound = `localhost:${upstream.port}`;
  const owner = openBuiltVault(bound, value, upstream.certificate);
  const runnerFolder = join(owner.folder, "elsewhere");
  mkdirSync(runnerFolder);
  const runnerVariables = { PATH: process.env["PATH"] ?? "", HOME: runnerFolder, TMPDIR: runnerFolder, VAULT_DIR: join(runnerFolder, "vault") };
  const running = new Set<ChildProcess>();
  const start = (args: readonly string[], more: Readonly<Record<string, string>> = {}): VaultRun => {
    const child = spawn(NODE, [RUN_JS, ...args], { env: { ...runnerVariables, ...more }, cwd: runnerFolder, stdio: ["pipe", "pipe", "pipe"] });
    running.add(child);
    return watch(child, () => running.delete(child));
  };
  const finish = async (run: VaultRun): Promise<Finished> => {
    run.process.stdin?.end();
    const closed = new Promise((resolve) => run.process.once("close", resolve));
    const status = await run.ended;
    await closed;
    return { status, output: run.output() };
  };
  return {
    upstream, bound, value, owner, runnerFolder, runnerVariables,
    async serve({ tls, port = 0, flags = [], host = "127.0.0.1" } = {}) {
      const secure: string[] = [];
      for (const [flag, file, text] of tls === undefined ? [] : ([["--tls-cert", "broker.pem", tls.cert], ["--tls-key", "broker.key", tls.key]] as const)) {
        writeFileSync(join(owner.folder, file), text, { mode: 0o600 });
        secure.push(flag, join(owner.folder, file));
      }
      const process = owner.start(NODE, [RUN_JS, "serve", "--listen", `${host}:${port}`, "--upstream-ca", join(owner.folder, "server.pem"), ...secure, ...flags], owner.folder);
      await process.said("serving at ");
      await process.said("\n");
      const url = /serving at (\S+)/.exec(process.output())?.[1] ?? "";
      return {
        url, port: Number(new URL(url).port), process,
        async stop(signal = "SIGTERM") {
          process.process.kill(signal);
          return process.ended;
        },
      };
    },
    runner: (args, more) => finish(start(args, more)),
    run: ({ url }, script, flags = []) => start(["run", "--broker", url, ...(flags.includes("--identity") ? [] : ["--identity", HANDLE]), ...flags, "--", "sh", "-c", script]),
    async introduce({ url }, handle, { claim = [], accept = [] } = {}) {
      for (const args of [["identity", "create", handle], ["identity", "claim", "--identity", handle, "--broker", url, ...claim]]) {
        const { status, output } = await finish(start(args));
        if (status !== 0) throw new Error(`vault ${args.join(" ")} ended with ${String(status)}: ${output}`);
      }
      owner.vault(["identity", "accept", handle, ...accept]);
    },
    async close() {
      for (const child of running) child.kill("SIGKILL");
      owner.close();
      await upstream.close();
    },
  };
}

/** The end of a run: all its output has come. */
export async function endOf(run: VaultRun): Promise<Finished> {
  const status = await run.ended;
  // Its streams end with it, or with the last of what it has started.
  await new Promise((resolve) => setImmediate(resolve));
  return { status, output: run.output() };
}

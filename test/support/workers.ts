// Real processes that run a script of test/support/workers, for what one process cannot show: locks, races, crashes.
import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

export interface WorkerOptions {
  /** Words before the program: `["strace", "-f", …]`, `["sh", "-c", "ulimit -f 1; exec \"$@\"", "sh"]`. */
  readonly under?: readonly string[];
  readonly uid?: number;
}

/** A running worker. It speaks in lines: each one it prints is an answer, each one it is sent a request. */
export interface Worker {
  readonly pid: number;
  /** The next line, or undefined once it has ended. */
  next(): Promise<string | undefined>;
  say(line: string): void;
  kill(): void;
  /** Everything it has yet to say, once it has ended, and how it ended. */
  readonly ended: Promise<{ readonly status: number | undefined; readonly signal: string | undefined; readonly errors: string }>;
}

export interface WorkerScript {
  readonly file: string;
  start(args: readonly string[], options?: WorkerOptions): Worker;
  /** Runs it to its end. @returns the lines it printed. */
  run(args: readonly string[], options?: WorkerOptions): Promise<string[]>;
  close(): void;
}

/** Node 20 cannot run TypeScript, so the script is bundled into a folder of its own, which other users may enter. */
export async function bundleWorker(name: string): Promise<WorkerScript> {
  const folder = mkdtempSync(join(tmpdir(), "vault-worker-"));
  const file = join(folder, `${name}.mjs`);
  await build({
    absWorkingDir: ROOT,
    entryPoints: [`test/support/workers/${name}.ts`],
    outfile: file,
    bundle: true,
    platform: "node",
    target: "node20.19",
    format: "esm",
    logLevel: "error",
    // Native code, which only the keyring provider would load.
    external: ["@napi-rs/keyring"],
    banner: { js: 'import { createRequire as createRequireForBundle } from "node:module"; const require = createRequireForBundle(import.meta.url);' },
  });
  const running = new Set<Worker>();
  const start = (args: readonly string[], options: WorkerOptions = {}): Worker => {
    const worker = startWorker([...(options.under ?? []), process.execPath, file, ...args], options.uid);
    running.add(worker);
    void worker.ended.then(() => running.delete(worker));
    return worker;
  };
  return {
    file,
    start,
    async run(args, options) {
      const worker = start(args, options);
      const lines: string[] = [];
      for (let line = await worker.next(); line !== undefined; line = await worker.next()) lines.push(line);
      const { errors } = await worker.ended;
      if (errors !== "" && lines.length === 0) throw new Error(errors);
      return lines;
    },
    close() {
      for (const worker of running) worker.kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function startWorker([program = "", ...args]: readonly string[], uid: number | undefined): Worker {
  // io_uring hides system calls from strace.
  const child = spawn(program, args, { env: { ...process.env, UV_USE_IO_URING: "0" }, ...(uid === undefined ? {} : { uid, gid: uid }) });
  const lines = readLines(child);
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (errors += text));
  child.stdin.on("error", () => undefined);
  return {
    pid: child.pid ?? 0,
    next: lines,
    say: (line) => void child.stdin.write(`${line}\n`),
    kill: () => void child.kill("SIGKILL"),
    ended: new Promise((resolve) => child.on("close", (status, signal) => { resolve({ status: status ?? undefined, signal: signal ?? undefined, errors }); })),
  };
}

function readLines(child: ChildProcessWithoutNullStreams): () => Promise<string | undefined> {
  const said: string[] = [];
  let waiting: ((line: string | undefined) => void) | undefined;
  let isOver = false;
  createInterface({ input: child.stdout })
    .on("line", (line) => {
      if (waiting === undefined) said.push(line);
      else waiting(line);
      waiting = undefined;
    })
    .on("close", () => {
      isOver = true;
      waiting?.(undefined);
    });
  return () => {
    const line = said.shift();
    if (line !== undefined || isOver) return Promise.resolve(line);
    return new Promise((resolve) => (waiting = resolve));
  };
}

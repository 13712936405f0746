// A server that tests start, stop and start again at the same port, in a folder of its own. It is gone with the tests, however they end.
import type { ChildProcess, SpawnOptions } from "node:child_process";
import { spawn } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { connect } from "./raw-sockets.ts";

export interface ServedProgram {
  /** Of the server while it runs. */
  pid(): number;
  /** As the machine's end would end it (SIGKILL), unless another signal is asked for; done when it is gone. */
  stop(signal?: NodeJS.Signals): Promise<void>;
  /** Done when it listens. */
  start(): Promise<void>;
  /** Stops it and removes its folder. */
  close(): Promise<void>;
}

export interface ProgramPlan {
  readonly command: string;
  readonly args: readonly string[];
  readonly options?: SpawnOptions;
  readonly port: number;
  readonly folder: string;
  /** Asked until it is true: a server may listen before it answers. */
  readonly isReady?: () => boolean | Promise<boolean>;
}

const START_MS = 60_000;

/** For a server's data. `mode` lets servers of another user in. */
export function makeServerFolder(kind: string, mode = 0o700): string {
  const folder = mkdtempSync(join(tmpdir(), `vault-${kind}-`));
  chmodSync(folder, mode);
  return folder;
}

export async function openServedProgram(plan: ProgramPlan): Promise<ServedProgram> {
  let child: ChildProcess | undefined;
  const killNow = (): void => { child?.kill("SIGKILL"); };
  process.once("exit", killNow);
  const program: ServedProgram = {
    pid() {
      if (child?.pid === undefined) throw new Error(`${plan.command} does not run`);
      return child.pid;
    },
    async stop(signal = "SIGKILL") {
      const ending = child;
      child = undefined;
      if (ending === undefined || ending.exitCode !== null || ending.signalCode !== null) return;
      const ended = new Promise((resolve) => ending.once("close", resolve));
      ending.kill(signal);
      await ended;
    },
    async start() {
      if (child !== undefined) return;
      child = spawn(plan.command, plan.args, { stdio: ["ignore", "pipe", "pipe"], ...plan.options });
      let said = "";
      const hear = (chunk: Buffer): void => { said = (said + chunk.toString("latin1")).slice(-4000); };
      child.stdout?.on("data", hear);
      child.stderr?.on("data", hear);
      child.once("error", hear.bind(undefined, Buffer.from("cannot be started")));
      await untilReady(plan, child, () => said);
    },
    async close() {
      await program.stop();
      process.off("exit", killNow);
      rmSync(plan.folder, { recursive: true, force: true });
    },
  };
  await program.start();
  return program;
}

async function untilReady({ command, port, isReady }: ProgramPlan, child: ChildProcess, said: () => string): Promise<void> {
  for (let waited = 0; waited < START_MS && child.exitCode === null && child.signalCode === null; waited += 25) {
    if (await isListening(port) && (isReady === undefined || await isReady())) return;
    await sleep(25);
  }
  throw new Error(`${command} did not start: ${said()}`);
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => { resolve(true); socket.destroy(); });
    socket.once("error", () => { resolve(false); });
  });
}

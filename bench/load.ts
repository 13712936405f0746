// Runs the load in a process of its own, so that it does not share an event loop with what it measures, and weighs what is in between.
import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { cleanEnvironment } from "./clean-environment.ts";
import type { Contender } from "./contenders.ts";

/** One way of asking. `seconds` are counted after `warmSeconds`. */
export type Load =
  | { readonly kind: "requests"; readonly bodyBytes: number; readonly connections: number; readonly seconds: number; readonly warmSeconds: number }
  | { readonly kind: "connections"; readonly connections: number; readonly seconds: number; readonly warmSeconds: number }
  | { readonly kind: "download" | "upload"; readonly bytes: number };

export interface LoadResult {
  /** Requests, connections, or MiB. */
  readonly count: number;
  readonly seconds: number;
  /** Of the contender's processes. */
  readonly cpuSeconds: number;
  readonly grownMib: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Where loads are started. One at a time. */
export interface LoadPlace {
  readonly say: (line: string) => void;
  /** The next line that the load prints. @throws Error where it has ended. */
  readonly hear: () => Promise<string>;
}

export const LOAD = fileURLToPath(new URL("./processes/load.js", import.meta.url));
/** Of Linux, for /proc/PID/stat (proc(5)): always 100 to user space. */
const TICKS_PER_SECOND = 100;

export async function runLoad(load: Load, target: string, { proxy, credential, pids, inside }: Contender): Promise<LoadResult> {
  const task = JSON.stringify({ ...load, target, proxy, credential });
  const place = inside ?? loadPlaceOf(spawn(process.execPath, [LOAD, task], { env: cleanEnvironment(tmpdir()) }));
  if (inside !== undefined) place.say(task);
  await hear(place, "ready");
  for (const pid of pids) resetPeak(pid);
  const before = weigh(pids);
  place.say("go");
  await hear(place, "done");
  const after = weigh(pids);
  place.say("go");
  const told = JSON.parse(await place.hear()) as Omit<LoadResult, "cpuSeconds" | "grownMib">;
  return { ...told, cpuSeconds: after.cpuSeconds - before.cpuSeconds, grownMib: (after.peakKib - before.kib) / 1024 };
}

export function loadPlaceOf(child: ChildProcessWithoutNullStreams): LoadPlace {
  let complaints = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (complaints += text));
  child.stdin.on("error", () => undefined);
  const ended = once(child, "close");
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    say: (line) => void child.stdin.write(`${line}\n`),
    async hear() {
      const { done, value } = await lines.next();
      if (done !== true) return value;
      await ended;
      throw new Error(`the load ended: ${complaints}`);
    },
  };
}

async function hear(place: LoadPlace, word: string): Promise<void> {
  const line = await place.hear();
  if (line !== word) throw new Error(`the load said "${line}" instead of "${word}"`);
}

function weigh(pids: readonly number[]): { readonly cpuSeconds: number; readonly kib: number; readonly peakKib: number } {
  const sum = (numberOf: (pid: number) => number): number => pids.reduce((total, pid) => total + numberOf(pid), 0);
  return { cpuSeconds: sum(cpuSecondsOf), kib: sum((pid) => kibOf(pid, "VmRSS")), peakKib: sum((pid) => kibOf(pid, "VmHWM")) };
}

function cpuSecondsOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "latin1").replace(/^.*\) /, "").split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

function kibOf(pid: number, name: string): number {
  return Number(new RegExp(`^${name}:\\s+([0-9]+) kB$`, "m").exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1] ?? 0);
}

/** Makes the highest moment so far now (proc(5), clear_refs). */
function resetPeak(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, "5");
}

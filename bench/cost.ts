// What a command costs as a whole: by the clock, and by the processors, its children included.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

export interface Command {
  readonly command: string;
  readonly args: readonly string[];
  /** The whole environment. */
  readonly env: NodeJS.ProcessEnv;
  /** What it is to end with, if not 0. */
  readonly status?: number;
}

/** Of Linux, for /proc/PID/stat (proc(5)): always 100 to user space. */
const TICKS_PER_SECOND = 100;

/** One run after the other, so that the coarse count of processor time is spread over several. @throws Error where one of them ends otherwise than it is to. */
export function costOf(times: number, { command, args, env, status: meant = 0 }: Command): { readonly "wall ms": number; readonly "CPU ms": number } {
  const [cpu, start] = [childrenCpuSeconds(), performance.now()];
  for (let time = 0; time < times; time += 1) {
    const { status, stderr } = spawnSync(command, args, { env, stdio: ["ignore", "ignore", "pipe"], encoding: "utf8" });
    if (status !== meant) throw new Error(`${command} ${args.join(" ")} ended with ${status ?? "a signal"}: ${stderr}`);
  }
  return { "wall ms": (performance.now() - start) / times, "CPU ms": ((childrenCpuSeconds() - cpu) * 1000) / times };
}

/** Of all children that have ended. NaN where there is no /proc. */
function childrenCpuSeconds(): number {
  try {
    const fields = readFileSync("/proc/self/stat", "latin1").replace(/^.*\) /, "").split(" ");
    return (Number(fields[13]) + Number(fields[14])) / TICKS_PER_SECOND;
  } catch {
    return NaN;
  }
}

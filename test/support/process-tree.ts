// Which processes there are, as Linux tells it.
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

export const canSeeProcesses = process.platform === "linux";

/** Those that a process has started and that have not been reaped. */
export function childrenOf(pid: number): number[] {
  return readdirSync("/proc").filter((name) => /^\d+$/.test(name)).map(Number).filter((other) => {
    try {
      return new RegExp(`^PPid:\\t${pid}$`, "m").test(readFileSync(`/proc/${other}/status`, "latin1"));
    } catch {
      return false;
    }
  });
}

/** Of one that has ended and was not reaped: no. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, "latin1"));
  } catch {
    return false;
  }
}

/** @throws Error after twenty seconds. */
export async function waitFor(condition: () => boolean): Promise<void> {
  for (let waited = 0; !condition(); waited += 1) {
    if (waited > 2000) throw new Error("waited for too long");
    await sleep(10);
  }
}

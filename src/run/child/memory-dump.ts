// A core dump of a process holds its memory, and so the values of a run. Whoever has the same user can send the signal for one, and raise the soft limit that stands against it; the hard limit only root can raise.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";

/**
 * Sets the hard limit of this process's core dumps to one byte, for it and for what it starts. Why not 0: the kernel heeds that for files alone, and hands a dump to a program such as systemd-coredump all the same, but at 1 to nobody (core(5), `do_coredump`).
 *
 * Node has no call for it, and util-linux has a program. Where that is missing, or the limit is lower already, nothing happens.
 */
export async function forbidCoreDumps(): Promise<void> {
  if (process.platform !== "linux" || !canLower()) return;
  const setter = spawn("prlimit", ["--pid", String(process.pid), "--core=1:1"], { env: { PATH: "/usr/bin:/bin:/run/current-system/sw/bin" }, cwd: "/", stdio: "ignore" });
  await once(setter, "exit").catch(() => undefined);
}

function canLower(): boolean {
  try {
    const hard = /^Max core file size +\S+ +(\S+)/m.exec(readFileSync("/proc/self/limits", "latin1"))?.[1];
    return hard !== "0" && hard !== "1";
  } catch {
    return true;
  }
}

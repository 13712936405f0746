// A bubblewrap that waits before it makes a program's space, until the test has done something: the moment between the look at the disk and the mounts, made long.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";
import type { Walled } from "./escape-stage.ts";

const LOOK_MS = 5;

/**
 * Puts it on the PATH of the walled runs, alone with a shell: where it is the user's own, the machine's would come before it.
 *
 * @param most how many times it waits; from then on it is a plain one. @param act while it waits. @returns how many times it was started for a program's space.
 */
export function interruptBubblewrap(wall: Walled, most: number, act: () => unknown): () => number {
  const folder = join(dirname(wall.home), "tools");
  mkdirSync(folder, { mode: 0o755 });
  for (const name of ["sh", "bash", "cat", "env", "find"]) {
    const path = find(name);
    if (path !== "") symlinkSync(path, join(folder, name));
  }
  const steps = join(dirname(wall.home), "steps");
  mkdirSync(steps);
  spawnSync("chmod", ["777", steps]);
  // It stands in a folder that the user cannot write, and is root's where the test is.
  writeFileSync(join(folder, "bwrap"), `#!/bin/sh
if [ "$1" = --args ]; then
  n=0; while [ -e "${steps}/asked-$n" ]; do n=$((n + 1)); done
  : >"${steps}/asked-$n"
  [ "$n" -ge ${most} ] || while [ ! -e "${steps}/done-$n" ]; do sleep 0.01; done
fi
exec ${find("bwrap")} "$@"
`, { mode: 0o755 });
  wall.set("PATH", folder);
  let at = 0;
  const watch = setInterval(() => {
    if (at >= most || !existsSync(join(steps, `asked-${at}`))) return;
    const done = join(steps, `done-${at}`);
    at += 1;
    void Promise.resolve(act()).then(() => { writeFileSync(done, ""); });
  }, LOOK_MS);
  onTestFinished(() => { clearInterval(watch); });
  return () => {
    let times = 0;
    while (existsSync(join(steps, `asked-${times}`))) times += 1;
    return times;
  };
}

function find(name: string): string {
  return spawnSync("sh", ["-c", 'command -v "$0"', name], { encoding: "utf8" }).stdout.trim();
}

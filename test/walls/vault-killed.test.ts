// vault itself is killed, as by a crash or by the kernel that needs memory. A program that went on without it would be without proxy, lock and log.
import { expect } from "vitest";
import { findProcesses } from "../support/marked-processes.ts";
import { says, story } from "../support/escape-stage.ts";

story("the program ends with it, at once", async (wall) => {
  const mark = `orphan-${process.pid}-${Date.now()}`;
  wall.set("MARK", mark);
  const run = wall.start('trap "" TERM HUP INT; echo up; setsid sleep 300 & while :; do sleep 1; done');
  await says(run, "up");
  expect(findProcesses(mark).length).toBeGreaterThan(1);
  run.kill("SIGKILL");
  await expect.poll(() => findProcesses(mark)).toEqual([]);
}, ["an ordinary user", "root"], true, true);

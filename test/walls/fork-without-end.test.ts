// A fork bomb: processes that start others as fast as they can, ignore every signal and leave their group and session. The run is ended from outside, and with it all of them.
import { expect } from "vitest";
import { findProcesses } from "../support/marked-processes.ts";
import { says, story } from "../support/escape-stage.ts";

story("the run ends, and every process of it", async (wall) => {
  const mark = `bomb-${process.pid}-${Date.now()}`;
  wall.set("MARK", mark);
  // Bounded, lest a machine without the wall be lost to its own test: as many as the table takes is not the point, that none is left is.
  const run = wall.start('trap "" TERM INT HUP QUIT USR1 USR2; bomb() { trap "" TERM INT HUP; [ "$1" -gt 6 ] && { setsid sleep 300 & sleep 300; return; }; bomb $(($1 + 1)) & bomb $(($1 + 1)) & wait; }; bomb 0 & sleep 1; echo up; while :; do sleep 1; done');
  await says(run, "up");
  expect(findProcesses(mark).length).toBeGreaterThan(20);
  run.kill("SIGTERM");
  setTimeout(() => run.kill("SIGKILL"), 500);
  await new Promise((resolve) => run.once("exit", resolve));
  await expect.poll(() => findProcesses(mark)).toEqual([]);
});

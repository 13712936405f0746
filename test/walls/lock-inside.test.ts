// The person locks. A program that is stopped, that ignores signals, or has its own namespace in the namespace must not keep the run from that.
import { expect } from "vitest";
import { says, story } from "../support/escape-stage.ts";

story("lock reaches the run", async (wall) => {
  const run = wall.start('trap "" TERM HUP INT USR1 USR2; echo up; kill -STOP $$; sleep 60');
  await says(run, "up");
  expect(wall.vault(["lock"])).toContain("locked");
  run.kill("SIGKILL");
}, ["an ordinary user"], true, true);

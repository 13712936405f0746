// The program wants to stay when its run is over, with what it knows: by a session of its own, by a double fork, by nohup, as a daemon that has closed everything.
import { expect } from "vitest";
import { findProcesses } from "../support/marked-processes.ts";
import { story } from "../support/escape-stage.ts";

story("nothing of it is left when the program has ended", async (wall) => {
  const mark = `stay-${process.pid}-${Date.now()}`;
  wall.set("MARK", mark);
  const { status } = await wall.run("(setsid sleep 300 </dev/null >/dev/null 2>&1 &); nohup sleep 300 </dev/null >/dev/null 2>&1 & (trap '' HUP TERM; (sleep 300 </dev/null >/dev/null 2>&1 &) &); sh -c 'setsid -f sh -c \"trap \\\"\\\" TERM HUP INT; sleep 300\" </dev/null >/dev/null 2>&1'; exit 7");
  expect(status).toBe(7);
  await expect.poll(() => findProcesses(mark)).toEqual([]);
}, ["an ordinary user", "root"], true, true);

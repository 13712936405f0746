// The program ends what it can reach: every process there is, the one that is its parent, its own first process, and its process group, in the hope of vault, the agent or a shell.
import { spawn } from "node:child_process";
import { expect } from "vitest";
import { says, story } from "../support/escape-stage.ts";

story("signals reach nobody outside", async (wall) => {
  wall.vault(["unlock"]);
  const bystander = spawn("sleep", ["60"], { stdio: "ignore" });
  const run = wall.start("echo up; kill -9 $PPID; kill -STOP 1; kill -9 -1; echo alone; exec sleep 60");
  await says(run, "alone");
  expect([bystander.exitCode, bystander.signalCode, run.exitCode, run.signalCode]).toEqual([null, null, null, null]);
  expect(wall.vault(["status", "--json"])).toContain('"unlocked"');
  run.kill("SIGTERM");
  const [status] = await new Promise<[number | null]>((resolve) => run.once("exit", (code) => { resolve([code]); }));
  expect(status).toBe(143);
  bystander.kill();
  wall.vault(["lock"]);
}, ["an ordinary user"], true, true);

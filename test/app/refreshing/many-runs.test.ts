// Runs of the built program that have one login together, at a real authorization server that ends a login one of whose tokens it sees twice.
import { spawnSync } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, test } from "vitest";
import type { LoginStage } from "../../support/login-stage.ts";
import { openLoginStage } from "../../support/login-stage.ts";

const hasCurl = spawnSync("curl", ["--version"]).status === 0 && process.platform === "linux";
const RUNS = 16;

let stage: LoginStage | undefined;
afterEach(async () => {
  await stage?.close();
  stage = undefined;
});

describe.runIf(hasCurl)("(needs Linux and curl) one login, whose tokens live five seconds", () => {
  test("16 runs at once, and another login in the middle: every request is answered, one refresh at a time, no token twice", async () => {
    stage = await openLoginStage({ seconds: 5, thinksMs: 30 });
    const { built, server, fetching, logInAgain } = stage;
    const runs = Array.from({ length: RUNS }, () => built.run(`for turn in 1 2 3 4 5 6; do ${fetching}; sleep 1; done`));
    while (server.arrived().length < RUNS) await sleep(50);
    await logInAgain();
    const statuses = await Promise.all(runs.map(({ ended }) => ended));
    expect(statuses).toEqual(Array.from({ length: RUNS }, () => 0));
    expect(runs.map((run) => run.output().trim())).toEqual(Array.from({ length: RUNS }, () => Array.from({ length: 6 }, () => "200").join("\n")));
    // One that came too late, on a machine that was too busy, was sent once more.
    expect(server.arrived().filter((good) => good)).toHaveLength(RUNS * 6);
    expect([server.mostAtOnce(), server.errors()]).toEqual([1, []]);
    expect(server.asked()).toBeGreaterThan(2);
  }, 120_000);
});

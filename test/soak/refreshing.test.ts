// A minute of runs on one login whose tokens live five seconds, at a real authorization server that ends a login one of whose tokens it sees twice.
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { openLoginStage } from "../support/login-stage.ts";

const RUNS = 8;

test("every request of eight runs arrives with a good token for a minute, with other logins in the middle", async () => {
  const stage = await openLoginStage({ seconds: 5, thinksMs: 50 });
  try {
    const { built, server, fetching, logInAgain } = stage;
    const runs = Array.from({ length: RUNS }, () => built.run(`end=$(($(date +%s) + 60)); while [ $(date +%s) -lt $end ]; do ${fetching}; sleep 0.5; done`));
    for (let time = 0; time < 3; time += 1) {
      await sleep(15_000);
      await logInAgain();
    }
    expect(await Promise.all(runs.map(({ ended }) => ended))).toEqual(Array.from({ length: RUNS }, () => 0));
    expect(new Set(runs.flatMap((run) => run.output().trim().split("\n")))).toEqual(new Set(["200"]));
    expect(server.arrived().filter((good) => !good)).toEqual([]);
    expect(server.arrived().length).toBeGreaterThan(RUNS * 20);
    expect([server.mostAtOnce(), server.errors()]).toEqual([1, []]);
    // A token is made anew when half of its life is over: sixty by two and a half, and those of the other logins.
    expect(server.asked()).toBeLessThan(45);
  } finally {
    await stage.close();
  }
});

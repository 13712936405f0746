// A minute of runs on one login whose tokens live five seconds, at a real authorization server that ends a login one of whose tokens it sees twice.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { openLoginStage } from "../support/login-stage.ts";
import { NODE, RUN_JS } from "../support/program.ts";

const RUNS = 16;
const SECONDS = 60;

interface LogLine {
  readonly at: string;
  readonly decision: string;
}

test("every request of 16 runs has a good token for a minute, while the login is replaced, another secret is rotated, and the master key", async () => {
  const stage = await openLoginStage({ seconds: 5, thinksMs: 50 });
  try {
    const { built, server, logInAgain } = stage;
    const logOf = (run: number): string => join(built.folder, `run-${run}.jsonl`);
    // The minute begins when all have asked once: what a run loads for its first request takes longer than a token lives, where 16 begin at once on a busy machine.
    const runs = Array.from({ length: RUNS }, (_, run) => built.run(`curl -sS -o /dev/null -H "Authorization: Bearer $LOGIN" https://${server.apiHost}/first; echo begun; read line; exec curl -sS --rate 60/m -o /dev/null -w '%{http_code}\\n' -H "Authorization: Bearer $LOGIN" "https://${server.apiHost}/${run}/[1-${SECONDS}]"`, {}, ["--log", logOf(run)]));
    for (const run of runs) await run.said("begun");
    for (const run of runs) run.process.stdin?.end("\n");
    // The servers are in this process, which has to go on meanwhile.
    const type = async (args: readonly string[], input = ""): Promise<void> => {
      const command = built.start(NODE, [RUN_JS, ...args], built.folder);
      command.process.stdin?.end(input);
      expect([await command.ended, command.output()]).toMatchObject([0, expect.any(String)]);
    };
    for (const act of [logInAgain, () => type(["secrets", "rotate", "API_KEY"], "another-value-9876543210"), () => type(["rotate-master"]), logInAgain]) {
      await sleep((SECONDS * 1000) / 5);
      await act();
    }
    expect(await Promise.all(runs.map(({ ended }) => ended))).toEqual(Array.from({ length: RUNS }, () => 0));
    expect(new Set(runs.flatMap((run) => run.output().trim().split("\n").slice(1)))).toEqual(new Set(["200"]));
    expect([server.mostAtOnce(), server.errors()]).toEqual([1, []]);
    // A token is made anew when half of its life is over: sixty by two and a half, and those of the other logins.
    expect(server.asked()).toBeGreaterThan(10);
    expect(server.asked()).toBeLessThan(45);
    expect(server.arrived().length).toBeGreaterThan(RUNS * 10);

    // A machine that stands still for seconds carries a good token for too long. It was good when the run put it in, and the request has gone out once more, which no client saw.
    const puts = runs.map((_, run) => readFileSync(logOf(run), "utf8").trim().split("\n").map((line) => JSON.parse(line) as LogLine).filter(({ decision }) => decision === "substituted").map(({ at }) => Date.parse(at)));
    const late = server.late().filter(({ target }) => target !== "/first");
    for (const { target, endedMs } of late) {
      const run = Number(target.split("/")[1]);
      expect(endedMs, `${target} had a token that was never given out`).toBeDefined();
      expect(puts[run]?.some((atMs) => atMs < (endedMs ?? 0) && atMs > (endedMs ?? 0) - 5000), `${target} had a token that was over`).toBe(true);
    }
    console.info(`${server.arrived().length} requests, ${server.asked()} refreshes, ${late.length} arrived late and went out again`);
  } finally {
    await stage.close();
  }
});

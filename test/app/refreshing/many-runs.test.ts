// Runs of the built program that have one login together, at a real authorization server that ends a login one of whose tokens it sees twice.
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, renameSync, rmdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, test } from "vitest";
import { realmOf } from "../../../src/agent/presence/presence.ts";
import { findPresent } from "../../../src/agent/presence/roll-call.ts";
import type { VaultRun } from "../../support/built-vault.ts";
import type { LoginStage } from "../../support/login-stage.ts";
import { openLoginStage } from "../../support/login-stage.ts";
import { NODE, RUN_JS } from "../../support/program.ts";

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
    // On a machine that is too busy for such tokens, one may be over when it comes, or when it is made. That none is, test/soak/refreshing.test.ts asks for.
    const answers = runs.flatMap((run) => run.output().match(/^\d{3}$/gm) ?? []);
    expect(answers).toHaveLength(RUNS * 6);
    expect(answers.filter((status) => !["200", "401", "503"].includes(status))).toEqual([]);
    expect(answers.filter((status) => status === "200").length).toBeGreaterThan(RUNS);
    expect([server.mostAtOnce(), server.errors()]).toEqual([1, []]);
    expect(server.asked()).toBeGreaterThan(2);
  }, 120_000);
});

describe.runIf(hasCurl)("(needs Linux and curl) while the server thinks about a refresh", () => {
  /** A run that asks once, at the moment when the server has been asked, and has done what it is to do. */
  async function openThinking(answersMs = 800): Promise<{ readonly stage: LoginStage; readonly run: VaultRun; readonly agent: number }> {
    stage = await openLoginStage({ answersMs });
    const { built, server, fetching } = stage;
    const run = built.run(`echo begun; read line; ${fetching}`);
    await run.said("begun");
    const agent = findAgent(`${built.folder}/vault`);
    run.process.stdin?.end("\n");
    while (server.asked() === 0) await sleep(5);
    await sleep(100);
    return { stage, run, agent };
  }

  /** The server is in this process, which has to go on meanwhile. */
  const lock = (built: LoginStage["built"]): Promise<unknown> => built.start(NODE, [RUN_JS, "lock"], built.folder).ended;
  const findAgent = (folder: string): number => {
    const [agent] = findPresent("agent", realmOf(folder));
    if (agent === undefined) throw new Error("there is no agent");
    return agent.pid;
  };

  test("vault lock waits for it, the run gets nothing any more, and the login goes on", async () => {
    const { stage: { built, server, fetching }, run } = await openThinking();
    await lock(built);
    await run.ended;
    expect(server.arrived()).toEqual([]);
    const next = built.run(fetching);
    expect([await next.ended, next.output()]).toEqual([0, "200\n"]);
    expect(server.errors()).toEqual([]);
  });

  test("the run is killed: the agent ends what it began, and the login goes on", async () => {
    const { stage: { built, server, fetching }, run } = await openThinking();
    run.process.kill("SIGKILL");
    await run.ended;
    const next = built.run(fetching);
    expect([await next.ended, next.output()]).toEqual([0, "200\n"]);
    expect(server.errors()).toEqual([]);
  });

  test("the vault cannot be written for a while, and the run ends: the agent writes when it can, and the login goes on", async () => {
    const { stage: { built, server, fetching }, run } = await openThinking();
    const head = join(built.folder, "vault", "audit", "head.json");
    renameSync(head, `${head}.away`);
    mkdirSync(head);
    await run.ended;
    expect(run.output()).toContain("503");
    rmdirSync(head);
    renameSync(`${head}.away`, head);
    await lock(built);
    const next = built.run(fetching);
    expect([await next.ended, next.output()]).toEqual([0, "200\n"]);
    expect(server.errors()).toEqual([]);
  });

  test.each([
    ["is told to end, as at the end of a session", 800, (agent: number): void => { process.kill(agent, "SIGTERM"); }],
    // It looks for its socket every two seconds.
    ["has its socket taken away", 1900, (_agent: number, { folder }: LoginStage["built"]): void => { for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" })) if (name.endsWith("agent.sock")) rmSync(join(folder, name)); }],
  ])("the agent %s: it ends what it began, and the login goes on", async (_name, answersMs, act) => {
    const { stage: { built, server, fetching }, run, agent } = await openThinking(answersMs);
    act(agent, built);
    await run.ended;
    while (findPresent("agent", realmOf(`${built.folder}/vault`)).length > 0) await sleep(50);
    const next = built.run(fetching);
    expect([await next.ended, next.output()]).toEqual([0, "200\n"]);
    expect(server.errors()).toEqual([]);
  });

  test("the agent is killed: the login is lost, no request goes out with it, and the person hears how it is mended", async () => {
    const { stage: { built, server, fetching, logInAgain }, run, agent } = await openThinking();
    process.kill(agent, "SIGKILL");
    await run.ended;
    const next = built.run(fetching);
    await next.ended;
    expect(next.output()).toContain("its login is lost");
    expect(next.output()).toContain("vault login LOGIN");
    expect(server.arrived()).toEqual([]);
    await logInAgain();
    const last = built.run(fetching);
    expect([await last.ended, last.output()]).toEqual([0, "200\n"]);
  });
});

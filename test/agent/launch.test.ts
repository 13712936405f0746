// An agent's process that is started ahead of its key, while that is being derived: nobody must find it left over.
import { spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, onTestFinished, test } from "vitest";
import { connectAgent } from "../../src/agent/client/connect.ts";
import { openLaunch } from "../../src/agent/spawn.ts";
import { holdKek } from "../../src/vault/local-holder.ts";
import { drawKek, pathsIn, useBundledAgent } from "../support/agent-process.ts";
import { canSeeProcesses, childrenOf, isAlive, waitFor } from "../support/process-tree.ts";
import { NODE, RUN_JS } from "../support/program.ts";
import { makeFolder } from "../support/temporary.ts";

const KEY = { kek: drawKek(), vaultId: new Uint8Array(randomBytes(16)), ttlMs: 60_000, idleMs: 60_000 };

const bundle = useBundledAgent();

/** The one process that this begins, by its id. */
function pidOf(begin: () => void): number {
  const before = childrenOf(process.pid);
  begin();
  const [pid = 0, ...others] = childrenOf(process.pid).filter((child) => !before.includes(child));
  expect(others).toEqual([]);
  return pid;
}

describe.skipIf(!canSeeProcesses)("a launch", () => {
  test("that was begun serves once it has the key, in the process that was waiting", async () => {
    const paths = pathsIn(join(makeFolder(), "run"));
    const launch = openLaunch(paths, bundle.script);
    const pid = pidOf(() => { launch.begin(); });
    await sleep(300);
    expect([isAlive(pid), existsSync(paths.folder)]).toEqual([true, false]);
    expect(pidOf(() => { launch.begin(); })).toBe(0);
    await launch.start(KEY);
    launch.close();
    const client = await connectAgent(paths);
    expect((await client?.status())?.pid).toBe(pid);
    expect(client?.keyId).toEqual(holdKek(KEY.kek, KEY.vaultId).keyId);
    await client?.lock();
    await waitFor(() => !isAlive(pid));
  });

  test.each([["at once", 0], ["later", 300]])("that is closed without a key ends its process: %s", async (_, afterMs) => {
    const paths = pathsIn(join(makeFolder(), "run"));
    const launch = openLaunch(paths, bundle.script);
    const pid = pidOf(() => { launch.begin(); });
    await sleep(afterMs);
    launch.close();
    launch.close();
    await waitFor(() => !isAlive(pid));
    expect(existsSync(paths.folder)).toBe(false);
  });
});

describe.skipIf(!canSeeProcesses)("vault unlock", () => {
  const PASSPHRASE = "a passphrase of this very test";

  /** @param cost as `--kdf` names it: `moderate` leaves a test a second in which the key is being derived. */
  function makeVault(cost: "low" | "moderate"): NodeJS.ProcessEnv {
    const folder = makeFolder();
    const env = { PATH: process.env["PATH"], HOME: folder, TMPDIR: folder, VAULT_DIR: join(folder, "vault") };
    expect(spawnSync(NODE, [RUN_JS, "init", "--provider", "passphrase", "--kdf", cost], { env: { ...env, VAULT_PASSPHRASE: PASSPHRASE } })).toMatchObject({ status: 0 });
    onTestFinished(() => { spawnSync(NODE, [RUN_JS, "lock"], { env }); });
    return env;
  }

  /** Its status or signal, and the agent that it had started by the time of `meanwhile`. */
  async function unlock(env: NodeJS.ProcessEnv, passphrase: string, meanwhile: (pid: number) => void = () => undefined): Promise<{ readonly end: unknown; readonly agent: number }> {
    const child = spawn(NODE, [RUN_JS, "unlock"], { env: { ...env, VAULT_PASSPHRASE: passphrase }, stdio: "ignore" });
    const ended = new Promise((resolve) => child.once("exit", (status, signal) => { resolve(status ?? signal); }));
    let agent: number | undefined;
    await waitFor(() => (agent ??= childrenOf(child.pid ?? 0)[0]) !== undefined);
    meanwhile(child.pid ?? 0);
    return { end: await ended, agent: agent ?? 0 };
  }

  test("starts the agent while it derives the key, and hands it over", async () => {
    const env = makeVault("moderate");
    const { end, agent } = await unlock(env, PASSPHRASE, () => { expect(JSON.parse(spawnSync(NODE, [RUN_JS, "status", "--json"], { env, encoding: "utf8" }).stdout)).toMatchObject({ state: "locked" }); });
    expect(end).toBe(0);
    expect(JSON.parse(spawnSync(NODE, [RUN_JS, "status", "--json"], { env, encoding: "utf8" }).stdout)).toMatchObject({ state: "unlocked", source: { pid: agent } });
  });

  test("with a wrong passphrase leaves no agent behind", async () => {
    const { end, agent } = await unlock(makeVault("low"), "another passphrase");
    expect(end).toBe(5);
    await waitFor(() => !isAlive(agent));
  });

  test.each(["SIGKILL", "SIGINT"] as const)("that is ended by %s while it derives the key leaves no agent behind", async (signal) => {
    const env = makeVault("moderate");
    const { end, agent } = await unlock(env, PASSPHRASE, (pid) => { process.kill(pid, signal); });
    expect(end).toBe(signal);
    await waitFor(() => !isAlive(agent));
    expect(JSON.parse(spawnSync(NODE, [RUN_JS, "status", "--json"], { env, encoding: "utf8" }).stdout)).toMatchObject({ state: "locked" });
  });

  test("where an agent listens already starts no other", async () => {
    const env = makeVault("low");
    const { agent } = await unlock(env, PASSPHRASE);
    const child = spawn(NODE, [RUN_JS, "unlock"], { env: { ...env, VAULT_PASSPHRASE: PASSPHRASE }, stdio: "ignore" });
    const ended = new Promise((resolve) => child.once("exit", resolve));
    const seen = new Set<number>();
    const watch = setInterval(() => { for (const pid of childrenOf(child.pid ?? 0)) seen.add(pid); }, 5);
    expect(await ended).toBe(0);
    clearInterval(watch);
    expect([...seen]).toEqual([]);
    expect(isAlive(agent)).toBe(true);
  });
});

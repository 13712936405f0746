// An agent that holds an earlier key of the vault for a moment, as in the middle of `rotate-master`.
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { connectAgent } from "../../../src/agent/client/connect.ts";
import { openLaunch } from "../../../src/agent/spawn.ts";
import { connectForRun, whileKeyChanges } from "../../../src/app/keys/agent-for-runs.ts";
import { loadKek, requireVault, withOpenVault } from "../../../src/app/keys/open-vault.ts";
import { rotateMaster } from "../../../src/app/keys/rotate-master.ts";
import { refreshAgent } from "../../../src/app/keys/unlock-vault.ts";
import type { Surroundings } from "../../../src/app/surroundings.ts";
import { wipe } from "../../../src/bytes.ts";
import { bundleAgent, makeFolder, removeFolder } from "../../support/agent-process.ts";
import { makeVaultHome } from "../../support/home.ts";

const folder = makeFolder();
let script: URL;
beforeAll(async () => {
  script = await bundleAgent(folder);
});
afterAll(() => {
  removeFolder(folder);
});

/** A vault whose key is another one now, and an agent that was not told. */
async function setUp(): Promise<{ readonly surroundings: Surroundings; readonly connect: (limitMs?: number, mayRepeat?: () => boolean) => Promise<string> }> {
  const { surroundings } = await makeVaultHome();
  const before = await requireVault(surroundings);
  const kek = await loadKek(surroundings, before);
  await openLaunch(surroundings.paths.agent, script).start({ kek, vaultId: before.contents.id, ttlMs: 600_000, idleMs: 600_000, isForRuns: true });
  wipe(kek);
  // Without a run, it would end.
  const run = await connectAgent(surroundings.paths.agent);
  onTestFinished(async () => {
    run?.close();
    const agent = await connectAgent(surroundings.paths.agent);
    await agent?.lock();
    agent?.close();
  });
  const nobody = join(dirname(surroundings.paths.vaultFile), "nobody");
  const elsewhere = { ...surroundings, paths: { ...surroundings.paths, agent: { ...surroundings.paths.agent, folder: nobody, socket: join(nobody, "agent.sock"), token: join(nobody, "agent.token") } } };
  await rotateMaster(elsewhere, { provider: "file", path: undefined, kek: undefined }, false);
  const connect = (limitMs?: number, mayRepeat = (): boolean => true): Promise<string> => whileKeyChanges(surroundings, mayRepeat, () => withOpenVault(surroundings, async (vault) => {
    const agent = await connectForRun(surroundings, vault);
    agent.close();
    return Buffer.from(agent.keyId).toString("hex");
  }), limitMs);
  return { surroundings, connect };
}

test("whoever needs a value meanwhile has it when the agent has followed", async () => {
  const { surroundings, connect } = await setUp();
  const connected = connect(60_000);
  await sleep(200);
  const file = await requireVault(surroundings);
  await refreshAgent(surroundings, file, await loadKek(surroundings, file));
  expect(await connected).toBe(Buffer.from(file.contents.slot.keyId).toString("hex"));
});

test("an agent that does not follow is told of, and one that is not to be asked again is not", async () => {
  const { connect } = await setUp();
  await expect(connect(100)).rejects.toMatchObject({ code: "busy" });
  let count = 0;
  await expect(connect(60_000, () => (count += 1) < 3)).rejects.toMatchObject({ code: "busy" });
  expect(count).toBe(3);
});

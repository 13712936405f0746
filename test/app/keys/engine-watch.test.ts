// A run follows a vault on an engine: what is seen there, and what it is told where nothing can be seen.
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { expect, test } from "vitest";
import { followEngine } from "../../../src/app/keys/engine-watch.ts";
import { watchVaultFile } from "../../../src/app/keys/vault-watch.ts";
import type { StorePaths } from "../../../src/store/vault-store.ts";
import { changeVault, readVault } from "../../../src/store/vault-store.ts";
import type { MemoryEngine } from "../../support/memory-engine.ts";
import { openMemoryEngine } from "../../support/memory-engine.ts";
import { countChange, createSampleVault, holdSampleKey, samplePaths } from "../../support/sample-vault.ts";
import { makeFolder } from "../../support/temporary.ts";

const holder = holdSampleKey();

function machineOn(engine: MemoryEngine): StorePaths {
  const paths: StorePaths = { ...samplePaths(makeFolder()), engine: () => Promise.resolve(engine) };
  mkdirSync(dirname(paths.vaultFile), { mode: 0o700 });
  return paths;
}

const change = (paths: StorePaths): Promise<unknown> => changeVault(paths, holder, (contents) => Promise.resolve({ contents: countChange(contents) }));

test("what another machine changes is in this one's copy, and a look tells", async () => {
  const engine = openMemoryEngine();
  const [a, b] = [machineOn(engine), machineOn(engine)];
  await createSampleVault(a);
  await readVault(b);
  const following = followEngine(b, engine);
  const look = following.look(watchVaultFile(b.vaultFile));
  const before = look(true);
  await change(a);
  await expect.poll(() => look(true) !== before).toBe(true);
  expect((await readVault({ ...b, engine: undefined }))?.contents.generation).toBe(2);
  following.close();
});

test("a look tells as well of what does not become the copy: an older vault, or a mark that it was moved", async () => {
  for (const bytes of ["older", "moved"] as const) {
    const engine = openMemoryEngine();
    const [a, b] = [machineOn(engine), machineOn(engine)];
    await createSampleVault(a);
    const old = engine.entries.get("vault") ?? new Uint8Array();
    await change(a);
    await readVault(b);
    const following = followEngine(b, engine);
    const look = following.look(watchVaultFile(b.vaultFile));
    const before = look(true);
    const now = bytes === "older" ? old : Buffer.from("{\"moved\":\"file\",\"by\":\"0123456789abcdef0123456789abcdef\"}\n");
    const { digestOf } = await import("../../../src/engines/engine.ts");
    await engine.replace("vault", now, digestOf(engine.entries.get("vault") ?? new Uint8Array()));
    await expect.poll(() => look(true) !== before).toBe(true);
    expect((await readVault({ ...b, engine: undefined }))?.contents.generation).toBe(2);
    following.close();
  }
});

test("an engine that is away for a moment changes nothing; one that stays away does", async () => {
  const engine = openMemoryEngine();
  const paths = machineOn(engine);
  await createSampleVault(paths);
  const file = watchVaultFile(paths.vaultFile);
  const before = file(true);
  engine.isAway = true;
  const [patient, short] = [followEngine(paths, engine, { lookMs: 10, awayMs: 10 ** 9 }), followEngine(paths, engine, { lookMs: 10, awayMs: 50 })];
  await expect.poll(() => short.look(file)(true) !== before).toBe(true);
  expect(patient.look(file)(true)).toBe(before);
  patient.close();
  short.close();
});

// A vault on an engine: what is read, what is written, and what becomes of both where answers are lost or the engine goes back.
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { describe, expect, test } from "vitest";
import { VaultError } from "../../src/errors.ts";
import type { StorePaths } from "../../src/store/vault-store.ts";
import { changeVault, createVault, readVault, settleAnchor } from "../../src/store/vault-store.ts";
import { openVaultKeys } from "../../src/vault/envelope.ts";
import type { MemoryEngine } from "../support/memory-engine.ts";
import { openMemoryEngine } from "../support/memory-engine.ts";
import { countChange, createSampleVault, holdSampleKey, makeSampleContents, samplePaths } from "../support/sample-vault.ts";
import { makeFolder } from "../support/temporary.ts";

const holder = holdSampleKey();
const change = (paths: StorePaths): Promise<unknown> => changeVault(paths, holder, (contents) => Promise.resolve({ contents: countChange(contents) }));
const generationAt = async (paths: StorePaths): Promise<number | undefined> => (await readVault(paths))?.contents.generation;
const failsWith = (code: string): VaultError => expect.objectContaining({ code }) as VaultError;

function machineOn(engine: MemoryEngine): StorePaths {
  const paths: StorePaths = { ...samplePaths(makeFolder()), engine: () => Promise.resolve(engine) };
  mkdirSync(dirname(paths.vaultFile), { mode: 0o700 });
  return paths;
}

/** What whoever uses the key does: the anchor knows from then on. */
async function settle(paths: StorePaths): Promise<void> {
  const file = await readVault(paths);
  if (file === undefined) throw new Error("there is no vault");
  await settleAnchor(paths, file, (await openVaultKeys(holder, file.contents)).anchor);
}

describe("on several machines", () => {
  test("what one writes the others read, in the very bytes", async () => {
    const engine = openMemoryEngine();
    const [a, b] = [machineOn(engine), machineOn(engine)];
    expect(await readVault(b)).toBeUndefined();
    await createSampleVault(a);
    expect(await generationAt(b)).toBe(1);
    await change(b);
    expect(await generationAt(a)).toBe(2);
    expect(readFileSync(a.vaultFile)).toEqual(readFileSync(b.vaultFile));
    expect(readFileSync(a.vaultFile)).toEqual(Buffer.from(engine.entries.get("vault") ?? []));
  });

  test("one makes the vault, and the others learn that there is one", async () => {
    const engine = openMemoryEngine();
    const machines = Array.from({ length: 6 }, () => machineOn(engine));
    const made = await Promise.allSettled(machines.map((paths) => createSampleVault(paths)));
    expect(made.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    for (const one of made) if (one.status === "rejected") expect(one.reason).toMatchObject({ code: "already-exists" });
    for (const paths of machines) expect(await generationAt(paths)).toBe(1);
  });

  test("no change is lost", async () => {
    const engine = openMemoryEngine();
    const machines = Array.from({ length: 4 }, () => machineOn(engine));
    await createSampleVault(machines[0] ?? machineOn(engine));
    await Promise.all(machines.map(async (paths) => { for (let time = 0; time < 5; time += 1) await change(paths); }));
    for (const paths of machines) expect(await generationAt(paths)).toBe(21);
    expect([...engine.entries.keys()]).toEqual(["vault"]);
  });

  test("reading what is known already carries nothing over", async () => {
    const engine = openMemoryEngine();
    const paths = machineOn(engine);
    await createSampleVault(paths);
    const before = readFileSync(paths.vaultFile);
    const read = engine.read.bind(engine);
    const kinds: string[] = [];
    engine.read = async (name, known) => {
      const found = await read(name, known);
      kinds.push(found.kind);
      return found;
    };
    await readVault(paths);
    expect(kinds).toEqual(["same"]);
    expect(readFileSync(paths.vaultFile)).toEqual(before);
  });
});

describe("an answer that is lost", () => {
  test.each(["lost", "never"] as const)("is settled by reading back (%s)", async (fate) => {
    const engine = openMemoryEngine();
    const paths = machineOn(engine);
    await createSampleVault(paths);
    let isFirst = true;
    engine.fate = (name) => {
      const now = name === "vault" && isFirst ? fate : "answered";
      if (name === "vault") isFirst = false;
      return now;
    };
    await change(paths);
    expect(await generationAt(paths)).toBe(2);
  });

  test("each time is said, and not taken for a refusal", async () => {
    const engine = openMemoryEngine();
    const paths = machineOn(engine);
    await createSampleVault(paths);
    engine.fate = (name) => (name === "vault" ? "never" : "answered");
    await expect(change(paths)).rejects.toThrow(failsWith("store-unavailable"));
    engine.fate = () => "answered";
    expect(await generationAt(paths)).toBe(1);
  });

  test("of one whose lease was lost meanwhile overwrites nothing", async () => {
    const engine = openMemoryEngine();
    const [a, b] = [machineOn(engine), machineOn(engine)];
    await createSampleVault(a);
    await expect(changeVault(a, holder, async (contents) => {
      // As if this machine had slept for longer than the lease stands.
      engine.entries.delete("lease/vault");
      await change(b);
      return { contents: countChange(contents) };
    })).rejects.toThrow(failsWith("busy"));
    expect(await generationAt(a)).toBe(2);
    expect(await generationAt(b)).toBe(2);
  });
});

describe("an engine that is away", () => {
  test("leaves nothing to read: what was taken away since could not be seen", async () => {
    const engine = openMemoryEngine();
    const paths = machineOn(engine);
    await createSampleVault(paths);
    engine.isAway = true;
    await expect(readVault(paths)).rejects.toThrow(failsWith("store-unavailable"));
    await expect(change(paths)).rejects.toThrow(failsWith("store-unavailable"));
    engine.isAway = false;
    expect(await generationAt(paths)).toBe(1);
  });
});

describe("an engine that has gone back", () => {
  test("is noticed by each machine that has seen the newer state, and by no other", async () => {
    const engine = openMemoryEngine();
    const [a, b, c] = [machineOn(engine), machineOn(engine), machineOn(engine)];
    await createSampleVault(a);
    const old = engine.entries.get("vault") ?? new Uint8Array();
    await change(a);
    await settle(b);
    const newest = readFileSync(a.vaultFile);
    engine.entries.set("vault", old);
    for (const paths of [a, b]) {
      await expect(readVault(paths)).rejects.toThrow(failsWith("rolled-back"));
      await expect(change(paths)).rejects.toThrow(failsWith("rolled-back"));
      expect(readFileSync(paths.vaultFile)).toEqual(newest);
    }
    expect(await generationAt(c)).toBe(1);
  });

  test("to nothing at all as well, and a machine without its copy tells by its anchor", async () => {
    const engine = openMemoryEngine();
    const paths = machineOn(engine);
    await createSampleVault(paths);
    engine.entries.delete("vault");
    await expect(readVault(paths)).rejects.toThrow(failsWith("rolled-back"));
    rmSync(paths.vaultFile);
    await expect(readVault(paths)).rejects.toThrow(failsWith("rolled-back"));
  });

  test("is not made good by another vault in its place, and a copy that was spoilt is", async () => {
    const [engine, other] = [openMemoryEngine(), openMemoryEngine()];
    const [paths, theirs] = [machineOn(engine), machineOn(other)];
    await createSampleVault(paths);
    const id = new Uint8Array(16).fill(7);
    const stranger = holdSampleKey(1, id);
    await createVault(theirs, async () => ({ contents: await makeSampleContents(stranger, id), holder: stranger }));
    const own = engine.entries.get("vault") ?? new Uint8Array();
    engine.entries.set("vault", other.entries.get("vault") ?? new Uint8Array());
    await expect(readVault(paths)).rejects.toThrow(failsWith("rolled-back"));
    engine.entries.set("vault", own);
    rmSync(paths.vaultFile);
    expect(await generationAt(paths)).toBe(1);
  });

  test("and one that has what is no vault gives none", async () => {
    const engine = openMemoryEngine();
    const paths = machineOn(engine);
    await createSampleVault(paths);
    const before = readFileSync(paths.vaultFile);
    for (const text of ["", "{}", "not a vault", "{\"moved\":\"redis://elsewhere/0\",\"by\":\"0123456789abcdef0123456789abcdef\"}\n"]) {
      engine.put("vault", text);
      await expect(readVault(paths)).rejects.toThrow(VaultError);
      expect(readFileSync(paths.vaultFile)).toEqual(before);
    }
  });
});

import { chmodSync, chownSync, existsSync, lstatSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { acquireLock } from "../../src/disk/file-lock.ts";
import { VaultError } from "../../src/errors.ts";
import type { StorePaths } from "../../src/store/vault-store.ts";
import { changeVault, createVault, readVault } from "../../src/store/vault-store.ts";
import { rewrapVaultKey } from "../../src/vault/envelope.ts";
import { encodeVaultFile, parseVaultFile, verifyVaultFile } from "../../src/vault/vault-file.ts";
import type { VaultContents } from "../../src/vault/vault-file.ts";
import { can } from "../support/machine.ts";
import { refusalOf } from "../support/refusal.ts";
import { countChange, createSampleVault, holdSampleKey, SAMPLE_ID, samplePaths } from "../support/sample-vault.ts";
import { makeFolder } from "../support/temporary.ts";
import type { WorkerScript } from "../support/workers.ts";
import { bundleWorker } from "../support/workers.ts";

let script: WorkerScript;
beforeAll(async () => {
  script = await bundleWorker("store");
});
afterAll(() => {
  script.close();
});

const holder = holdSampleKey();
const count = (contents: VaultContents) => Promise.resolve({ contents: countChange(contents) });

async function makeVault(): Promise<StorePaths & { readonly folder: string }> {
  const folder = makeFolder();
  const paths = samplePaths(folder);
  await createSampleVault(paths);
  return { ...paths, folder };
}

/** Every file below a folder with what tells that it was written to. */
function snapshot(folder: string): Record<string, string> {
  return Object.fromEntries(
    readdirSync(folder, { recursive: true, encoding: "utf8" }).sort().map((name) => {
      const stat = lstatSync(join(folder, name), { bigint: true });
      return [name, `${stat.mode} ${stat.ino} ${stat.mtimeNs} ${stat.ctimeNs} ${stat.isFile() ? readFileSync(join(folder, name), "base64") : ""}`];
    }),
  );
}

test("a vault of a newer version is told as one, also where it is larger than any of this version may be, and no byte changes", async () => {
  for (const [start, code] of [['{"format": "vault/2",\n', "newer-version"], ['{"format": "vault/1",\n  "features": ["large"],\n', "newer-version"], ['{"format": "vault/1",\n', "too-large"]] as const) {
    const paths = await makeVault();
    writeFileSync(paths.vaultFile, start);
    truncateSync(paths.vaultFile, 20 * 1024 * 1024);
    const before = lstatSync(paths.vaultFile, { bigint: true });
    expect(await refusalOf(() => readVault(paths))).toBe(code);
    expect(await refusalOf(() => changeVault(paths, holder, count))).toBe(code);
    expect(lstatSync(paths.vaultFile, { bigint: true })).toMatchObject({ ino: before.ino, mtimeNs: before.mtimeNs, size: before.size });
  }
});

describe("making", () => {
  test("a vault of generation 1 in a folder of its own, with nothing else in it", async () => {
    const paths = await makeVault();
    expect((await readVault(paths))?.contents.generation).toBe(1);
    expect(readdirSync(paths.dataFolder)).toEqual(["vault.json"]);
    expect(lstatSync(paths.vaultFile).mode & 0o777).toBe(0o600);
    expect(lstatSync(paths.dataFolder).mode & 0o777).toBe(0o700);
    expect(lstatSync(paths.anchorFile).mode & 0o777).toBe(0o600);
  });

  test("is refused over a vault, a damaged one, and a link that leads nowhere; no byte changes and nothing is made", async () => {
    const { folder, ...paths } = await makeVault();
    const places = [() => undefined, () => { writeFileSync(paths.vaultFile, "damaged"); }, () => { rmSync(paths.vaultFile); symlinkSync(join(folder, "none"), paths.vaultFile); }];
    for (const prepare of places) {
      prepare();
      const before = snapshot(paths.dataFolder);
      let isAsked = false;
      expect(await refusalOf(() => createVault(paths, () => { isAsked = true; return Promise.reject(new Error("asked")); }))).toBe("already-exists");
      expect(isAsked).toBe(false);
      expect(snapshot(paths.dataFolder)).toEqual({ ...before });
    }
  });

  test("that fails half-way leaves no vault", async () => {
    const paths = samplePaths(makeFolder());
    await expect(createVault(paths, () => Promise.reject(new VaultError("locked", "no")))).rejects.toMatchObject({ code: "locked" });
    expect(readdirSync(paths.dataFolder)).toEqual([]);
  });

  test("by 8 processes at once: one makes it", async () => {
    const folder = makeFolder();
    const answers = (await Promise.all(Array.from({ length: 8 }, () => script.run(["create", folder])))).flat();
    expect(answers.filter((answer) => answer === "done")).toHaveLength(1);
    expect(answers.filter((answer) => answer.startsWith("already-exists: "))).toHaveLength(7);
    expect((await readVault(samplePaths(folder)))?.contents.generation).toBe(1);
  });
});

describe("changing", () => {
  test("raises the generation by one, whatever the change says of it", async () => {
    const paths = await makeVault();
    for (let generation = 2; generation < 6; generation++) {
      const file = await changeVault(paths, holder, (contents) => Promise.resolve({ contents: { ...countChange(contents), generation: 999 } }));
      expect(file.contents.generation).toBe(generation);
      expect((await readVault(paths))?.contents).toEqual(file.contents);
    }
  });

  test("that throws leaves every file as it was, and the lock free", async () => {
    const { folder, ...paths } = await makeVault();
    const before = snapshot(folder);
    await expect(changeVault(paths, holder, () => Promise.reject(new VaultError("not-found", "no such secret")))).rejects.toMatchObject({ code: "not-found" });
    const after = snapshot(folder);
    expect({ ...after, data: "" }).toEqual({ ...before, data: "" });
    (await acquireLock(paths.lockFile, 50)).release();
  });

  test("that would not be readable again leaves the old vault", async () => {
    const paths = await makeVault();
    const before = readFileSync(paths.vaultFile);
    const wrong = (contents: VaultContents) => Promise.resolve({ contents: { ...contents, audit: { ...contents.audit, hash: "no hash" } } });
    expect(await refusalOf(() => changeVault(paths, holder, wrong))).toBe("bad-schema");
    expect(readFileSync(paths.vaultFile)).toEqual(before);
  });

  test("without a vault, or without its folder, is its own refusal", async () => {
    const paths = samplePaths(makeFolder());
    expect(await refusalOf(() => changeVault(paths, holder, count))).toBe("no-vault");
    mkdirSync(paths.dataFolder, { mode: 0o700 });
    expect(await refusalOf(() => changeVault(paths, holder, count))).toBe("no-vault");
    expect(readdirSync(paths.dataFolder)).toEqual([]);
  });

  test("with another key is refused before anything is asked", async () => {
    const paths = await makeVault();
    const before = readFileSync(paths.vaultFile);
    expect(await refusalOf(() => changeVault(paths, holdSampleKey(1), () => Promise.reject(new Error("asked"))))).toBe("wrong-key");
    expect(readFileSync(paths.vaultFile)).toEqual(before);
  });

  test("under a new holder authenticates the file by the new key alone", async () => {
    const paths = await makeVault();
    const next = holdSampleKey(1);
    const file = await changeVault(paths, holder, async (contents) => ({
      contents: { ...contents, slot: { ...contents.slot, keyId: next.keyId, commitment: next.commitment }, vaultKey: await rewrapVaultKey(holder, next, SAMPLE_ID, contents.vaultKey) },
      holder: next,
    }));
    expect(file.contents.generation).toBe(2);
    const read = parseVaultFile(readFileSync(paths.vaultFile));
    await verifyVaultFile(read, next);
    expect(await refusalOf(() => verifyVaultFile(read, holder))).toBe("wrong-key");
    expect((await changeVault(paths, next, count)).contents.generation).toBe(3);
  });

  test.each([["the same holder", undefined], ["a new holder", holdSampleKey(0)]])("compares and swaps: a vault that changed although the lock is held is not overwritten, with %s", async (_, next) => {
    const paths = await makeVault();
    let intruder: Uint8Array | undefined;
    expect(await refusalOf(() => changeVault(paths, holder, async (contents) => {
      intruder = await encodeVaultFile({ ...countChange(contents), generation: 2 }, holder);
      writeFileSync(paths.vaultFile, intruder);
      return { contents, ...(next === undefined ? {} : { holder: next }) };
    }))).toBe("busy");
    expect(readFileSync(paths.vaultFile)).toEqual(Buffer.from(intruder ?? ""));
    expect(readdirSync(paths.dataFolder)).toEqual(["vault.json"]);
  });

  test("a vault that vanished meanwhile is not made again", async () => {
    const paths = await makeVault();
    expect(await refusalOf(() => changeVault(paths, holder, (contents) => { rmSync(paths.vaultFile); return count(contents); }))).toBe("busy");
    expect(existsSync(paths.vaultFile)).toBe(false);
  });

  test("200 times by 4 processes loses none, while 3 others read and never see half a vault, or an old one", { timeout: 60_000 }, async () => {
    const { folder, ...paths } = await makeVault();
    const readers = Array.from({ length: 3 }, () => script.start(["read", folder]));
    const answers = await Promise.all(Array.from({ length: 4 }, () => script.run(["change", folder, "50"])));
    expect(answers.flat()).toEqual(["done", "done", "done", "done"]);
    for (const reader of readers) {
      reader.say("stop");
      expect(await reader.next()).toMatch(/^read \d{2,}$/);
    }
    expect((await readVault(paths))?.contents).toMatchObject({ generation: 201, audit: { sequence: 200 } });
    expect(readdirSync(paths.dataFolder)).toEqual(["vault.json"]);
  });
});

describe("reading", () => {
  test("changes no byte and no time, and takes no lock", async () => {
    const { folder, ...paths } = await makeVault();
    const lock = await acquireLock(paths.lockFile);
    const before = snapshot(folder);
    expect((await readVault(paths))?.contents.generation).toBe(1);
    expect(snapshot(folder)).toEqual(before);
    lock.release();
  });

  test("finds nothing where there is no vault, or no folder", async () => {
    const paths = samplePaths(makeFolder());
    expect(await readVault(paths)).toBeUndefined();
    mkdirSync(paths.dataFolder, { mode: 0o700 });
    expect(await readVault(paths)).toBeUndefined();
    expect(readdirSync(paths.dataFolder)).toEqual([]);
  });

  test.each([0o644, 0o660, 0o604])("a vault of mode %o is refused, and not changed either", async (mode) => {
    const paths = await makeVault();
    chmodSync(paths.vaultFile, mode);
    expect(await refusalOf(() => readVault(paths))).toBe("unsafe-file");
    expect(await refusalOf(() => changeVault(paths, holder, count))).toBe("unsafe-file");
    expect(lstatSync(paths.vaultFile).mode & 0o777).toBe(mode);
  });

  test("a vault behind a link is refused, and not changed either", async () => {
    const { folder, ...paths } = await makeVault();
    renameSync(paths.vaultFile, join(folder, "elsewhere.json"));
    symlinkSync(join(folder, "elsewhere.json"), paths.vaultFile);
    expect(await refusalOf(() => readVault(paths))).toBe("unsafe-file");
    expect(await refusalOf(() => changeVault(paths, holder, count))).toBe("unsafe-file");
    expect(lstatSync(paths.vaultFile).isSymbolicLink()).toBe(true);
  });

  test.runIf(can.root)("another user's vault is refused", async () => {
    const paths = await makeVault();
    chownSync(paths.vaultFile, 65_534, 65_534);
    expect(await refusalOf(() => readVault(paths))).toBe("unsafe-file");
  });

  test.each([0o777, 0o770, 0o730, 0o703])("a folder of mode %o, where others may put another vault, is refused", async (mode) => {
    const paths = await makeVault();
    chmodSync(paths.dataFolder, mode);
    expect(await refusalOf(() => readVault(paths))).toBe("unsafe-file");
    expect(await refusalOf(() => changeVault(paths, holder, count))).toBe("unsafe-file");
    expect(await refusalOf(() => createSampleVault(paths))).toBe("unsafe-file");
  });

  test.each([0o755, 0o711, 0o750, 0o700])("a folder of mode %o, where others may at most look, is taken", async (mode) => {
    const paths = await makeVault();
    chmodSync(paths.dataFolder, mode);
    expect((await changeVault(paths, holder, count)).contents.generation).toBe(2);
    expect(lstatSync(paths.dataFolder).mode & 0o777).toBe(mode);
  });
});

describe.runIf(can.strace)("a change that is cut off", () => {
  const under = (call: string, what: string, occurrence: number): readonly string[] => ["strace", "-f", "-qq", "-o", "/dev/null", "-e", `trace=${call}`, "-e", `inject=${call}:${what}:when=${occurrence}`];

  // fsync: the lock's draft, the file, its folder, the anchor, its folder. rename: the file, the anchor.
  test.each([
    ["fsync", 1, 1],
    ["fsync", 2, 1],
    ["rename", 1, 1],
    ["fsync", 3, 2],
    ["fsync", 4, 2],
    ["rename", 2, 2],
    ["fsync", 5, 2],
  ])("by a kill at %s number %i leaves generation %i, whole, and the next change goes on from there", async (call, occurrence, generation) => {
    const { folder, ...paths } = await makeVault();
    expect(await script.run(["change", folder], { under: under(call, "signal=SIGKILL", occurrence) })).toEqual([]);
    expect((await readVault(paths))?.contents.generation).toBe(generation);
    expect((await changeVault(paths, holder, count)).contents.generation).toBe(generation + 1);
    expect(readdirSync(paths.dataFolder)).toEqual(["vault.json"]);
    expect(readdirSync(join(folder, "state"))).toEqual(["anchor.json"]);
  });

  test.each([
    ["fsync", 2, 1],
    ["rename", 1, 1],
    ["fsync", 3, 2],
    ["rename", 2, 2],
  ])("by an error at %s number %i leaves generation %i, whole, nothing beside it, and the lock free", async (call, occurrence, generation) => {
    const { folder, ...paths } = await makeVault();
    expect(await script.run(["change", folder], { under: under(call, "error=ENOSPC", occurrence) })).toEqual([expect.stringMatching(/^io: .*ENOSPC/)]);
    expect((await readVault(paths))?.contents.generation).toBe(generation);
    expect(readdirSync(paths.dataFolder)).toEqual(["vault.json"]);
  });
});

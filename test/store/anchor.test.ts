import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { StorePaths } from "../../src/store/vault-store.ts";
import { acquireLock } from "../../src/disk/file-lock.ts";
import { encodeBase64 } from "../../src/bytes.ts";
import { writeAnchor } from "../../src/store/anchor.ts";
import { changeVault, readVault, settleAnchor } from "../../src/store/vault-store.ts";
import { makeVaultKey, openVaultKeys } from "../../src/vault/envelope.ts";
import type { VaultContents } from "../../src/vault/vault-file.ts";
import { encodeVaultFile } from "../../src/vault/vault-file.ts";
import { refusalOf } from "../support/refusal.ts";
import { countChange, createSampleVault, holdSampleKey, makeSampleContents, samplePaths } from "../support/sample-vault.ts";
import { makeFolder } from "../support/temporary.ts";

const holder = holdSampleKey();
const count = (contents: VaultContents) => Promise.resolve({ contents: countChange(contents) });

/** A vault of generation 3, and what it was at each generation before. */
async function makeHistory(): Promise<{ readonly paths: StorePaths; readonly vaults: Buffer[]; readonly anchors: Buffer[] }> {
  const paths = samplePaths(makeFolder());
  await createSampleVault(paths);
  firstKey = (await openVaultKeys(holder, (await readVault(paths))!.contents)).anchor;
  const vaults = [readFileSync(paths.vaultFile)];
  const anchors = [readFileSync(paths.anchorFile)];
  while (vaults.length < 3) {
    await changeVault(paths, holder, count);
    vaults.push(readFileSync(paths.vaultFile));
    anchors.push(readFileSync(paths.anchorFile));
  }
  return { paths, vaults, anchors };
}

/** Of the sample vault as it was made: of its first vault key. */
let firstKey: Uint8Array | undefined;
async function anchorKey(): Promise<Uint8Array> {
  if (firstKey === undefined) throw new Error("no vault was made");
  return Promise.resolve(firstKey);
}

async function expectRolledBack(paths: StorePaths): Promise<void> {
  const before = [readFileSync(paths.vaultFile), readFileSync(paths.anchorFile)];
  await expect(readVault(paths)).rejects.toMatchObject({ code: "rolled-back" });
  expect(await refusalOf(() => changeVault(paths, holder, count))).toBe("rolled-back");
  expect([readFileSync(paths.vaultFile), readFileSync(paths.anchorFile)]).toEqual(before);
}

describe("the anchor", () => {
  test("refuses an older vault, for reading and for changing", async () => {
    const { paths, vaults } = await makeHistory();
    for (const vault of vaults.slice(0, 2)) {
      writeFileSync(paths.vaultFile, vault);
      await expectRolledBack(paths);
    }
  });

  test("names both generations and what to type", async () => {
    const { paths, vaults } = await makeHistory();
    writeFileSync(paths.vaultFile, vaults[0]!);
    await expect(readVault(paths)).rejects.toMatchObject({ message: "the vault file was rolled back: it is generation 1, and this machine has seen 3", hint: expect.stringContaining("vault accept AQIDBAUGBwgJCgsMDQ4PEA==") as string });
  });

  test("refuses another vault file of the same generation: a fork", async () => {
    const { paths, vaults, anchors } = await makeHistory();
    writeFileSync(paths.vaultFile, vaults[1]!);
    writeFileSync(paths.anchorFile, anchors[1]!);
    // The same start, another third generation.
    await changeVault(paths, holder, (contents) => count(countChange(contents)));
    const fork = readFileSync(paths.vaultFile);
    writeFileSync(paths.anchorFile, anchors[2]!);
    await expectRolledBack(paths);
    writeFileSync(paths.vaultFile, vaults[2]!);
    expect((await readVault(paths))?.contents.generation).toBe(3);
    expect(fork).not.toEqual(vaults[2]);
  });

  test("takes a newer vault, which another machine has written, and remembers it with the next change", async () => {
    const { paths, anchors } = await makeHistory();
    writeFileSync(paths.anchorFile, anchors[0]!);
    expect((await readVault(paths))?.contents.generation).toBe(3);
    expect(readFileSync(paths.anchorFile)).toEqual(anchors[0]);
    await changeVault(paths, holder, count);
    expect(JSON.parse(readFileSync(paths.anchorFile, "utf8"))).toMatchObject({ generation: 4 });
  });

  test("of another vault refuses this one", async () => {
    const { paths } = await makeHistory();
    const other = new Uint8Array(16).fill(7);
    const otherHolder = holdSampleKey(0, other);
    writeFileSync(paths.vaultFile, await encodeVaultFile(await makeSampleContents(otherHolder, other), otherHolder));
    await expectRolledBack(paths);
    await expect(readVault(paths)).rejects.toMatchObject({ message: expect.stringMatching(/another vault.*BwcHBwcHBwcHBwcHBwcHBw==, and not AQIDBAUGBwgJCgsMDQ4PEA==/) as string });
  });

  test("was made with the vault's key: nobody else makes one up", async () => {
    const { paths, anchors } = await makeHistory();
    const { vault, generation, mac } = JSON.parse(anchors[2]!.toString()) as Record<string, unknown>;
    for (const proofs of [[], [encodeBase64(new Uint8Array(32))], (JSON.parse(anchors[0]!.toString()) as { proofs: string[] }).proofs]) {
      writeFileSync(paths.anchorFile, `${JSON.stringify({ vault, generation, mac, proofs })}\n`);
      expect((await readVault(paths))?.contents.generation).toBe(3);
      expect(await refusalOf(() => changeVault(paths, holder, count))).toBe("rolled-back");
      expect(await refusalOf(async () => { await settleAnchor(paths, (await readVault(paths))!, await anchorKey()); })).toBe("rolled-back");
    }
  });

  test("is moved by a reader who holds the key, and by no other; while somebody writes, it is left to him", async () => {
    const { paths, anchors } = await makeHistory();
    writeFileSync(paths.anchorFile, anchors[0]!);
    const file = (await readVault(paths))!;
    expect(readFileSync(paths.anchorFile)).toEqual(anchors[0]);
    const lock = await acquireLock(paths.lockFile);
    await settleAnchor(paths, file, await anchorKey());
    expect(readFileSync(paths.anchorFile)).toEqual(anchors[0]);
    lock.release();
    await settleAnchor(paths, file, await anchorKey());
    expect(readFileSync(paths.anchorFile)).toEqual(anchors[2]);
  });

  test("counts for the next vault key as well before that is in force", async () => {
    const { paths } = await makeHistory();
    const file = (await readVault(paths))!;
    const next = new Uint8Array(32).fill(9);
    writeAnchor(paths.anchorFile, file, await anchorKey(), next);
    await settleAnchor(paths, file, await anchorKey());
    await settleAnchor(paths, file, next);
    const changed = await changeVault(paths, holder, async (contents) => ({ contents: { ...countChange(contents), vaultKey: await makeVaultKey(holder, contents.id) } }));
    expect([(JSON.parse(readFileSync(paths.anchorFile, "utf8")) as { proofs: string[] }).proofs.length, changed.contents.generation]).toEqual([1, 4]);
    expect(await refusalOf(async () => { await settleAnchor(paths, changed, await anchorKey()); })).toBe("rolled-back");
    await changeVault(paths, holder, count);
  });

  test("that is missing is made with the next change", async () => {
    const { paths, vaults } = await makeHistory();
    rmSync(paths.anchorFile);
    expect((await readVault(paths))?.contents.generation).toBe(3);
    expect(existsSync(paths.anchorFile)).toBe(false);
    await changeVault(paths, holder, count);
    writeFileSync(paths.vaultFile, vaults[2]!);
    await expectRolledBack(paths);
  });

  test.each([
    ["nothing", ""],
    ["no JSON", "{"],
    ["null", "null"],
    ["a list", "[]"],
    ["a member missing", '{"vault":"AQIDBAUGBwgJCgsMDQ4PEA==","generation":1}'],
    ["a generation that is no number", '{"vault":"AQIDBAUGBwgJCgsMDQ4PEA==","generation":"1","mac":""}'],
    ["a fraction", '{"vault":"AQIDBAUGBwgJCgsMDQ4PEA==","generation":1.5,"mac":""}'],
    ["bytes that are no text", Buffer.from([0xff, 0xfe])],
  ])("that is damaged counts as a rollback: %s", async (_, text) => {
    const { paths } = await makeHistory();
    writeFileSync(paths.anchorFile, text);
    await expectRolledBack(paths);
  });

  test("that is damaged does not stand in the way of a new vault", async () => {
    const { paths } = await makeHistory();
    rmSync(paths.vaultFile);
    writeFileSync(paths.anchorFile, "damaged");
    expect(await readVault(paths)).toBeUndefined();
    await createSampleVault(paths);
    expect((await readVault(paths))?.contents.generation).toBe(1);
  });

  test("that others could have written is refused", async () => {
    const { paths } = await makeHistory();
    chmodSync(paths.anchorFile, 0o666);
    expect(await refusalOf(() => readVault(paths))).toBe("unsafe-file");
  });
});

import { existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { PreparedFolders } from "../../../src/wall/trust/prepared-folders.ts";
import { openPreparedFolders } from "../../../src/wall/trust/prepared-folders.ts";
import { makeFolder } from "../../support/temporary.ts";

describe("copies of large folders", () => {
  let [folder, large, file] = ["", "", ""];
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "vault-prepared-"));
    [large, file] = [join(folder, "large"), join(folder, "run-ca.pem")];
    mkdirSync(join(large, "java"), { recursive: true });
    for (let number = 0; number < 100; number += 1) symlinkSync(`/usr/share/${number}.crt`, join(large, `${number}.pem`));
    for (const name of ["bundle.crt", "plain.pem"]) writeFileSync(join(large, name), name);
    writeFileSync(file, "the run's root");
    // What has only just been changed is not kept.
    await sleep(2100);
  });
  afterAll(() => { rmSync(folder, { recursive: true, force: true }); });

  interface Use {
    readonly kept: string;
    readonly prepared: PreparedFolders;
    readonly copy: string;
  }
  const open = (kept = join(makeFolder(), "kept"), name = "1a2b3c4d"): Use => {
    const prepared = openPreparedFolders(kept, makeFolder());
    const mounts = prepared.cover(large, file, new Set([join(large, "bundle.crt"), join(large, "java", "cacerts")]), (isTaken) => (isTaken(`${name}.0`) ? `${name}.1` : `${name}.0`));
    expect(mounts?.map(({ kind, path }) => [kind, path])).toEqual([["read-only", large], ["read-only", join(large, ".outside")], ["read-only", join(large, "java")]]);
    const [first] = mounts ?? [];
    return { kept, prepared, copy: first !== undefined && "source" in first ? first.source : "" };
  };
  const inode = (path: string): number => lstatSync(path).ino;

  test("have every entry, a place for what is laid over them, and the file that was asked for", () => {
    const { copy } = open();
    expect(readdirSync(copy).sort()).toEqual([...readdirSync(large), ".outside", "1a2b3c4d.0"].sort());
    expect(readlinkSync(join(copy, "7.pem"))).toBe("/usr/share/7.crt");
    expect(readlinkSync(join(copy, "plain.pem"))).toBe(".outside/plain.pem");
    expect(lstatSync(join(copy, "bundle.crt")).size).toBe(0);
    expect(readFileSync(join(copy, "1a2b3c4d.0"), "utf8")).toBe("the run's root");
  });

  test("are nobody else's to look into, at any depth", () => {
    const { copy } = open();
    const places = readdirSync(dirname(copy), { recursive: true, encoding: "utf8" }).map((name) => join(dirname(copy), name));
    const modes = [dirname(copy), ...places].map((place) => [place, lstatSync(place)] as const).filter(([, stat]) => !stat.isSymbolicLink()).map(([place, stat]) => [place, stat.mode & 0o77]);
    expect(modes.length).toBeGreaterThan(4);
    expect(modes.filter(([place, mode]) => mode !== 0 && place !== join(copy, "1a2b3c4d.0"))).toEqual([]);
  });

  test("are made once, go from run to run, and keep nothing of a run", () => {
    const first = open();
    const number = inode(first.copy);
    expect(existsSync(first.kept)).toBe(false);
    first.prepared.close();
    expect(existsSync(first.copy)).toBe(false);
    const second = open(first.kept, "99999999");
    expect(inode(second.copy)).toBe(number);
    expect(existsSync(join(second.copy, "1a2b3c4d.0"))).toBe(false);
    // One at the same time has one of its own.
    const third = open(first.kept);
    expect(inode(third.copy)).not.toBe(number);
    for (const { prepared } of [second, third]) prepared.close();
    expect(readdirSync(first.kept)).toHaveLength(2);
  });

  test("are made anew when the folder has changed, and those of before go; what may still be changing is not kept", async () => {
    const first = open();
    first.prepared.close();
    symlinkSync("/usr/share/new.crt", join(large, "new.pem"));
    const second = open(first.kept);
    expect(readlinkSync(join(second.copy, "new.pem"))).toBe("/usr/share/new.crt");
    second.prepared.close();
    expect(readdirSync(first.kept)).toHaveLength(1);
    rmSync(join(large, "new.pem"));
    // A time that was set back does not hide the change.
    utimesSync(large, 1, 1);
    await sleep(2100);
    const third = open(first.kept);
    expect(existsSync(join(third.copy, "new.pem"))).toBe(false);
    third.prepared.close();
    expect(readdirSync(first.kept)).toHaveLength(1);
    const fourth = open(first.kept);
    expect(existsSync(join(fourth.copy, "new.pem"))).toBe(false);
  });

  test("are not made of small folders, nor of what is gone", () => {
    const prepared = openPreparedFolders(join(makeFolder(), "kept"), makeFolder());
    for (const path of [join(large, "java"), join(large, "gone")]) expect(prepared.cover(path, file, new Set(), () => "x")).toBeUndefined();
    prepared.close();
  });
});

import { chmodSync, chownSync, lstatSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ensurePrivateFolder, ensureUnsharedFolder, requirePrivateFolder, requireUnsharedFolder } from "../../src/disk/private-folder.ts";
import { can } from "../support/machine.ts";
import { refusalOf } from "../support/refusal.ts";
import { makeFolder } from "../support/temporary.ts";

const NOBODY = 65_534;
const modeOf = (path: string): number => lstatSync(path).mode & 0o777;

/** A folder of this mode with something in it. */
function makeFull(mode: number): string {
  const path = join(makeFolder(), "folder");
  mkdirSync(path);
  writeFileSync(join(path, "file"), "");
  chmodSync(path, mode);
  return path;
}

function withUmask<T>(umask: number, act: () => T): T {
  const before = process.umask(umask);
  try {
    return act();
  } finally {
    process.umask(before);
  }
}

describe.each([
  ["private", ensurePrivateFolder],
  ["unshared", ensureUnsharedFolder],
])("a %s folder", (_, ensure) => {
  test.each([0, 0o022, 0o077])("is made 0700 with its parents, under umask %o", (umask) => {
    const root = makeFolder();
    withUmask(umask, () => { ensure(join(root, "a", "b")); });
    expect(modeOf(join(root, "a"))).toBe(0o700);
    expect(modeOf(join(root, "a", "b"))).toBe(0o700);
  });

  test("is left as it is when it is fit, the second time as well", () => {
    const path = makeFull(0o700);
    ensure(path);
    ensure(path);
    expect(modeOf(path)).toBe(0o700);
  });

  test.each([0o777, 0o770, 0o720, 0o702, 0o1777])("of mode %o with files in it is refused and left as it is", async (mode) => {
    const path = makeFull(mode);
    expect(await refusalOf(() => { ensure(path); })).toBe("unsafe-file");
    expect(lstatSync(path).mode & 0o7777).toBe(mode);
  });

  test("is not a file", async () => {
    const path = join(makeFolder(), "file");
    writeFileSync(path, "");
    expect(await refusalOf(() => { ensure(path); })).toBe("io");
    expect(await refusalOf(() => { ensure(join(path, "below")); })).toBe("io");
  });

  test.runIf(can.root)("of another user is refused and left as it is", async () => {
    for (const make of [() => makeFull(0o700), () => makeFolder()]) {
      const path = make();
      chownSync(path, NOBODY, NOBODY);
      expect(await refusalOf(() => { ensure(path); })).toBe("unsafe-file");
      expect(modeOf(path)).toBe(0o700);
    }
  });
});

describe("what tells them apart", () => {
  test("others may look into an unshared folder, and not into a private one", async () => {
    const path = makeFull(0o755);
    ensureUnsharedFolder(path);
    requireUnsharedFolder(path);
    expect(modeOf(path)).toBe(0o755);
    expect(await refusalOf(() => { ensurePrivateFolder(path); })).toBe("unsafe-file");
    expect(await refusalOf(() => { requirePrivateFolder(path); })).toBe("unsafe-file");
  });

  test("a link to a folder may be the user's choice of an unshared folder, and is never private", async () => {
    const path = makeFull(0o700);
    symlinkSync(path, `${path}-link`);
    ensureUnsharedFolder(`${path}-link`);
    expect(await refusalOf(() => { ensurePrivateFolder(`${path}-link`); })).toBe("unsafe-file");
  });

  test("an empty folder that others might write to becomes 0700", () => {
    const path = makeFolder(0o777);
    ensureUnsharedFolder(path);
    expect(modeOf(path)).toBe(0o700);
  });

  test("no folder is no unsafe folder", () => {
    requireUnsharedFolder(join(makeFolder(), "none"));
  });
});

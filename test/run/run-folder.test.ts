import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { identifyThisProcess } from "../../src/disk/process-identity.ts";
import { openRunFolder } from "../../src/run/run-folder.ts";

let parent: string;
const deadPid = (): number => spawnSync("true").pid;

/** A folder as a run of some other process would have left it. */
function leave(pid: number, holder?: object | string, ageMs = 0): string {
  const path = join(parent, `run-${pid}-00112233445566${(readdirSync(parent).length + 16).toString(16)}`);
  mkdirSync(path, { recursive: true, mode: 0o700 });
  writeFileSync(join(path, "ca.pem"), "pem");
  if (holder !== undefined) writeFileSync(join(path, "holder.json"), typeof holder === "string" ? holder : JSON.stringify(holder));
  const then = (Date.now() - ageMs) / 1000;
  utimesSync(path, then, then);
  return path;
}

beforeEach(() => {
  parent = join(mkdtempSync(join(tmpdir(), "run-folder-")), "runs");
  mkdirSync(parent, { mode: 0o700 });
});

afterEach(() => {
  rmSync(join(parent, ".."), { recursive: true });
});

test("a private folder below a private parent, removed with all that is in it", () => {
  rmSync(parent, { recursive: true });
  const folder = openRunFolder(parent);
  expect(basename(folder.path)).toMatch(new RegExp(`^run-${process.pid}-[0-9a-f]{16}$`));
  if (process.platform !== "win32") for (const path of [parent, folder.path]) expect(statSync(path).mode & 0o777).toBe(0o700);
  writeFileSync(join(folder.path, "ca.pem"), "pem");
  folder.close();
  folder.close();
  expect(readdirSync(parent)).toEqual([]);
});

describe.skipIf(process.platform === "win32")("parents that are refused", () => {
  test("a link", () => {
    symlinkSync(parent, `${parent}-link`);
    expect(() => openRunFolder(`${parent}-link`)).toThrow(expect.objectContaining({ code: "unsafe-file" }) as Error);
  });

  test.skipIf(process.getuid?.() !== 0)("another user's", async () => {
    const { chownSync } = await import("node:fs");
    chownSync(parent, 12345, 12345);
    expect(() => openRunFolder(parent)).toThrow(expect.objectContaining({ code: "unsafe-file" }) as Error);
  });

  test("one that is open to others", () => {
    chmodSync(parent, 0o750);
    expect(() => openRunFolder(parent)).toThrow(expect.objectContaining({ code: "unsafe-file" }) as Error);
  });

  test("a file", () => {
    writeFileSync(`${parent}-file`, "");
    expect(() => openRunFolder(`${parent}-file`)).toThrow(expect.objectContaining({ code: "io" }) as Error);
  });
});

describe("folders that are there already", () => {
  const me = identifyThisProcess();

  test("go where their run is dead", () => {
    const dead = leave(1, { ...me, pid: deadPid() });
    const reused = leave(2, { ...me, start: "1" });
    const rebooted = leave(3, { ...me, boot: "another" });
    const unnoted = leave(4, undefined, 120_000);
    const cut = leave(5, '{"pid":', 120_000);
    // What lacks a word, or has another thing in its place, is as good as cut.
    const odd = ["start", "boot", "host"].map((name, index) => leave(6 + index, { ...me, [name]: 1 }, 120_000));
    openRunFolder(parent).close();
    expect(odd.filter(existsSync)).toEqual([]);
    const expected = process.platform === "linux" ? [] : [reused, rebooted].map((path) => basename(path));
    expect(readdirSync(parent).filter((name) => !expected.includes(name))).toEqual([]);
    expect([dead, unnoted, cut].some(existsSync)).toBe(false);
  });

  test("stay where it lives, may live, or where they are none of ours", () => {
    const living = leave(1, me, 120_000);
    const elsewhere = leave(2, { ...me, host: "another machine" }, 120_000);
    const beginning = leave(3);
    const outside = join(parent, "..", "precious");
    mkdirSync(outside);
    writeFileSync(join(outside, "file"), "");
    symlinkSync(outside, join(parent, "run-7-0011223344556677"));
    mkdirSync(join(parent, "run-of-the-mill"));
    openRunFolder(parent).close();
    expect([living, elsewhere, beginning, join(outside, "file"), join(parent, "run-7-0011223344556677"), join(parent, "run-of-the-mill")].every((path) => existsSync(path))).toBe(true);
  });

  test("lead nobody out of the folder by a link inside", () => {
    const dead = leave(1, { ...me, pid: deadPid() });
    const outside = join(parent, "..", "precious");
    mkdirSync(outside);
    writeFileSync(join(outside, "file"), "");
    symlinkSync(outside, join(dead, "link"));
    openRunFolder(parent).close();
    expect([existsSync(dead), existsSync(join(outside, "file"))]).toEqual([false, true]);
  });
});

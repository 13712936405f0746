import { expect, test } from "vitest";
import { findMisplaced } from "../../../src/wall/files/mount-check.ts";
import type { Mount } from "../../../src/wall/files/mount.ts";
import type { MountPoint } from "../../../src/wall/files/mount-points.ts";

const OUTSIDE: readonly MountPoint[] = [
  { device: "254:0", root: "/", path: "/" },
  { device: "254:1", root: "/@home", path: "/home" },
];
const PROJECT: Mount = { kind: "writable", source: "/home/u/app", path: "/home/u/app" };
const at = (root: string, device = "254:1"): MountPoint[] => [{ device, root, path: "/home/u/app" }];

test("a folder is what was meant where the kernel shows the same one", () => {
  expect(findMisplaced([PROJECT], OUTSIDE, at("/@home/u/app"))).toBeUndefined();
});

test("a link that was followed shows", () => {
  for (const inside of [at("/@home/u"), at("/@home/u/app", "254:0"), []]) expect(findMisplaced([PROJECT], OUTSIDE, inside)).toEqual({ kind: "exchanged", path: "/home/u/app", source: "/home/u/app" });
});

test("what lies over a path last is what counts", () => {
  expect(findMisplaced([PROJECT], OUTSIDE, [...at("/@home/u/app"), ...at("/@home/u")])).toEqual({ kind: "exchanged", path: "/home/u/app", source: "/home/u/app" });
});

test("a file that was read-only may have been replaced, and one that may go may be missing", () => {
  const file: Mount = { kind: "read-only", source: "/home/u/app", path: "/home/u/app" };
  expect(findMisplaced([file], OUTSIDE, at("/@home/u/app//deleted"))).toBeUndefined();
  expect(findMisplaced([{ ...file, mayGo: true }], OUTSIDE, [])).toBeUndefined();
  expect(findMisplaced([file], OUTSIDE, [])).toEqual({ kind: "exchanged", path: "/home/u/app", source: "/home/u/app" });
  expect(findMisplaced([file], OUTSIDE, at("/@home/u/.config/vault/keys/kek.key"))).toEqual({ kind: "exchanged", path: "/home/u/app", source: "/home/u/app" });
});

test("what hides something has to lie over it", () => {
  for (const kind of ["empty", "nothing", "sealed"] as const) {
    expect(findMisplaced([{ kind, path: "/home/u/.aws" }], OUTSIDE, [])).toEqual({ kind: "bare", path: "/home/u/.aws" });
    expect(findMisplaced([{ kind, path: "/home/u/.aws" }], OUTSIDE, [{ device: "0:40", root: "/", path: "/home/u/.aws" }])).toBeUndefined();
  }
  expect(findMisplaced([{ kind: "nothing", path: "/home/u/.netrc" }, PROJECT], OUTSIDE, [])).toEqual({ kind: "exchanged", path: "/home/u/app", source: "/home/u/app" });
});

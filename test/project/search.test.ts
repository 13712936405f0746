import { execFileSync } from "node:child_process";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { findRunFile } from "../../src/project/search.ts";
import { makeFolder } from "../support/temporary.ts";

function makeTree(isRepository: boolean): { readonly root: string; readonly below: string } {
  const root = makeFolder();
  const below = join(root, "a", "b");
  mkdirSync(below, { recursive: true });
  if (isRepository) mkdirSync(join(root, ".git"));
  return { root, below };
}

const put = (folder: string, text = "{}"): void => { writeFileSync(join(folder, "vault.run.json"), text); };

describe("a project's file", () => {
  it("is found in the folder itself", () => {
    const { below } = makeTree(false);
    put(below);
    expect(findRunFile(below)).toEqual({ path: join(below, "vault.run.json"), bytes: new Uint8Array([0x7b, 0x7d]) });
  });

  it("is found above it in a work tree, the nearest first, and not above the tree's root", () => {
    const { root, below } = makeTree(true);
    put(root, '{"is":"far"}');
    expect(findRunFile(below)?.path).toBe(join(root, "vault.run.json"));
    put(join(root, "a"), "{}");
    expect(findRunFile(below)?.path).toBe(join(root, "a", "vault.run.json"));
    const inner = join(root, "a", "b", "inner");
    mkdirSync(join(inner, ".git"), { recursive: true });
    expect(findRunFile(inner)).toBeUndefined();
    const linked = join(root, "a", "b", "work-tree");
    mkdirSync(linked);
    writeFileSync(join(linked, ".git"), "gitdir: elsewhere\n");
    expect(findRunFile(linked)).toBeUndefined();
  });

  it("is not looked for above a folder that is in no work tree", () => {
    const { root, below } = makeTree(false);
    put(root);
    expect(findRunFile(below)).toBeUndefined();
  });

  it("is refused as a link, a dangling one too, as a folder, as a pipe, and when it is long", () => {
    const of = (make: (path: string) => void): (() => unknown) => {
      const folder = makeFolder();
      make(join(folder, "vault.run.json"));
      return () => findRunFile(folder);
    };
    expect(of((path) => { symlinkSync("/dev/zero", path); })).toThrow(expect.objectContaining({ code: "unsafe-file" }));
    expect(of((path) => { symlinkSync("nowhere", path); })).toThrow(expect.objectContaining({ code: "unsafe-file" }));
    expect(of((path) => { mkdirSync(path); })).toThrow(expect.objectContaining({ code: "unsafe-file" }));
    expect(of((path) => { execFileSync("mkfifo", [path]); })).toThrow(expect.objectContaining({ code: "unsafe-file" }));
    expect(of((path) => { writeFileSync(path, " ".repeat(65_537)); })).toThrow(expect.objectContaining({ code: "too-large" }));
  });
});

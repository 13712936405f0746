// A skill is put where an agent looks, and nowhere else: whatever stands there, and whoever has made the project.
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { installSkill } from "../../../src/app/skills/install-skill.ts";

const TEXT = new TextEncoder().encode("words");
let root: string;
let folder: string;
let elsewhere: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "vault-skills-"));
  [folder, elsewhere] = [join(root, "project"), join(root, "elsewhere")];
  for (const path of [folder, elsewhere]) mkdirSync(path);
});
afterEach(() => { rmSync(root, { recursive: true, force: true }); });
const install = (isProject = true, replaces = false): string => installSkill(TEXT, { agent: "claude", folder, isProject, replaces }).outcome;

it("is put there once, and left as somebody has made it", () => {
  const path = join(folder, ".claude/skills/vault/SKILL.md");
  expect([install(), install(), readFileSync(path, "utf8")]).toEqual(["installed", "unchanged", "words"]);
  writeFileSync(path, "mine");
  expect(install).toThrow("is another text");
  expect([readFileSync(path, "utf8"), install(true, true), readFileSync(path, "utf8")]).toEqual(["mine", "replaced", "words"]);
});

it.each([".claude", ".claude/skills", ".claude/skills/vault", ".claude/skills/vault/SKILL.md"])("a project's link in the place of %s leads nowhere", (link) => {
  mkdirSync(join(folder, link, ".."), { recursive: true });
  const target = link.endsWith(".md") ? join(elsewhere, "file") : elsewhere;
  symlinkSync(target, join(folder, link));
  for (const replaces of [false, true]) expect(() => install(true, replaces)).toThrow(/is a link|is no file/);
  expect(readdirSync(elsewhere)).toEqual([]);
});

it("the owner's own links in the home folder are followed", () => {
  symlinkSync(elsewhere, join(folder, ".claude"));
  expect(install(false)).toBe("installed");
  expect(readdirSync(elsewhere)).toEqual(["skills"]);
});

it.each(["a folder", "a dangling link"])("%s in the file's place is left there", (what) => {
  const path = join(folder, ".claude/skills/vault/SKILL.md");
  if (what === "a folder") mkdirSync(path, { recursive: true });
  else {
    mkdirSync(join(path, ".."), { recursive: true });
    symlinkSync(join(elsewhere, "none"), path);
  }
  expect(() => install(false, true)).toThrow("is no file of a skill");
  expect(readdirSync(elsewhere)).toEqual([]);
});

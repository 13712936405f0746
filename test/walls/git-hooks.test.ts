// A hook in the project's Git folder runs at the user's next commit, outside. Inside, the hooks are read-only, and so are the settings that name programs.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { has, story } from "../support/escape-stage.ts";

story("no hook and no setting of Git's is written", async (wall) => {
  wall.outside(["git", "init", "-q"]);
  const before = readFileSync(join(wall.project, ".git/config"), "utf8");
  const { said } = await wall.run("for file in .git/hooks/pre-commit .git/hooks/new .git/config .git/commondir; do echo evil >>$file && echo \"wrote $file\"; done; git config core.fsmonitor ./evil && echo wrote config; git config --worktree core.pager ./evil && echo wrote worktree; rm -rf .git/hooks; ln -sf /tmp .git/hooks; echo tried; git status -s && echo usable");
  expect(said).toContain("tried\n");
  expect(said).toContain("usable\n");
  expect(said).not.toContain("wrote");
  expect(readFileSync(join(wall.project, ".git/config"), "utf8")).toBe(before);
  for (const name of ["hooks/pre-commit", "hooks/new"]) expect(existsSync(join(wall.project, ".git", name))).toBe(false);
}, ["an ordinary user", "root"], has("git"), true);

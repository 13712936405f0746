// The hooks are read-only, but what is around them is not: the program moves the whole Git folder away and puts one of its own in its place, with all that was in it and a hook.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { has, story } from "../support/escape-stage.ts";

story("the Git folder, those of modules and of work trees cannot be exchanged", async (wall) => {
  wall.outside(["sh", "-c", "git init -q && mkdir -p .git/modules/part/hooks .git/worktrees/side && echo '[core]' >.git/modules/part/config && echo 'ref: refs/heads/main' >.git/modules/part/HEAD && echo x >.git/worktrees/side/gitdir"]);
  const exchange = (folder: string, hook: string): string => `mv ${folder} ${folder}-old 2>/dev/null && mkdir -p ${folder} && cp -r ${folder}-old/. ${folder} 2>/dev/null; mkdir -p $(dirname ${hook}); echo evil >${hook} 2>/dev/null && echo wrote ${hook}`;
  const { said } = await wall.run([exchange(".git", ".git/hooks/post-checkout"), exchange(".git/modules", ".git/modules/part/hooks/post-checkout"), exchange(".git/modules/part", ".git/modules/part/hooks/post-merge"), "echo tried"].join("; "));
  expect(said).toContain("tried\n");
  for (const hook of [".git/hooks/post-checkout", ".git/modules/part/hooks/post-checkout", ".git/modules/part/hooks/post-merge"]) expect([hook, existsSync(join(wall.project, hook))]).toEqual([hook, false]);
}, ["an ordinary user"], has("git"));

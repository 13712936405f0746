// Editors and shells run what a project's hidden folders tell them to, as soon as the project is opened: tasks, hooks, environment files. And vault.run.json says what the next run is like.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { story } from "../support/escape-stage.ts";

/** A run's file that takes nothing away, and for the others as good as any. */
const TEXT = '{ "secrets": { "API_KEY": {} } }';
const THERE = [".vscode/tasks.json", ".idea/workspace.xml", ".envrc", ".husky/pre-commit", "vault.run.json"];

story("what is there of them stays as it is", async (wall) => {
  for (const file of THERE) wall.put(`project/${file}`, TEXT);
  const { said } = await wall.run(`for file in ${THERE.join(" ")}; do echo evil >$file; rm $file; mv $file $file.old; done 2>/dev/null; for dir in .vscode .idea .husky; do echo evil >$dir/new; mv $dir $dir.old && mkdir $dir && echo evil >$dir/tasks.json; ln -sfn /tmp $dir; done 2>/dev/null; echo tried`);
  expect(said).toContain("tried\n");
  for (const file of THERE) expect([file, readFileSync(join(wall.project, file), "utf8")]).toEqual([file, TEXT]);
  expect([".vscode/new", ".vscode.old"].filter((path) => existsSync(join(wall.project, path)))).toEqual([]);
});

/** What shells, Git's hooks and agents are told in a project. */
const TOLD = ["mise.toml", ".mise.toml", ".pre-commit-config.yaml", "lefthook.yml", ".aider.conf.yml", ".claude/settings.local.json", ".opencode/plugin/mine.ts", ".opencode/tool/mine.ts", ".codex/hooks.json", ".gemini/extensions/mine/gemini-extension.json", ".qwen/settings.json", ".nvim.lua"];

story("so does what shells, Git's hooks and agents are told in a project", async (wall) => {
  for (const file of TOLD) wall.put(`project/${file}`, TEXT);
  const tops = [...new Set(TOLD.map((file) => file.split("/")[0] ?? ""))];
  const { said } = await wall.run(`for file in ${TOLD.join(" ")}; do echo evil >$file; rm $file; mv $file $file.old; done 2>/dev/null; echo evil >.opencode/plugin/other.ts; for top in ${tops.join(" ")}; do mv $top gone; rm -rf $top; done 2>/dev/null; echo tried`);
  expect(said).toContain("tried\n");
  for (const file of TOLD) expect([file, existsSync(join(wall.project, file)) && readFileSync(join(wall.project, file), "utf8")]).toEqual([file, TEXT]);
  expect(existsSync(join(wall.project, ".opencode/plugin/other.ts"))).toBe(false);
});

story("where there are none, none is made, or the person hears of it", async (wall) => {
  const { said } = await wall.run(`mkdir -p .vscode .idea .husky; for file in ${THERE.join(" ")}; do echo '{}' >$file; done 2>/dev/null; echo tried`);
  for (const file of THERE) {
    const [top = ""] = file.split("/");
    if (existsSync(join(wall.project, file))) expect(said.split("tried\n")[1]).toContain(top);
  }
});

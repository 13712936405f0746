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

story("where there are none, none is made, or the person hears of it", async (wall) => {
  const { said } = await wall.run(`mkdir -p .vscode .idea .husky; for file in ${THERE.join(" ")}; do echo '{}' >$file; done 2>/dev/null; echo tried`);
  for (const file of THERE) {
    const [top = ""] = file.split("/");
    if (existsSync(join(wall.project, file))) expect(said.split("tried\n")[1]).toContain(top);
  }
});

// A Git repository is made deeper in the project, with settings that start a program at `git status`, which shells' prompts call.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { has, story } from "../support/escape-stage.ts";

story("the person hears of it when the run ends, of bare ones too, and not of work in one that was there", async (wall) => {
  wall.outside(["sh", "-c", "git init -q; git init -q old; sleep 0.1"]);
  const { status, said } = await wall.run("cd old && echo 1 >file && git add file && git -c user.name=a -c user.email=a@b commit -qm one && cd .. && git init -q docs/notes && git -C docs/notes config core.fsmonitor 'touch /tmp/x' && git init -q --bare docs/bare");
  expect([status, existsSync(join(wall.project, "docs/notes/.git/config"))], said).toEqual([0, true]);
  expect(said.match(/^.*is of a Git repository that was made during the run.*$/gm)).toHaveLength(2);
  expect(said).toContain(`"${join(wall.project, "docs/notes/.git")}" is of a Git repository`);
  expect(said).toContain(`"${join(wall.project, "docs/bare")}" is of a Git repository`);
}, ["an ordinary user"], has("git"));

// Some keep their settings in a project, with links in the home folder that lead there. A program that works on that project writes what a shell or an editor outside obeys.
import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { story } from "../support/escape-stage.ts";

story("those that have changed are named when the run ends, and no others", async (wall) => {
  for (const name of ["bashrc", "profile", "nvim/init.lua", "tool", "readme"]) wall.put(`project/${name}`, "honest\n");
  mkdirSync(join(wall.home, ".config"), { recursive: true });
  mkdirSync(join(wall.home, ".local/bin"), { recursive: true });
  for (const [link, name] of [[".bashrc", "bashrc"], [".profile", "profile"], [".config/nvim", "nvim"], [".local/bin/tool", "tool"], ["work", "."]] as const) symlinkSync(join(wall.project, name), join(wall.home, link));
  const { said } = await wall.run("echo evil >>bashrc; echo evil >>nvim/init.lua; rm tool; echo evil >tool; echo mine >>readme; echo done");
  expect(said).toContain("done\n");
  const named = [...said.matchAll(/"([^"]*)" was (?:made|changed|removed) during the run/g)].map(([, path = ""]) => path.slice(wall.project.length + 1));
  expect(named.sort()).toEqual(["bashrc", "nvim", "tool"]);
});

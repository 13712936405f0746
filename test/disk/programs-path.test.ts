import { mkdirSync, mkdtempSync, realpathSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { findProgramsPath } from "../../src/disk/programs-path.ts";
import { removeFolder } from "../support/remove-folder.ts";

const home = realpathSync(mkdtempSync(join(tmpdir(), "vault-home-")));
const [project, deep, plain] = [join(home, "work/app"), join(home, "work/app/src"), join(home, "notes")];
for (const folder of [join(project, ".git"), deep, plain]) mkdirSync(folder, { recursive: true });
afterAll(() => removeFolder(home));

const ALL = [join(project, ".venv/bin"), join(plain, "bin"), join(home, ".local/bin"), join(home, "lib/node_modules/.bin"), ".", "", "/usr/bin"];
const left = (cwd: string): readonly string[] => findProgramsPath(ALL.join(delimiter), cwd, home).split(delimiter);

it("leaves out folders of the project, those of packages, and what is relative", () => {
  for (const cwd of [project, deep]) expect(left(cwd)).toEqual([join(plain, "bin"), join(home, ".local/bin"), "/usr/bin"]);
  expect(left(plain)).toEqual([join(project, ".venv/bin"), join(home, ".local/bin"), "/usr/bin"]);
});

it("takes neither the home folder for a project, though Git keeps what is in it, nor what is above it", () => {
  const others = [join(project, ".venv/bin"), join(plain, "bin"), join(home, ".local/bin"), "/usr/bin"];
  mkdirSync(join(home, ".git"));
  for (const cwd of [home, tmpdir(), "/"]) expect(left(cwd)).toEqual(others);
});

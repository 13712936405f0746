// Which files are taken for `.env` files that a walled program comes by.
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { disk } from "../../../src/wall/files/disk-view.ts";
import { listEnvFiles } from "../../../src/wall/files/env-files.ts";
import { makeFolder } from "../../support/temporary.ts";

/** A home folder. */
function makeHome(...files: readonly string[]): string {
  const home = makeFolder();
  for (const file of ["work/project/readme", ...files]) {
    mkdirSync(dirname(join(home, file)), { recursive: true });
    writeFileSync(join(home, file), "");
  }
  return home;
}

function listIn(home: string, ...roots: readonly string[]): string[] {
  return listEnvFiles(disk, (roots.length === 0 ? ["work/project"] : roots).map((root) => join(home, root)), home).map((path) => path.slice(home.length + 1)).sort();
}

test("those of the project at any depth, of the other writable folders, and of the folders above", () => {
  const project = [".dev.vars", ".env", ".env-staging", ".env.local", ".envrc", ".flaskenv", "a/.env", "a/b/.env", "a/b/c/d/e/.env", "dist/.env", "prod.env", "target/.env", "vendor/.env"].map((name) => `work/project/${name}`);
  const home = makeHome(...project, "work/project/env", "work/project/my.environment", "work/project/.environment", "work/.env", ".env", "work/other/.env", "made/.env");
  expect(listIn(home)).toEqual([".env", "work/.env", ...project]);
  expect(listIn(home, "work/project", "made")).toEqual([".env", "made/.env", "work/.env", ...project]);
});

test("none that others wrote, and no folder; of a link, what it leads to", () => {
  const home = makeHome(...["node_modules/.env", "node_modules/a/.env", ".git/.env", ".venv/.env", "b.env/c", "kept/settings", "kept/.env"].map((name) => `work/project/${name}`), "shared/variables");
  symlinkSync("kept/settings", join(home, "work/project/.env"));
  symlinkSync(join(home, "shared/variables"), join(home, "work/project/.env.local"));
  symlinkSync("nowhere", join(home, "work/project/.env.test"));
  symlinkSync(join(home, "work/project/kept"), join(home, "work/project/link"));
  expect(listIn(home)).toEqual(["shared/variables", "work/project/kept/.env", "work/project/kept/settings"]);
});

test("of a project of very many folders, those of the first, the nearest of all before the others", () => {
  const home = makeHome("work/project/z/.env", ...["00", "01", "40"].map((at) => `work/project/a/${at}/.env`));
  expect(listEnvFiles(disk, [join(home, "work/project")], home, 5).map((path) => path.slice(home.length + 1)).sort()).toEqual(["work/project/a/00/.env", "work/project/a/01/.env", "work/project/z/.env"]);
});

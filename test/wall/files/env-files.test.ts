// Which files of a project are taken for its `.env` files.
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { disk } from "../../../src/wall/files/disk-view.ts";
import { listEnvFiles } from "../../../src/wall/files/env-files.ts";
import { makeFolder } from "../../support/temporary.ts";

function makeProject(...files: readonly string[]): string {
  const root = makeFolder();
  for (const file of files) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), "");
  }
  return root;
}

function listIn(root: string, cwd = ""): string[] {
  return listEnvFiles(disk, root, join(root, cwd)).map((path) => path.slice(root.length + 1)).sort();
}

test("those of its root and two levels down, and those on the way to where the run stands", () => {
  const root = makeProject(".env", ".env.local", "prod.env", ".envrc", ".dev.vars", "env", "my.environment", "a/.env", "a/b/.env", "a/b/c/.env", "a/b/c/d/.env", "a/b/c/d/e/.env");
  expect(listIn(root)).toEqual([".dev.vars", ".env", ".env.local", ".envrc", "a/.env", "a/b/.env", "prod.env"]);
  expect(listIn(root, "a/b/c/d")).toEqual([".dev.vars", ".env", ".env.local", ".envrc", "a/.env", "a/b/.env", "a/b/c/.env", "a/b/c/d/.env", "prod.env"]);
});

test("none that others wrote, none that is reached by a link, and no folder", () => {
  const root = makeProject("node_modules/.env", "node_modules/a/.env", ".git/.env", "a/dist/.env", "a/vendor/.env", "b.env/c", "kept/.env");
  symlinkSync(join(root, "kept/.env"), join(root, ".env"));
  symlinkSync(join(root, "kept"), join(root, "link"));
  expect(listIn(root)).toEqual(["kept/.env"]);
});

test("of a project of very many folders, those of the first 256", () => {
  const root = makeProject(...Array.from({ length: 300 }, (_none, index) => `${String(index).padStart(3, "0")}/.env`));
  expect(listIn(root)).toHaveLength(255);
});

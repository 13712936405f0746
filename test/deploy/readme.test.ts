// deploy/README.md says of each file what was run of it, and what was not.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ROOT, listDeployFiles, readDeployFile } from "./deploy-files.ts";

test("its table has each file, and no others", () => {
  const rows = [...readDeployFile("README.md").matchAll(/^\| `([^`]+)` \| (.+) \| (.+) \|$/gm)];
  expect(rows.map(([, path]) => path).sort()).toEqual(listDeployFiles().filter((path) => path !== "README.md" && !path.endsWith(".gitignore")));
  for (const [, path, run, not] of rows) expect([run, not].every((cell) => (cell ?? "").trim().length > 3), path).toBe(true);
});

test("npm publishes nothing of it", () => {
  const { files } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { readonly files: readonly string[] };
  expect(files).toContain("bin");
  expect(files.filter((pattern) => /deploy|^[*.]/.test(pattern))).toEqual([]);
});

test("no file holds a secret", () => {
  const held = listDeployFiles().filter((path) => /-----BEGIN [A-Z ]*PRIVATE KEY|vault-identity-1:[\w-]{43}|kind: Secret\b/.test(readDeployFile(path)));
  expect(held).toEqual([]);
});

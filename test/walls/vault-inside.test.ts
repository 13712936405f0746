// The program types `vault`, which is on its PATH: to list, to widen, to make a vault of its own that a later command would take for the real one.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { NODE, RUN_JS } from "../support/program.ts";
import { story } from "../support/escape-stage.ts";

story("vault itself finds no vault, and makes none", async (wall) => {
  const type = (command: string): string => `"${NODE}" "${RUN_JS}" ${command}; echo "status $?"`;
  const { said } = await wall.run(`test -r "${RUN_JS}" || echo unreadable; ${["secrets list", "secrets update API_KEY --host evil.example --widen", "init --provider file", "status", "run -- true"].map(type).join("; ")}`);
  if (said.includes("unreadable")) return;
  expect(said.match(/^status \d+$/gm)).toEqual(["status 3", "status 3", "status 3", "status 3", "status 125"]);
  expect(said.match(/this is inside a walled run, where there is no vault$/gm)).toHaveLength(5);
  expect(existsSync(join(wall.home, ".local/share/vault/vault.json"))).toBe(true);
  expect(wall.vault(["secrets", "show", "API_KEY"])).not.toContain("evil.example");
}, ["an ordinary user"], true, true);

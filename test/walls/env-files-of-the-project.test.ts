// A project keeps its `.env` files: at the root, deeper, in what was built, behind links. Some values in them are this run's, some are other secrets of the vault's, which this run was not given.
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { story, VALUE } from "../support/escape-stage.ts";

const OTHER = "other-value-behind-the-wall-3Rw9$x/y";
const ELSEWHERE = "value-of-another-workspace-5Tm1";
const BLOCK = "-----BEGIN PRIVATE KEY-----\nMIIEvwIBADANBgkqhki\n-----END PRIVATE KEY-----\n";
const SPELLINGS = [OTHER, OTHER.replace("$", "\\$"), encodeURIComponent(OTHER)];

story("they show no value of the vault's, whether the run was given it or not", async (wall) => {
  wall.vault(["secrets", "create", "OTHER_KEY", "--host", "api.example.com"], OTHER);
  wall.vault(["secrets", "create", "BLOCK_KEY", "--inject", "body", "--host", "api.example.com"], BLOCK);
  wall.vault(["secrets", "create", "FAR_KEY", "--workspace", "far", "--host", "api.example.com"], ELSEWHERE);
  const text = [`API_KEY=${VALUE}`, ...SPELLINGS.map((value, index) => `OTHER_${index}=${value}`), `FAR_KEY=${ELSEWHERE}`, `BLOCK_KEY="${BLOCK.trimEnd().replaceAll("\n", "\\n")}"`, "PORT=8080", ""].join("\n");
  const places = [".env", ".env.local", "packages/apps/web/api/.env", "dist/.env", "build/server/.env", "config/secrets"].map((path) => `project/${path}`);
  for (const path of [...places, ".env", "shared/variables"]) wall.put(path, text);
  symlinkSync("config/secrets", join(wall.project, ".env.test"));
  symlinkSync(join(wall.home, "shared/variables"), join(wall.project, "packages/.env"));
  wall.put("project/packages/large/.env", `${text}# ${"x".repeat(1024 * 1024)}\n`);
  // What is so short stands anywhere by chance.
  wall.vault(["secrets", "create", "SHORT_KEY", "--host", "api.example.com"], "enabled");
  wall.set("FEATURE", "enabled");
  wall.set("OTHER_KEY", OTHER);
  const { said } = await wall.run(`cat ${places.map((path) => `~/${path}`).join(" ")} ~/.env ~/shared/variables .env.test packages/.env packages/large/.env; echo "env $OTHER_KEY"; echo "feature $FEATURE"; echo looked`, ["-s", "API_KEY"]);
  expect(said).toContain("looked\n");
  expect(said.match(/^PORT=8080$/gm)).toHaveLength(10);
  expect(said).toContain("feature enabled\n");
  expect(said).toMatch(/^OTHER_0=\S{16,}$/m);
  expect([VALUE, ...SPELLINGS, ELSEWHERE, "MIIEvwIBADANBgkqhki"].filter((value) => said.includes(value))).toEqual([]);
  expect(readFileSync(join(wall.project, ".env"), "utf8")).toBe(text);
}, ["an ordinary user", "root"]);

story("those of a folder that was named as writable show none either", async (wall) => {
  const more = join(wall.home, "more");
  mkdirSync(join(more, "deep"), { recursive: true });
  writeFileSync(join(more, "deep", ".env"), `KEY=${VALUE}\n`, { mode: 0o644 });
  const { said } = await wall.run(`cat ${more}/deep/.env; echo looked`, ["--writable", more]);
  expect(said).toContain("looked\n");
  expect(said).not.toContain(VALUE);
  expect(said).toMatch(/^KEY=\S{16,}$/m);
});

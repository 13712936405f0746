// A vault in a file costs none of the engines: what is large of them is a file of its own, that nothing has loaded before a vault is on PostgreSQL.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const DIST = fileURLToPath(new URL("../../dist", import.meta.url));

test("the agent, which is a module, finds the driver in the same file", () => {
  expect(readFileSync(`${DIST}/agent.js`, "utf8")).toContain('import("./pg.cjs")');
  const { stdout } = spawnSync(process.execPath, ["--input-type=module", "-e", "const { default: driver } = await import(process.argv[1]); console.log(typeof driver.Client);", `${DIST}/pg.cjs`], { encoding: "utf8" });
  expect(stdout).toBe("function\n");
});

test("the program loads no driver as it starts, and has one that works", () => {
  const script = 'const dist = process.argv[1]; require(dist + "/main.cjs"); const loaded = Object.keys(require.cache).map((path) => path.slice(dist.length)); console.log(JSON.stringify([loaded, typeof require(dist + "/pg.cjs").Client]));';
  const { stdout } = spawnSync(process.execPath, ["-e", script, DIST], { encoding: "utf8" });
  const [loaded, driver] = JSON.parse(stdout) as readonly [readonly string[], string];
  expect(loaded).toContain("/main.cjs");
  expect(loaded).not.toContain("/pg.cjs");
  expect(driver).toBe("function");
});

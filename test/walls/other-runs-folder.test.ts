// Another run of the same user goes on beside this one: its folder, the files that it has for its program, and the token of its proxy would be worth something here.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { says, story } from "../support/escape-stage.ts";

story("of other runs there is no folder", async (wall) => {
  const other = wall.start("echo up; sleep 60");
  await says(other, "up");
  const runs = join(wall.runtime, "vault", "runs");
  const [theirs = "none"] = readdirSync(runs);
  const { said } = await wall.run(`ls "${runs}"; ls -a "${runs}/${theirs}"; find ~/.. /run -name 'run-*' 2>/dev/null | grep -c "${theirs}"; echo looked`);
  other.kill("SIGTERM");
  expect(said).toContain("looked\n");
  expect(said.split("\n").filter((line) => line.includes(theirs) && !line.includes("No such file"))).toEqual([]);
  expect(said).toMatch(/^0$/m);
});

// Between the moment at which the wall is built and the next, the program changes what it was built of: the home is renamed, the project is moved, the run's folder is linked. And a file that appears outside later is a new secret.
import { mkdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { says, story } from "../support/escape-stage.ts";

story("what comes into being outside is not seen inside", async (wall) => {
  const run = wall.start("echo up; read line; cat ~/later ~/.netrc ~/.ssh/id_rsa ~/new/login; ls -a ~ | grep -c later; echo looked");
  await says(run, "up");
  wall.put("later", "a login of later\n");
  wall.put(".netrc", "a login of later\n");
  wall.put(".ssh/id_rsa", "a login of later\n");
  mkdirSync(join(wall.home, "half"));
  wall.put("half/login", "a login of later\n");
  renameSync(join(wall.home, "half"), join(wall.home, "new"));
  const looked = says(run, "looked");
  run.stdin?.end("go\n");
  const said = await looked;
  expect(said).toMatch(/^0\nlooked$/m);
  expect(said).not.toContain("a login of later");
});

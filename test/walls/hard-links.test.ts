// A hard link is another name of the same file: made from a file that can only be read into the project, it could be written there; and the key may have one since long ago.
import { linkSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { story } from "../support/escape-stage.ts";

story("no hard link is made out of what is read-only", async (wall) => {
  wall.put(".bashrc", "as it was\n");
  wall.outside(["sh", "-c", "mkdir -p .git/hooks && echo '#!/bin/sh' >.git/hooks/pre-commit"]);
  const { said } = await wall.run("ln ~/.bashrc rc && echo linked; ln .git/hooks/pre-commit hook && echo linked; ln /etc/passwd passwd && echo linked; echo evil >>rc; echo evil >>hook; echo tried");
  expect(said).toContain("tried\n");
  expect(said).not.toMatch(/^linked$/m);
  expect(readFileSync(join(wall.home, ".bashrc"), "utf8")).toBe("as it was\n");
  expect(readFileSync(join(wall.project, ".git/hooks/pre-commit"), "utf8")).toBe("#!/bin/sh\n");
}, ["an ordinary user", "root"]);

story("a key that has a second name is shown under none of them, or nothing is started", async (wall) => {
  const key = join(wall.home, ".config/vault/keys/kek.key");
  linkSync(key, join(wall.project, "kept.key"));
  const text = readFileSync(key, "utf8").trim().slice(-24);
  const { said } = await wall.run("cat kept.key; echo started");
  expect(said).not.toContain(text);
}, ["an ordinary user"], true, true);

// The program looks for the file with the master key: where it is by default, by every other name that a search of the whole system finds, and by its bytes. Without the wall, one `cat` is all that it takes.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { story } from "../support/escape-stage.ts";

story("the master key is nowhere", async (wall) => {
  const key = join(wall.home, ".config/vault/keys/kek.key");
  const text = readFileSync(key, "utf8").trim().slice(-24);
  const look = `cat "${key}" ~/.config/vault/keys/*; find ~/.. /etc /run /root /var/lib -name kek.key 2>/dev/null; grep -rsl -- "$(printf %s '${text.slice(0, 12)}')${text.slice(12)}" ~ "$XDG_RUNTIME_DIR" /run 2>/dev/null; echo looked`;
  expect((await wall.openly(look)).said).toContain(text);
  const { said } = await wall.run(look);
  expect(said).toContain("looked\n");
  expect(said).not.toContain(text);
  expect(said.split("\n").filter((line) => line.endsWith("kek.key"))).toEqual([]);
}, ["an ordinary user", "root"], true, true);

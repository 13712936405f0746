// Links in the project lead out of it: the program writes through those that are there, makes new ones, and puts one in the place of a file that something outside will write to or read.
import { existsSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { story } from "../support/escape-stage.ts";

story("a link leads no further than the program itself comes", async (wall) => {
  wall.put(".bashrc", "as it was\n");
  wall.put("notes/today", "as it was\n");
  symlinkSync("../.bashrc", join(wall.project, "rc"));
  symlinkSync("../notes", join(wall.project, "notes"));
  symlinkSync("../.config/vault/keys/kek.key", join(wall.project, "key"));
  const { said } = await wall.run("echo evil >>rc; echo evil >>notes/today; echo evil >notes/new; cat key; ln -s ~/.config/vault all; ls all/ all/keys; ln -s /proc/1/root up; cat up/..//etc/hostname >/dev/null; cat up$HOME/.config/vault/keys/kek.key; echo tried");
  expect(said).toContain("tried\n");
  expect(said).not.toMatch(/^[A-Za-z0-9+/=]{43,}$/m);
  for (const file of [".bashrc", "notes/today"]) expect(readFileSync(join(wall.home, file), "utf8")).toBe("as it was\n");
  expect(existsSync(join(wall.home, "notes/new"))).toBe(false);
}, ["an ordinary user", "root"]);

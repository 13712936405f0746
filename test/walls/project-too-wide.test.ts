// The run is started in the home folder, or at the root of everything: a project that has all in it would make all of it writable.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { listen, story } from "../support/escape-stage.ts";

story("in the home folder and above it, nothing is writable", async (wall) => {
  for (const folder of [wall.home, "/", join(wall.home, "..")]) {
    const { said } = await listen(wall.start("echo evil >evil-file || echo refused; echo evil >>~/.profile; cat ~/.config/vault/keys/kek.key; echo tried", [], folder));
    expect(said).toContain("tried\n");
    expect(said).not.toMatch(/^[A-Za-z0-9+/=]{43,}$/m);
    expect([folder, existsSync(join(folder, "evil-file"))]).toEqual([folder, false]);
  }
  expect(existsSync(join(wall.home, ".profile"))).toBe(false);
});

// Every process has a root and a working folder that /proc leads to, and so does every open file: one that came from before the walls would be a way through them.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { story } from "../support/escape-stage.ts";

story("by no process's root, folder or file is there a way around the mounts", async (wall) => {
  const key = join(wall.home, ".config/vault/keys/kek.key");
  const text = readFileSync(key, "utf8").trim().slice(-24);
  const { said } = await wall.run(`for way in /proc/[0-9]*/root /proc/[0-9]*/cwd /proc/[0-9]*/task/*/root /proc/[0-9]*/fd/* /dev/fd/*; do cat "$way${key}" "$way/../../../../../..${key}" "$way/oldroot${key}" "$way/newroot${key}"; done 2>/dev/null; cat /oldroot${key} /newroot${key} /.oldroot${key} 2>/dev/null; echo tried`);
  expect(said).toContain("tried\n");
  expect(said).not.toContain(text);
}, ["an ordinary user", "root"]);

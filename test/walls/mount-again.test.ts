// What hides the key are mounts. The program would take them off, lay others over them, make what is read-only writable, or look at the file system below.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { bareCall, hasPerl } from "../support/bare-call.ts";
import { story } from "../support/escape-stage.ts";

story("nothing is mounted, unmounted or remounted", async (wall) => {
  const key = join(wall.home, ".config/vault/keys/kek.key");
  const text = readFileSync(key, "utf8").trim().slice(-24);
  const at = `"${wall.home}"`.replaceAll("@", "\\@");
  const calls = [bareCall("mount", ['"none"', at, '"tmpfs"', 0, 0]), bareCall("mount", ['"/"', at, '""', 4096, 0]), bareCall("mount", ['""', '"/"', '""', 32 + 4096, 0]), bareCall("umount2", [`"${join(wall.home, ".config/vault")}"`, 2]), bareCall("umount2", ['"/tmp"', 2]), bareCall("open_tree", [-100, '"/"', 1]), bareCall("fsopen", ['"tmpfs"', 0]), bareCall("mount_setattr", [-100, '"/"', 0x8000, '"\\1\\0\\0\\0\\0\\0\\0\\0" x 4', 32]), bareCall("pivot_root", ['"/"', '"/"'])];
  const { said } = await wall.run(`${calls.join("; ")}; mount -o remount,rw / 2>/dev/null && echo "done"; umount -l ~ 2>/dev/null && echo "done"; cat "${key}"; echo tried`);
  expect(said.match(/^(?:mount|umount2|open_tree|fsopen|mount_setattr|pivot_root): E[A-Z]+$/gm)).toHaveLength(calls.length);
  expect(said).not.toMatch(/^done$/m);
  expect(said).not.toContain(text);
}, ["an ordinary user", "root"], hasPerl, true);

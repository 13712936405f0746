// open_by_handle_at opens a file by its number on the file system, whatever is mounted over its path: the way out of containers since 2014.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { bareCall, hasPerl } from "../support/bare-call.ts";
import { story } from "../support/escape-stage.ts";

story("no file is opened by its number", async (wall) => {
  const text = readFileSync(join(wall.home, ".config/vault/keys/kek.key"), "utf8").trim().slice(-24);
  const open = (flags: number): string => bareCall("open_by_handle_at", ["fileno(D)", "$handle", flags], { before: 'opendir(X, "/"); open(D, "<", "/"); my $handle = pack("LlL2", 8, 1, 2, 0);' });
  const { said } = await wall.run(`${open(0)}; ${open(0x1_0000)}; unshare -Ur sh -c '${open(0).replaceAll("'", `'\\''`)}' 2>/dev/null; echo tried`);
  expect(said.match(/^open_by_handle_at: .*$/gm)?.filter((line) => !/: (?:EPERM|ENOSYS|ESTALE|EOPNOTSUPP|EACCES)$/.test(line))).toEqual([]);
  expect(said).toMatch(/^open_by_handle_at: EPERM$/m);
  expect(said).not.toContain(text);
}, ["an ordinary user", "root"], hasPerl);

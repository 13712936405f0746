import { execFileSync } from "node:child_process";
import { symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readBounded } from "../../src/disk/bounded-file.ts";
import { makeFolder } from "../support/temporary.ts";

test("a regular file is read, also through a link", () => {
  const folder = makeFolder();
  writeFileSync(join(folder, "file"), "bytes");
  symlinkSync(join(folder, "file"), join(folder, "link"));
  for (const name of ["file", "link"]) expect(readBounded(join(folder, name), 5)).toEqual({ kind: "read", bytes: new Uint8Array(Buffer.from("bytes")) });
  expect(readBounded(join(folder, "file"), 4)).toEqual({ kind: "unreadable", why: "is larger than 4 bytes" });
  expect(readBounded(join(folder, "none"), 4)).toEqual({ kind: "unreadable", why: "cannot be read (ENOENT)" });
});

test.skipIf(process.platform === "win32")("devices, pipes and folders are not opened", () => {
  const folder = makeFolder();
  execFileSync("mkfifo", [join(folder, "pipe")]);
  symlinkSync("/dev/zero", join(folder, "link"));
  for (const path of ["/dev/zero", join(folder, "link"), join(folder, "pipe"), folder]) expect(readBounded(path, 10)).toEqual({ kind: "unreadable", why: "is no regular file" });
});

test("a file that says it is short is read no further than that", () => {
  const folder = makeFolder();
  writeFileSync(join(folder, "file"), "");
  truncateSync(join(folder, "file"), 1024);
  expect(readBounded(join(folder, "file"), 1024)).toMatchObject({ bytes: new Uint8Array(1024) });
});

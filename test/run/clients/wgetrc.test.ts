import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { writeWgetrc } from "../../../src/run/clients/wgetrc.ts";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "wgetrc-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

test("the file that was in force, and the run's roots behind it", () => {
  const given = join(folder, "given");
  writeFileSync(given, "tries = 3");
  const path = writeWgetrc(folder, "/a b/ca.pem", { SYSTEM_WGETRC: given });
  expect(readFileSync(path, "utf8")).toBe("tries = 3\nca_certificate = /a b/ca.pem\n");
  if (process.platform !== "win32") expect(statSync(path).mode & 0o777).toBe(0o600);
});

test("the roots alone where there was none", () => {
  expect(readFileSync(writeWgetrc(folder, "/ca.pem", { SYSTEM_WGETRC: join(folder, "missing") }), "utf8")).toBe("\nca_certificate = /ca.pem\n");
});

test("a device, a pipe or a file without an end is none", () => {
  const long = join(folder, "long");
  writeFileSync(long, "");
  truncateSync(long, 1024 * 1024);
  for (const [index, given] of ["/dev/zero", long, folder].entries()) {
    const own = join(folder, `run-${index}`);
    mkdirSync(own);
    expect(readFileSync(writeWgetrc(own, "/ca.pem", { SYSTEM_WGETRC: given }), "utf8")).toBe("\nca_certificate = /ca.pem\n");
  }
});

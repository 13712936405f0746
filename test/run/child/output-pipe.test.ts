import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { findOutputPipe } from "../../../src/run/child/output-pipe.ts";

function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "pipe-"));
  onTestFinished(() => { rmSync(folder, { recursive: true }); });
  return folder;
}

test.skipIf(process.platform === "win32")("a pipe passes bytes on, ends when it was handed over, and leaves no name behind", async () => {
  const folder = makeFolder();
  const pipe = findOutputPipe(folder, "output-1");
  expect(readdirSync(folder)).toEqual([]);
  pipe?.writeEnd.write("through");
  const reader = pipe?.openReader();
  const chunks: unknown[] = [];
  reader?.on("data", (chunk) => { chunks.push(String(chunk)); });
  await expect.poll(() => chunks.join("")).toBe("through");
  const ended = new Promise((resolve) => reader?.once("end", resolve));
  pipe?.handOver();
  await ended;
});

test("there is none where the system has no mkfifo", () => {
  const path = process.env["PATH"];
  onTestFinished(() => { process.env["PATH"] = path; });
  process.env["PATH"] = makeFolder();
  expect(findOutputPipe(makeFolder(), "output-1")).toBeUndefined();
});

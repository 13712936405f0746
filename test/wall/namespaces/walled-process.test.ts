// A space's first process may have ended long before anybody takes note of it: whose child it was has ended too, and some containers' first process waits for nobody.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { Writable } from "node:stream";
import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { findWalledProcess, waitUntilBound } from "../../../src/wall/namespaces/walled-process.ts";

async function leaveZombie(): Promise<number> {
  const parent = spawn("sh", ["-c", "cat <&3 & echo $!; exec sleep 600"], { stdio: ["ignore", "pipe", "ignore", "pipe"] });
  onTestFinished(() => { parent.kill("SIGKILL"); });
  const { stdout, stdio: [, , , end] } = parent;
  if (stdout === null || !(end instanceof Writable)) throw new Error("sh has no pipes");
  const [line] = (await once(stdout.setEncoding("utf8"), "data")) as [string];
  const pid = Number(line);
  // A shell takes note of its children; sleep has none that it knows of. Only then may the child end.
  await expect.poll(() => readFileSync(`/proc/${parent.pid ?? 0}/cmdline`, "latin1"), { timeout: 60_000 }).toMatch(/^sleep\0/);
  end.end();
  await expect.poll(() => readFileSync(`/proc/${pid}/stat`, "latin1"), { timeout: 60_000 }).toMatch(/\) Z /);
  return pid;
}

test.skipIf(process.platform !== "linux")("nobody waits for one that has ended, and that nobody has taken note of (Linux)", async () => {
  const zombie = await leaveZombie();
  for (const wait of [findWalledProcess, waitUntilBound]) {
    const first = await Promise.race([wait(zombie).then((pid) => ({ kind: "told", pid })), nextTurn({ kind: "waits" })]);
    expect(first).toEqual({ kind: "told", pid: undefined });
  }
});

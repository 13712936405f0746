// vault is killed while it starts a program: between any two of its steps, also when the last one is just made and nothing binds the program to vault's life yet.
import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { can } from "../support/machine.ts";
import { makeOutsideFolder } from "../support/outside-folder.ts";

describe.skipIf(!can.wall)("vault is killed (needs bubblewrap)", () => {
  let folder: string;
  let steps: string;
  beforeAll(async () => {
    folder = makeOutsideFolder();
    steps = join(folder, "wall-steps.mjs");
    await build({
      entryPoints: [fileURLToPath(new URL("../support/wall-steps.ts", import.meta.url))], outfile: steps, bundle: true, platform: "node", format: "esm",
      banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' },
    });
  });
  afterAll(() => { rmSync(folder, { recursive: true, force: true }); });

  test.each([
    ["when the outer namespace is there, and nothing is said of the program", "opened", "transparent"],
    ["when all mounts stand, before it was looked at", "mounted", "transparent"],
    ["when it has just let the program start, which is not bound to its life yet", "said", "transparent"],
    ["when the program runs", "ran", "transparent"],
    ["in relay mode, when nothing is said of the program", "opened", "relay"],
    ["in relay mode, when all mounts stand", "mounted", "relay"],
    ["in relay mode, when the first process is not bound to its life yet", "said", "relay"],
    ["in relay mode, when it has its listener, and the program waits for its word", "listening", "relay"],
    ["in relay mode, when the program runs", "ran", "relay"],
  ])("%s: nothing goes on", async (_when, step, mode) => {
    const place = join(folder, `${mode}-${step}`);
    mkdirSync(place);
    const vault = spawn(process.execPath, [steps, step, place, mode], { stdio: ["ignore", "pipe", "inherit"], detached: true });
    onTestFinished(() => { for (const pid of listGroup(vault.pid ?? 0)) process.kill(pid, "SIGKILL"); });
    await reach(vault, step);
    if (step === "ran") await expect.poll(() => existsSync(join(place, "ran"))).toBe(true);
    vault.kill("SIGKILL");
    await once(vault, "exit");
    await expect.poll(() => listGroup(vault.pid ?? 0)).toEqual([]);
    expect(existsSync(join(place, "ran"))).toBe(step === "ran");
  });
});

function reach(vault: ChildProcess, step: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = "";
    vault.stdout?.on("data", (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes(`at ${step}\n`)) resolve();
    });
    vault.once("exit", () => { reject(new Error(`it ended before "${step}"`)); });
  });
}

/** All that it has started are in its group, whoever their parent is by now. */
function listGroup(group: number): number[] {
  return readdirSync("/proc").filter((name) => /^[0-9]+$/.test(name)).map(Number).filter((pid) => {
    try {
      const [state, , found] = readFileSync(`/proc/${pid}/stat`, "latin1").replace(/^.*\) /s, "").split(" ");
      return Number(found) === group && state !== "Z";
    } catch {
      return false;
    }
  });
}

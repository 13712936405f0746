// A command that goes on until it is stopped, as the processes of a terminal and of timeout(1) stop it.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { NODE, RUN_JS } from "../support/program.ts";
import { makeFolder } from "../support/temporary.ts";

describe.skipIf(process.platform === "win32")("a command that follows", () => {
  test.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)("ends with 0 on %s, though it is sent twice", async (signal) => {
    const folder = makeFolder();
    const env = { PATH: process.env["PATH"], HOME: folder, VAULT_DIR: join(folder, "vault") };
    expect(spawnSync(NODE, [RUN_JS, "init", "--provider", "file"], { env }).status).toBe(0);
    const child = spawn(NODE, [RUN_JS, "audit", "--follow"], { env, stdio: ["ignore", "pipe", "inherit"] });
    const ended = once(child, "close");
    await once(child.stdout, "data");
    child.kill(signal);
    setImmediate(() => child.kill(signal));
    const [status] = (await ended) as [number | null];
    expect(status).toBe(0);
  });
});

// A vault on a store is locked at once, whatever has become of the store: built program, real agent, real server behind a relay.
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { isPidTaken } from "../../../src/disk/process-identity.ts";
import { openCuttingRelay } from "../../support/cutting-relay.ts";
import { describeEngines } from "../../support/engine-places.ts";
import { NODE, RUN_JS } from "../../support/program.ts";
import { makeFolder } from "../../support/temporary.ts";

describeEngines("vault lock", (stage) => {
  test("takes the key from the agent although the store does not answer, and says so with status 14", async () => {
    const relay = await openCuttingRelay(stage().port);
    onTestFinished(() => relay.close());
    const { url, environment } = stage().place(relay.port);
    const folder = makeFolder();
    const variables = { PATH: process.env["PATH"] ?? "", HOME: folder, TMPDIR: folder, VAULT_DIR: join(folder, "vault"), ...environment };
    mkdirSync(variables.VAULT_DIR, { mode: 0o700 });
    writeFileSync(join(variables.VAULT_DIR, "store.json"), `${JSON.stringify({ store: url, password: "variable" })}\n`, { mode: 0o600 });
    // In a process of its own: the relay is in this one.
    const vault = (...args: string[]): Promise<{ readonly status: number | null; readonly text: string }> => {
      const child = spawn(NODE, [RUN_JS, ...args], { env: variables });
      let text = "";
      for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
      return new Promise((resolve) => child.on("close", (status) => { resolve({ status, text }); }));
    };
    expect(await vault("init", "--provider", "file")).toMatchObject({ status: 0 });
    expect(await vault("unlock")).toMatchObject({ status: 0 });
    const status = JSON.parse((await vault("status", "--json")).text) as { readonly source: { readonly kind: string; readonly pid: number } };
    expect(status.source.kind).toBe("agent");
    onTestFinished(() => { spawnSync("kill", ["-KILL", String(status.source.pid)]); });
    relay.set("silent");
    expect(await vault("lock")).toMatchObject({ status: 14, text: expect.stringMatching(/the store did not answer within 5 seconds: the key is forgotten/) as string });
    expect(isPidTaken(status.source.pid)).toBe(false);
    relay.set("pass");
    expect((await vault("status")).text).toMatch(/key file/);
  });
}, ["redis"]);

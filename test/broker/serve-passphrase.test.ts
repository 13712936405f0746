// A broker whose vault is opened by a passphrase: it is asked for once, at the start, and by nobody far away.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { NODE, RUN_JS } from "../support/program.ts";
import { makeFolder } from "../support/temporary.ts";
import { hasTerminals, openTerminal } from "../support/terminal.ts";

const PASSPHRASE = "a passphrase of this very test";

describe.skipIf(!hasTerminals)("vault serve at a terminal (needs Python's pty)", () => {
  it("asks for the passphrase once, serves, and is not ready when the vault is locked", async () => {
    const folder = makeFolder();
    const env = { PATH: process.env["PATH"] ?? "", HOME: folder, TMPDIR: folder, VAULT_DIR: join(folder, "vault") };
    const vault = (args: readonly string[], more: Readonly<Record<string, string>> = {}) => spawnSync(NODE, [RUN_JS, ...args], { env: { ...env, ...more }, encoding: "utf8" });
    expect(vault(["init", "--provider", "passphrase", "--kdf", "low"], { VAULT_PASSPHRASE: PASSPHRASE }).status).toBe(0);
    const terminal = openTerminal(["env", "-i", ...Object.entries(env).map(([name, value]) => `${name}=${value}`), NODE, RUN_JS, "serve", "--listen", "127.0.0.1:0"]);
    try {
      await terminal.shows("assphrase");
      terminal.type(`${PASSPHRASE}\r`);
      await terminal.shows("serving at ");
      await terminal.shows("\n", terminal.shown().indexOf("serving at "));
      expect(terminal.shown().match(/✔ Passphrase/g)).toHaveLength(1);
      const url = /serving at (http:\S+)/.exec(terminal.shown())?.[1] ?? "";
      const ready = async (): Promise<number> => (await fetch(`${url}/ready`)).status;
      expect(await ready()).toBe(200);
      expect(vault(["lock"]).status).toBe(0);
      await expect.poll(ready).toBe(503);
      expect(vault(["unlock"], { VAULT_PASSPHRASE: PASSPHRASE }).status).toBe(0);
      await expect.poll(ready).toBe(200);
    } finally {
      terminal.kill("SIGTERM");
      vault(["lock"]);
      terminal.close();
    }
  });
});

// What a core dump of the processes that are left alive would hold, looked at where the system lets us: /proc/<pid>/mem.
import { spawn, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { once } from "node:events";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { findPaths } from "../../src/paths.ts";
import { Secret } from "../../src/secret.ts";
import { readVault } from "../../src/store/vault-store.ts";
import { deriveFromKek } from "../../src/vault/derive.ts";
import { deriveKek } from "../../src/vault/kdf.ts";
import { openVaultKeys } from "../../src/vault/envelope.ts";
import { parseKek } from "../../src/vault/key-bytes.ts";
import { holdKek } from "../../src/vault/local-holder.ts";
import { canReadMemory, memoryHolds } from "../support/process-memory.ts";
import { childrenOf, isAlive, waitFor } from "../support/process-tree.ts";
import { NODE, RUN_JS } from "../support/program.ts";
import { makeFolder } from "../support/temporary.ts";

const PASSPHRASE = "a passphrase of this very test";

describe.skipIf(!canReadMemory())("memory (needs root on Linux)", () => {
  for (const end of ["lock", "SIGTERM", "ttl"] as const) {
    it(`after ${end}, no process that is left holds the KEK or the passphrase, a running vault run included`, async () => {
      const folder = makeFolder();
      const variables = { VAULT_DIR: join(folder, "vault") };
      const env = { PATH: process.env["PATH"], HOME: folder, ...variables };
      const vault = (line: string, extra: NodeJS.ProcessEnv = {}, input = ""): string => {
        const { status, stdout, stderr } = spawnSync(NODE, [RUN_JS, ...line.split(" ")], { env: { ...env, ...extra }, input, encoding: "utf8" });
        if (status !== 0) throw new Error(`${line}: ${stderr}`);
        return stdout;
      };
      vault("init --provider passphrase --kdf low", { VAULT_PASSPHRASE: PASSPHRASE });
      vault(`unlock${end === "ttl" ? " --ttl 4s" : ""}`, { VAULT_PASSPHRASE: PASSPHRASE });
      vault("secrets create A --host a.example", {}, "value");
      const { pid: agent } = (JSON.parse(vault("status --json")) as { source: { pid: number } }).source;
      const run = spawn(NODE, [RUN_JS, "run", "--", "sleep", "60"], { env, stdio: "ignore" });
      const ended = new Promise((resolve) => run.on("close", resolve));
      try {
        await waitFor(() => childrenOf(run.pid ?? 0).length > 0);
        const file = await readVault(findPaths({ variables, home: folder, temporary: folder, cwd: folder, platform: process.platform, uid: 0 }));
        if (file?.contents.slot.locator.provider !== "passphrase") throw new Error("no vault");
        const kek = Buffer.from(await deriveKek(Secret.fromText(PASSPHRASE), file.contents.slot.locator.kdf));
        const needles = [kek, Buffer.from(PASSPHRASE), Buffer.from(kek.toString("base64"))];
        // The looking itself works: the agent, or what it derived, is found while it lives.
        expect(memoryHolds(process.pid, needles)).toBe(true);
        if (end === "lock") vault("lock");
        if (end === "SIGTERM") process.kill(agent, "SIGTERM");
        await waitFor(() => !isAlive(agent));
        expect(memoryHolds(run.pid ?? 0, needles)).toBe(false);
        for (const child of childrenOf(run.pid ?? 0)) expect(memoryHolds(child, needles)).toBe(false);
      } finally {
        run.kill("SIGKILL");
        for (const child of childrenOf(run.pid ?? 0)) process.kill(child, "SIGKILL");
        await ended;
      }
    }, 60_000);
  }

  it("a run whose key is in a file has forgotten it, and what it derived, while its child runs (needs curl)", async () => {
    const folder = makeFolder();
    const env = { PATH: process.env["PATH"], HOME: folder, VAULT_DIR: join(folder, "vault") };
    for (const [line, input] of [["init --provider file", ""], ["secrets create A --host a.example", "value"]] as const) {
      expect(spawnSync(NODE, [RUN_JS, ...line.split(" ")], { env, input })).toMatchObject({ status: 0 });
    }
    const text = readFileSync(join(env.VAULT_DIR, "kek.key"), "latin1").trim();
    const kek = parseKek(new Uint8Array(Buffer.from(text, "base64")));
    const file = await readVault(findPaths({ variables: env, home: folder, temporary: folder, cwd: folder, platform: process.platform, uid: 0 }));
    if (file === undefined) throw new Error("no vault");
    const { wrapKey, macKey } = deriveFromKek(kek, file.contents.id);
    const { audit, placeholder } = await openVaultKeys(holdKek(kek, file.contents.id), file.contents);
    // Nobody is at that host: what goes there has been asked for before that shows.
    const run = spawn(NODE, [RUN_JS, "run", "--", "sh", "-c", 'while read line; do curl -s -m 5 -H "X-Api-Key: $A" https://a.example/; echo asked; done'], { env, stdio: ["pipe", "pipe", "ignore"] });
    const ended = new Promise((resolve) => run.on("close", resolve));
    const requireForgotten = (when: string): void => {
      for (const [name, key] of Object.entries({ kek, wrapKey, macKey, audit, placeholder })) expect(memoryHolds(run.pid ?? 0, [Buffer.from(key)]), `${name} ${when}`).toBe(false);
      expect(memoryHolds(run.pid ?? 0, [Buffer.from(text)]), `the key file's text ${when}`).toBe(false);
    };
    try {
      await waitFor(() => childrenOf(run.pid ?? 0).length > 0);
      requireForgotten("at first");
      expect(spawnSync(NODE, [RUN_JS, "secrets", "rotate", "A"], { env, input: "a-value-that-is-not-the-first" })).toMatchObject({ status: 0 });
      await new Promise((resolve) => setTimeout(resolve, 150));
      run.stdin.write("\n");
      await once(run.stdout, "data");
      // It has opened the vault again.
      expect(memoryHolds(run.pid ?? 0, [Buffer.from("a-value-that-is-not-the-first")])).toBe(true);
      requireForgotten("when the vault was opened again");
    } finally {
      run.stdin.end();
      for (const child of childrenOf(run.pid ?? 0)) process.kill(child, "SIGKILL");
      await ended;
    }
  }, 60_000);
});

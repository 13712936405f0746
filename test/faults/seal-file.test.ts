import { chmodSync, cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { can } from "../support/machine.ts";
import { NODE, RUN_JS } from "../support/program.ts";
import { copyVault } from "../support/store-copies.ts";
import { distinctMoments, faultAt, listMoments, runWithFault } from "../support/system-calls.ts";
import { makeFolder } from "../support/temporary.ts";
import { closeTestStore, freshPlace, initOptions, openTestStore, storeVariables, TEST_STORE } from "../support/test-store.ts";

const PLAIN = '{ "a": "the first value", "b": "the second" }\n';

/** From each file as it was before, and whether the command needs it sealed. */
const CHANGES: Readonly<Record<string, { readonly args: readonly string[]; readonly isSealed: boolean }>> = {
  "seal": { args: ["seal", "--field", "a"], isSealed: false },
  "seal --rotate": { args: ["seal", "--rotate"], isSealed: true },
  "unseal --in-place": { args: ["unseal", "--in-place"], isSealed: true },
};
/** Failing disks as well in the soak, and every moment there. */
const IS_SOAK = process.env["VAULT_SOAK"] !== undefined;
const FAULTS = IS_SOAK ? ["SIGKILL", "ENOSPC", "EIO"] : ["SIGKILL"];

describe.skipIf(!can.strace)(`sealing under fault injection${TEST_STORE === undefined ? "" : ` on ${TEST_STORE}`} (needs strace)`, () => {
  let parent = "";
  const environment = (folder: string): NodeJS.ProcessEnv => ({ PATH: process.env["PATH"], HOME: folder, VAULT_DIR: join(folder, "vault"), ...storeVariables() });
  const vault = (folder: string, args: readonly string[]) => spawnSync(NODE, [RUN_JS, ...args], { env: environment(folder), encoding: "utf8" });

  beforeAll(async () => {
    await openTestStore();
    parent = mkdtempSync(join(tmpdir(), "vault-test-"));
    vault(parent, ["init", "--provider", "file", ...initOptions(freshPlace())]);
    for (const name of ["plain.json", "sealed.json"]) writeFileSync(join(parent, name), PLAIN);
    expect(vault(parent, ["seal", join(parent, "sealed.json"), "--field", "a"]).status).toBe(0);
    chmodSync(join(parent, "plain.json"), 0o644);
  });
  afterAll(async () => {
    rmSync(parent, { recursive: true, force: true });
    await closeTestStore();
  });

  async function prepare(isSealed: boolean): Promise<{ folder: string; work: string; path: string }> {
    const folder = makeFolder();
    await copyVault(parent, folder, "vault");
    const work = makeFolder();
    const path = join(work, "config.json");
    cpSync(join(parent, isSealed ? "sealed.json" : "plain.json"), path);
    return { folder, work, path };
  }

  for (const [name, { args, isSealed }] of Object.entries(CHANGES)) {
    it.each(FAULTS)(`${name}: the old file or the new one, and it opens, at every %s`, async (fault) => {
      const traced = await prepare(isSealed);
      const moments = [
        ...listMoments([NODE, RUN_JS, ...args, traced.path], { env: environment(traced.folder), under: traced.work }),
        ...(IS_SOAK ? listMoments([NODE, RUN_JS, ...args, (await prepare(isSealed)).path], { env: environment(traced.folder), under: traced.folder }) : []),
      ];
      expect(moments.length).toBeGreaterThan(3);
      for (const moment of distinctMoments(moments, fault)) {
        const where = `${fault} at ${moment.call} ${moment.nth}`;
        const { folder, work, path } = await prepare(isSealed);
        const before = readFileSync(path, "utf8");
        const { output } = runWithFault([NODE, RUN_JS, ...args, path], moment, faultAt(moment, fault), { env: environment(folder) });
        expect(output, where).not.toContain("the first value");
        const now = readFileSync(path, "utf8");
        const isWhole = now === before || now === PLAIN || /^\{ "a": "enc:v2:[^"]+", "b": "the second" \}\n$/.test(now);
        expect(isWhole, `${where}: ${now}`).toBe(true);
        if (now !== PLAIN) expect(vault(folder, ["unseal", path]).stdout, where).toBe(PLAIN);
        // The same command again works, and leaves nothing of the first beside the file.
        const again = vault(folder, [...args, path]);
        expect(again.status, `${where}, then again: ${again.stderr}`).toBe(0);
        if (now !== readFileSync(path, "utf8")) expect(readdirSync(work), where).toEqual(["config.json"]);
      }
    }, 300_000);
  }
});

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeVault } from "../../src/app/keys/make-vault.ts";
import { rotateMaster } from "../../src/app/keys/rotate-master.ts";
import { createSecret } from "../../src/app/secrets/secrets.ts";
import type { Surroundings } from "../../src/app/surroundings.ts";
import { Secret } from "../../src/secret.ts";
import { readVault } from "../../src/store/vault-store.ts";
import { openSecrets } from "../../src/vault/envelope.ts";
import type { KdfParameters } from "../../src/vault/kdf.ts";
import { deriveKek } from "../../src/vault/kdf.ts";
import type { Kek } from "../../src/vault/key-bytes.ts";
import { parseKek } from "../../src/vault/key-bytes.ts";
import { holdKek } from "../../src/vault/local-holder.ts";
import { verifyVaultFile } from "../../src/vault/vault-file.ts";
import { can } from "../support/machine.ts";
import { NODE, RUN_JS } from "../support/program.ts";
import { closeEngine, copyVault, nameTestStore } from "../support/store-copies.ts";
import { distinctMoments, faultAt, listMoments, runWithFault } from "../support/system-calls.ts";
import { makeFolder } from "../support/temporary.ts";
import { closeTestStore, openTestStore, storeVariables, TEST_STORE, testPaths } from "../support/test-store.ts";

const COST = { memoryKib: 19 * 1024, passes: 2 };
const NAMES = ["A", "B", "C"];
/** SIGKILL at every second moment that leaves other files than the next one in every test run; each of them, each failing disk, and more moments of chance, in the soak. */
const IS_SOAK = process.env["VAULT_SOAK"] !== undefined;
const DISK_STRIDE = IS_SOAK ? 1 : TEST_STORE === undefined ? 2 : 4;
const CHANCE_STEP_MS = IS_SOAK ? 10 : 60;
/** On a store there are more moments, and each takes longer. */
const STRIDE = IS_SOAK ? 1 : TEST_STORE === undefined ? 2 : 4;

function surroundingsOf(folder: string, passphrase: string): Surroundings {
  return {
    paths: testPaths(folder),
    variables: {},
    now: () => new Date(),
    findPassphrase: () => Promise.resolve(Secret.fromText(passphrase)),
    hasGivenPassphrase: true,
    showWork: (_label, work) => work(),
    showProgress: () => undefined,
    warn: () => undefined,
  };
}

const derived = new Map<string, Uint8Array>();

/** Most copies have the salt that they came with. */
async function deriveOnce(passphrase: string, kdf: KdfParameters): Promise<Kek> {
  const key = JSON.stringify([passphrase, kdf.memoryKib, kdf.passes, [...kdf.salt]]);
  const known = derived.get(key) ?? Uint8Array.from(await deriveKek(Secret.fromText(passphrase), kdf));
  derived.set(key, known);
  return parseKek(Uint8Array.from(known));
}

/** Which of the passphrases open the vault, with every secret in it. */
async function whoOpens(folder: string, passphrases: readonly string[]): Promise<string[]> {
  const opening: string[] = [];
  const { paths } = surroundingsOf(folder, "");
  const file = await readVault(paths);
  await closeEngine(paths);
  for (const passphrase of passphrases) {
    if (file?.contents.slot.locator.provider !== "passphrase") throw new Error("no vault with a passphrase");
    const holder = holdKek(await deriveOnce(passphrase, file.contents.slot.locator.kdf), file.contents.id);
    try {
      await verifyVaultFile(file, holder);
    } catch {
      continue;
    }
    const values = await openSecrets(holder, file.contents.id, file.contents.secrets);
    const found = file.contents.secrets.map(({ name }, index) => [name, Buffer.from(values[index]?.reveal() ?? []).toString()]);
    expect(Object.fromEntries(found)).toEqual(Object.fromEntries(NAMES.map((name) => [name, `value of ${name}`])));
    opening.push(passphrase);
  }
  return opening;
}

async function killAfter([program = "", ...args]: readonly string[], env: NodeJS.ProcessEnv, delayMs: number): Promise<void> {
  const child = spawn(program, args, { env, stdio: "ignore" });
  const ended = new Promise((resolve) => child.on("close", resolve));
  await sleep(delayMs);
  child.kill("SIGKILL");
  await ended;
}

describe.skipIf(!can.strace)(`rotate-master under fault injection${TEST_STORE === undefined ? "" : ` on ${TEST_STORE}`} (needs strace)`, () => {
  let parent = "";
  let original = "";
  afterAll(async () => {
    rmSync(parent, { recursive: true, force: true });
    await closeTestStore();
  });
  beforeAll(async () => {
    await openTestStore();
    parent = mkdtempSync(join(tmpdir(), "vault-test-"));
    original = join(parent, "vault");
    nameTestStore(original);
    const surroundings = surroundingsOf(original, "old");
    await makeVault(surroundings, { provider: "passphrase", ask: () => Promise.resolve(Secret.fromText("old")), cost: COST });
    for (const name of NAMES) {
      await createSecret(surroundings, { name, scope: { kind: "global" }, service: undefined, hosts: ["a.example:443"], places: ["header"], allowPrivate: false }, () => Promise.resolve(Secret.fromText(`value of ${name}`)));
    }
    await closeEngine(surroundings.paths);
  });

  const environment = (folder: string): NodeJS.ProcessEnv => ({ PATH: process.env["PATH"], HOME: folder, VAULT_DIR: folder, VAULT_PASSPHRASE: "old", VAULT_NEW_PASSPHRASE: "new", ...storeVariables() });
  const command = [NODE, RUN_JS, "rotate-master"];

  async function copy(): Promise<string> {
    const folder = join(makeFolder(), "vault");
    await copyVault(original, folder);
    return folder;
  }

  for (const fault of ["SIGKILL", "ENOSPC", "EIO"]) {
    it(`leaves exactly one of two passphrases in force at one ${fault} after another`, async () => {
      const traced = await copy();
      const moments = listMoments(command, { env: environment(traced), under: traced });
      expect(moments.length).toBeGreaterThan(fault === "SIGKILL" ? 20 : 10);
      for (const moment of distinctMoments(moments, fault).filter((_, index) => index % (fault === "SIGKILL" ? STRIDE : STRIDE * DISK_STRIDE) === 0)) {
        const folder = await copy();
        const { status } = runWithFault(command, moment, faultAt(moment, fault), { env: environment(folder) });
        const opening = await whoOpens(folder, ["old", "new"]);
        expect(opening, `${fault} at ${moment.call} ${moment.nth}`).toHaveLength(1);
        if (opening[0] === "old") expect(status, `${fault} at ${moment.call} ${moment.nth}`).not.toBe(0);
        // Running it again completes.
        if (opening[0] === "old") {
          const surroundings = surroundingsOf(folder, "old");
          await rotateMaster(surroundings, { provider: "passphrase", ask: () => Promise.resolve(Secret.fromText("new")), cost: undefined }, false);
          await closeEngine(surroundings.paths);
          expect(await whoOpens(folder, ["old", "new"])).toEqual(["new"]);
        }
      }
    }, 600_000);
  }

  it("leaves exactly one of two passphrases in force at other moments of a SIGKILL", async () => {
    for (let delayMs = 0; delayMs < 500; delayMs += CHANCE_STEP_MS) {
      const folder = await copy();
      await killAfter(command, environment(folder), delayMs);
      expect(await whoOpens(folder, ["old", "new"]), `killed after ${delayMs} ms`).toHaveLength(1);
    }
  }, 300_000);
});

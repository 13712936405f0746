// From one key provider to another, or to a new key of the same, killed on the way: one key opens everything, and running it again completes.
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readVault } from "../../src/store/vault-store.ts";
import type { SecretService } from "../support/keyring-daemon.ts";
import { hasSecretService, openSecretService } from "../support/keyring-daemon.ts";
import { can } from "../support/machine.ts";
import { NODE, RUN_JS } from "../support/program.ts";
import { closeEngine, copyVault } from "../support/store-copies.ts";
import type { Traced } from "../support/system-calls.ts";
import { distinctMoments, faultAt, listMoments, runWithFault } from "../support/system-calls.ts";
import { makeFolder } from "../support/temporary.ts";
import { closeTestStore, freshPlace, initOptions, openTestStore, storeVariables, TEST_STORE, testPaths } from "../support/test-store.ts";

const IS_SOAK = process.env["VAULT_SOAK"] !== undefined;
/** The soak takes every moment. With a keyring each takes a vault of its own, and some seconds. */
const STRIDE = IS_SOAK ? 1 : TEST_STORE === undefined ? 9 : 11;
const KEYRING_STRIDE = IS_SOAK ? 1 : 11;
const FAULTS = IS_SOAK ? ["SIGKILL", "ENOSPC", "EIO"] : ["SIGKILL"];
const ONE = randomBytes(32).toString("base64");
const TWO = randomBytes(32).toString("base64");

interface Rotation {
  readonly init: readonly string[];
  readonly rotate: readonly string[];
  /** What is in the environment besides: keys, of which the vault names one. */
  readonly variables: Readonly<Record<string, string>>;
}

const WITH_VARIABLES: Readonly<Record<string, Rotation>> = {
  "env to env": { init: ["--provider", "env", "--env-var", "ONE"], rotate: ["--new-provider", "env", "--env-var", "TWO"], variables: { ONE, TWO } },
  "env to file": { init: ["--provider", "env", "--env-var", "ONE"], rotate: ["--new-provider", "file"], variables: { ONE } },
  "file to env": { init: ["--provider", "file"], rotate: ["--new-provider", "env", "--env-var", "TWO"], variables: { TWO } },
  "file to file, and everything else": { init: ["--provider", "file"], rotate: ["--deep"], variables: {} },
  "file to passphrase": { init: ["--provider", "file"], rotate: ["--new-provider", "passphrase", "--kdf", "low"], variables: { VAULT_NEW_PASSPHRASE: "new", VAULT_PASSPHRASE: "new" } },
};

const WITH_KEYRING: Readonly<Record<string, Rotation>> = {
  "keyring to keyring": { init: ["--provider", "keyring"], rotate: [], variables: {} },
  "keyring to file": { init: ["--provider", "keyring"], rotate: ["--new-provider", "file"], variables: {} },
  "file to keyring": { init: ["--provider", "file"], rotate: ["--new-provider", "keyring"], variables: {} },
};

function environmentOf(folder: string, { variables }: Rotation, more: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  return { PATH: process.env["PATH"], HOME: folder, ...more, VAULT_DIR: folder, ...storeVariables(), ...variables };
}

function vault(args: readonly string[], env: NodeJS.ProcessEnv, input = ""): { readonly status: number | null; readonly said: string } {
  const { status, stdout, stderr } = spawnSync(NODE, [RUN_JS, ...args], { env, input, encoding: "utf8" });
  return { status, said: `${stdout}${stderr}` };
}

function makeVault(rotation: Rotation, env: NodeJS.ProcessEnv): void {
  expect(vault(["init", ...rotation.init, ...initOptions(freshPlace())], env)).toMatchObject({ status: 0 });
  expect(vault(["secrets", "create", "A", "--host", "a.example"], env, "value of A")).toMatchObject({ status: 0 });
}

/** Every secret opens; the command, when it is typed again, comes to its end; afterwards nothing is left to complain of. */
async function requireWhole(rotation: Rotation, folder: string, env: NodeJS.ProcessEnv, where: string, { status }: Traced): Promise<void> {
  expect(vault(["run", "--", "true"], env), where).toMatchObject({ status: 0 });
  const provider = await providerOf(folder);
  const again = vault(["rotate-master", ...rotation.rotate], env);
  // 2: the key is the new one already. 8: so is the file, or the entry.
  expect([0, 2, 8], `${where}, then again: ${again.said}`).toContain(again.status);
  if (again.status !== 0) expect(provider, where).toBe(rotation.rotate[1] ?? provider);
  // It opens every secret too.
  expect(vault(["doctor"], env), `${where}, then doctor`).toMatchObject({ status: 0 });
  if (status === 0) expect(provider, where).toBe(rotation.rotate[1] ?? provider);
}

async function providerOf(folder: string): Promise<string | undefined> {
  const paths = testPaths(folder);
  const file = await readVault(paths);
  await closeEngine(paths);
  return file?.contents.slot.locator.provider;
}

const ON = TEST_STORE === undefined ? "" : ` on ${TEST_STORE}`;
beforeAll(openTestStore);
afterAll(closeTestStore);

describe.skipIf(!can.strace)(`rotate-master between providers under fault injection${ON} (needs strace)`, () => {
  for (const [name, rotation] of Object.entries(WITH_VARIABLES)) {
    for (const fault of FAULTS) {
      it(`${name}: one key opens everything after ${fault}, at one call after another`, async () => {
        const original = join(makeFolder(), "vault");
        makeVault(rotation, environmentOf(original, rotation));
        const copy = async (): Promise<string> => {
          const folder = join(makeFolder(), "vault");
          await copyVault(original, folder);
          return folder;
        };
        const traced = await copy();
        const command = [NODE, RUN_JS, "rotate-master", ...rotation.rotate];
        const moments = listMoments(command, { env: environmentOf(traced, rotation), under: traced });
        expect(moments.length).toBeGreaterThan(10);
        for (const moment of distinctMoments(moments, fault).filter((_, index) => index % STRIDE === 0)) {
          const folder = await copy();
          const env = environmentOf(folder, rotation);
          await requireWhole(rotation, folder, env, `${fault} at ${moment.call} ${moment.nth}`, runWithFault(command, moment, faultAt(moment, fault), { env }));
        }
      }, 600_000);
    }
  }
});

describe.skipIf(!can.strace || !hasSecretService())(`rotate-master with a keyring under fault injection${ON} (needs strace, gnome-keyring, dbus and secret-tool)`, () => {
  let service: SecretService;
  beforeAll(async () => {
    service = await openSecretService();
  });
  afterAll(() => { service.close(); });

  for (const [name, rotation] of Object.entries(WITH_KEYRING)) {
    for (const fault of FAULTS) {
      it(`${name}: one key opens everything after ${fault}, at one call after another`, async () => {
        const command = [NODE, RUN_JS, "rotate-master", ...rotation.rotate];
        // An entry of the keyring cannot be copied as a folder can, so each moment has a vault of its own.
        const make = (): { readonly folder: string; readonly env: NodeJS.ProcessEnv } => {
          const folder = join(makeFolder(), "vault");
          const env = environmentOf(folder, rotation, service.variables);
          makeVault(rotation, env);
          return { folder, env };
        };
        const traced = make();
        const moments = listMoments(command, { env: traced.env, under: traced.folder });
        expect(moments.length).toBeGreaterThan(10);
        for (const moment of distinctMoments(moments, fault).filter((_, index) => index % KEYRING_STRIDE === 0)) {
          const { folder, env } = make();
          await requireWhole(rotation, folder, env, `${fault} at ${moment.call} ${moment.nth}`, runWithFault(command, moment, faultAt(moment, fault), { env }));
        }
      }, 600_000);
    }
  }
});

import { mkdirSync, utimesSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";
import { openVault } from "../../../src/app/keys/open-vault.ts";
import { tellReadableKey, whereKeyIsReadable } from "../../../src/app/runs/readable-key.ts";
import { makeVaultHome } from "../../support/home.ts";
import { makeFolder } from "../../support/temporary.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

it("is told of a key in a file once a day, by the mark's time", async () => {
  const { surroundings } = await makeVaultHome();
  const vault = await openVault(surroundings);
  vault.close();
  const at = (days: number): string | undefined => tellReadableKey(surroundings.paths, vault, new Date(Date.now() + days * DAY_MS));
  expect(at(0)).toMatch(/^a program that goes looking could read this vault's key \(it is in a file\); one behind the wall could not: vault run --sandbox\. /);
  expect([at(0), at(0.9)]).toEqual([undefined, undefined]);
  expect(at(1.1)).toBeDefined();
  // A clock that was put back hides nothing for years.
  const future = new Date(Date.now() + 300 * DAY_MS);
  utimesSync(surroundings.paths.toldMark, future, future);
  expect(at(0)).toBeDefined();
});

it("is told each time where no mark can be written", async () => {
  const { surroundings } = await makeVaultHome();
  const vault = await openVault(surroundings);
  vault.close();
  const paths = { toldMark: join(makeFolder(), "a", "told") };
  mkdirSync(dirname(dirname(paths.toldMark)), { recursive: true });
  expect(tellReadableKey(paths, vault, new Date())).toBeDefined();
  expect(tellReadableKey(paths, vault, new Date())).toBeDefined();
});

it("is so for all but a passphrase that no agent has made of use", async () => {
  const { surroundings } = await makeVaultHome();
  const vault = await openVault(surroundings);
  vault.close();
  const { file } = vault;
  const where = (locator: typeof file.contents.slot.locator, agent: unknown): string | undefined => whereKeyIsReadable({ file: { contents: { ...file.contents, slot: { ...file.contents.slot, locator } } }, agent });
  const kdf = { memoryKib: 65_536, passes: 2, salt: new Uint8Array(16) };
  expect(where({ provider: "passphrase", kdf }, undefined)).toBeUndefined();
  expect(where({ provider: "passphrase", kdf }, {})).toBe("the agent is unlocked");
  expect(where({ provider: "env", variable: "KEY" }, undefined)).toBe("it is in a variable");
  expect(where({ provider: "keyring", service: "s", account: "a", owned: true }, undefined)).toBe("the keyring is open");
});

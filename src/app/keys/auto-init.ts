// Makes the vault at its first use, with the strongest key source at hand. A run makes none: without its secrets it would be a mistake, and not a beginning. Nor is one made inside a run.
import { existsSync } from "node:fs";
import { listParts } from "../../audit/parts.ts";
import { acquireLock } from "../../disk/file-lock.ts";
import { VaultError } from "../../errors.ts";
import { DEFAULT_VARIABLE } from "../../keys/environment.ts";
import type { KeyringAnswer } from "../../keys/keyring.ts";
import { askKeyring, DEFAULT_SERVICE } from "../../keys/keyring.ts";
import { wipe } from "../../bytes.ts";
import { isRemembered, readVault } from "../../store/vault-store.ts";
import type { VaultFile } from "../../vault/vault-file.ts";
import type { KeyChoice } from "./make-vault.ts";
import { makeVault } from "./make-vault.ts";
import { isBehindWall, isInsideRun, missingVault } from "./inside-run.ts";
import { readKnownVault } from "./known-vault.ts";
import { healLostEntry } from "./self-heal.ts";
import type { Surroundings } from "../surroundings.ts";

/** What was found at the places where a key could be. */
export interface KeyFindings {
  readonly hasVariable: boolean;
  readonly keyring: KeyringAnswer["kind"];
  readonly hasKeyFile: boolean;
}

/**
 * The source for a new vault's key: stronger and more external ones first. What exists already is taken before anything new is made.
 * A keyring that is locked may hold the entry, so it is passed over for nothing that would make a second key.
 */
function chooseKeySource({ hasVariable, keyring, hasKeyFile }: KeyFindings): "variable" | "keyring" | "key-file" | "locked-keyring" {
  if (hasVariable) return "variable";
  if (keyring === "entry") return "keyring";
  if (hasKeyFile) return "key-file";
  if (keyring === "locked") return "locked-keyring";
  return keyring === "no-entry" ? "keyring" : "key-file";
}

/**
 * The vault, made now where there is none, or where an empty one has lost its keyring entry. Says on stderr what it chose. Of any number of processes that race here, one makes it and the others use it.
 *
 * @throws VaultError `no-vault` where none may be made, `key-unavailable` for a locked keyring; what reading and making say.
 */
export async function ensureVault(surroundings: Surroundings): Promise<VaultFile> {
  const there = await readKnownVault(surroundings);
  return there === undefined ? makeAtFirstUse(surroundings) : healLostEntry(surroundings, there);
}

/** The same for whoever only looks: an entry that was lost is left lost. @throws VaultError as `ensureVault`. */
export async function findOrMakeVault(surroundings: Surroundings): Promise<VaultFile> {
  return (await readKnownVault(surroundings)) ?? makeAtFirstUse(surroundings);
}

async function makeAtFirstUse(surroundings: Surroundings): Promise<VaultFile> {
  const justMade = await requireFirstUse(surroundings);
  if (justMade !== undefined) return justMade;
  const choice = await chooseKey(surroundings);
  try {
    const file = await makeVault(surroundings, choice);
    surroundings.warn(`there was no vault, so one was made at ${surroundings.paths.vaultFile}, with its key in ${describe(surroundings, choice)}; another one: vault rotate-master --new-provider passphrase, keyring, file or env`);
    return file;
  } catch (error) {
    const made = error instanceof VaultError && error.code === "already-exists" ? await readVault(surroundings.paths) : undefined;
    if (made === undefined) throw error;
    return made;
  }
}

/** @returns a vault that was made meanwhile. A vault that is gone is not made anew in passing: what was in it may be in a backup, and whoever finds an empty one looks for it no more. */
async function requireFirstUse(surroundings: Surroundings): Promise<VaultFile | undefined> {
  const { paths, makesVault } = surroundings;
  if (makesVault === false || isBehindWall()) throw missingVault(surroundings);
  // One that other machines reach is nobody's to make in passing.
  if (paths.engine !== undefined) throw new VaultError("no-vault", `there is no vault in the store ${(await paths.engine()).where}`, "to make one, with its address: vault init --store URL");
  if (isRemembered(paths) || listParts(paths.auditFolder).length > 0) {
    const justMade = await waitForMaker(surroundings);
    if (justMade !== undefined) return justMade;
    throw new VaultError("no-vault", `there is no vault at "${paths.vaultFile}", and there has been one`, "restore vault.json from a backup, or make a new one: vault init");
  }
  if (await isInsideRun(surroundings)) throw new VaultError("no-vault", `there is no vault at "${paths.vaultFile}", and none is made inside a run`, "a program in a run has its secrets from outside: ask the person who started it");
  return undefined;
}

/** The log of a vault that somebody is making just now is there before the vault is. */
async function waitForMaker(surroundings: Surroundings): Promise<VaultFile | undefined> {
  const { dataFolder, lockFile } = surroundings.paths;
  if (!existsSync(dataFolder)) return undefined;
  const lock = await acquireLock(lockFile);
  lock.release();
  return readKnownVault(surroundings);
}

/** What a vault gets when nobody says what it should. @throws VaultError `key-unavailable` for a locked keyring. */
export async function chooseKey(surroundings: Surroundings): Promise<KeyChoice> {
  const place = { service: DEFAULT_SERVICE, account: surroundings.paths.dataFolder };
  const keyring = await askKeyring(place);
  if (keyring.kind === "entry") wipe(keyring.kek);
  const findings = { hasVariable: (surroundings.variables[DEFAULT_VARIABLE] ?? "") !== "", keyring: keyring.kind, hasKeyFile: existsSync(surroundings.paths.keyFile) };
  switch (chooseKeySource(findings)) {
    case "variable":
      return { provider: "env", variable: DEFAULT_VARIABLE };
    case "keyring":
      return { provider: "keyring", service: place.service, account: place.account };
    case "key-file":
      return { provider: "file", path: surroundings.paths.keyFile };
    case "locked-keyring":
      throw new VaultError("key-unavailable", "the keyring is locked, and may hold this vault's key", "unlock it, or choose another place, file or passphrase: vault init --provider file");
  }
}

function describe(surroundings: Surroundings, choice: KeyChoice): string {
  switch (choice.provider) {
    case "env":
      return `the variable ${choice.variable}`;
    case "keyring":
      return `the keyring (${choice.service} / ${choice.account ?? surroundings.paths.dataFolder})`;
    case "file":
      return `the file ${choice.path ?? surroundings.paths.keyFile}`;
    case "passphrase":
      return "your head";
  }
}

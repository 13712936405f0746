// Makes the vault when the first secret is put into it, with the strongest key source at hand. Commands that only read, or run, make nothing: they say that there is no vault.
import { existsSync } from "node:fs";
import { VaultError } from "../../errors.ts";
import { DEFAULT_VARIABLE } from "../../keys/environment.ts";
import type { KeyringAnswer } from "../../keys/keyring.ts";
import { askKeyring, DEFAULT_SERVICE } from "../../keys/keyring.ts";
import { wipe } from "../../bytes.ts";
import { readVault } from "../../store/vault-store.ts";
import type { VaultFile } from "../../vault/vault-file.ts";
import type { KeyChoice } from "./make-vault.ts";
import { makeVault } from "./make-vault.ts";
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
export function chooseKeySource({ hasVariable, keyring, hasKeyFile }: KeyFindings): "variable" | "keyring" | "key-file" | "locked-keyring" {
  if (hasVariable) return "variable";
  if (keyring === "entry") return "keyring";
  if (hasKeyFile) return "key-file";
  if (keyring === "locked") return "locked-keyring";
  return keyring === "no-entry" ? "keyring" : "key-file";
}

/**
 * The vault, made now where there is none, or where an empty one has lost its keyring entry. Says on stderr what it chose. Of any number of processes that race here, one makes it and the others use it.
 *
 * @throws VaultError `key-unavailable` for a locked keyring; what reading and making say.
 */
export async function ensureVault(surroundings: Surroundings): Promise<VaultFile> {
  const there = await readVault(surroundings.paths);
  if (there !== undefined) return healLostEntry(surroundings, there);
  const choice = await chooseKey(surroundings);
  try {
    const file = await makeVault(surroundings, choice);
    surroundings.warn(`there was no vault, so one was made at ${surroundings.paths.vaultFile}, with its key in ${describe(surroundings, choice)}; vault init --provider … makes one of your choice`);
    return file;
  } catch (error) {
    const made = error instanceof VaultError && error.code === "already-exists" ? await readVault(surroundings.paths) : undefined;
    if (made === undefined) throw error;
    return made;
  }
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
      throw new VaultError("key-unavailable", "the keyring is locked, and may hold this vault's key", "unlock it, or choose: vault init --provider file, or passphrase");
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

import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { wipe } from "../../bytes.ts";
import { EMPTY_CHAIN } from "../../audit/entry.ts";
import { setLogAside } from "../../audit/log.ts";
import { stageVariable } from "../../keys/environment.ts";
import { adoptKeyFile, stageKeyFile } from "../../keys/key-file.ts";
import { adoptKeyringEntry, askKeyring, stageKeyringEntry } from "../../keys/keyring.ts";
import { stagePassphrase } from "../../keys/passphrase.ts";
import type { StagedKey } from "../../keys/provider.ts";
import { Secret } from "../../secret.ts";
import { createVault, requireNoVault } from "../../store/vault-store.ts";
import { makeVaultKey } from "../../vault/envelope.ts";
import type { KdfCost } from "../../vault/kdf.ts";
import type { Kek } from "../../vault/key-bytes.ts";
import { KEY_BYTES, parseKek } from "../../vault/key-bytes.ts";
import type { KeyHolder } from "../../vault/key-holder.ts";
import { holdKek } from "../../vault/local-holder.ts";
import type { VaultFile } from "../../vault/vault-file.ts";
import { VAULT_ID_BYTES } from "../../vault/vault-file.ts";
import { appendAudited } from "./change-vault.ts";
import { discardUnlessUsed } from "./staged-key.ts";
import type { Surroundings } from "../surroundings.ts";

/** The provider of a new vault's KEK, and what it needs. */
export type KeyChoice =
  | { readonly provider: "passphrase"; readonly ask: () => Promise<Secret>; readonly cost: KdfCost }
  | { readonly provider: "file"; readonly path: string | undefined }
  | { readonly provider: "env"; readonly variable: string }
  | { readonly provider: "keyring"; readonly service: string; readonly account: string | undefined };

/**
 * Makes the vault with exactly the provider chosen.
 *
 * @param lost a vault without secrets whose key is gone for good, which the new one replaces.
 * @throws VaultError `already-exists` with no byte changed, before a passphrase is asked for; `key-unavailable`, `wrong-key`, `audit-unwritable`, `io`.
 */
export async function makeVault(surroundings: Surroundings, choice: KeyChoice, lost?: VaultFile): Promise<VaultFile> {
  if (lost === undefined) await requireNoVault(surroundings.paths);
  // Nobody else waits for the lock while a person types.
  const passphrase = choice.provider === "passphrase" ? await choice.ask() : undefined;
  let staged: StagedKey | undefined;
  let holder: KeyHolder | undefined;
  try {
    // The key is staged under the lock: of two processes that race here, the loser must not take away the file whose key the winner has just adopted.
    const file = await createVault(surroundings.paths, async () => {
      const id = new Uint8Array(randomBytes(VAULT_ID_BYTES));
      staged = await stageKey(surroundings, choice, passphrase, id);
      holder = holdKek(staged.kek, id);
      return { contents: await makeContents(surroundings, holder, staged, id), holder };
    }, lost);
    await staged?.settle();
    return file;
  } catch (error) {
    if (staged !== undefined && holder !== undefined) await discardUnlessUsed(surroundings, staged, holder.keyId);
    throw error;
  } finally {
    passphrase?.wipe();
    wipe(staged?.kek);
    holder?.close();
  }
}

/** 32 random bytes for a provider that stores its key. */
export function drawKek(): Kek {
  return parseKek(new Uint8Array(randomBytes(KEY_BYTES)));
}

async function makeContents(surroundings: Surroundings, holder: KeyHolder, { locator }: StagedKey, id: Uint8Array): Promise<VaultFile["contents"]> {
  setLogAside(surroundings.paths.auditFolder, surroundings.now());
  const vaultKey = await makeVaultKey(holder, id);
  const audit = await appendAudited(surroundings, holder, { id, vaultKey, audit: EMPTY_CHAIN }, { kind: "vault.init", provider: locator.provider });
  return { id, generation: 1, slot: { locator, keyId: holder.keyId, commitment: holder.commitment }, vaultKey, audit, secrets: [] };
}

async function stageKey(surroundings: Surroundings, choice: KeyChoice, passphrase: Secret | undefined, id: Uint8Array): Promise<StagedKey> {
  switch (choice.provider) {
    case "passphrase":
      return surroundings.showWork("deriving the key", () => stagePassphrase(passphrase ?? Secret.fromText(""), choice.cost));
    case "env":
      return stageVariable(surroundings.variables, choice.variable);
    case "keyring": {
      const place = { service: choice.service, account: choice.account ?? surroundings.paths.dataFolder };
      const there = await askKeyring(place);
      if (there.kind !== "entry") return stageKeyringEntry(place, drawKek());
      wipe(there.kek);
      return adoptKeyringEntry(place);
    }
    case "file": {
      const path = choice.path === undefined ? surroundings.paths.keyFile : resolve(choice.path);
      const vault = { id, folder: dirname(surroundings.paths.vaultFile) };
      return existsSync(path) ? adoptKeyFile(path, vault, surroundings.warn) : stageKeyFile(path, drawKek(), vault);
    }
  }
}

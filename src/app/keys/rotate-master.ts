// Replaces the KEK: every DEK re-wrapped, or every value sealed anew, one rename.
import { dirname } from "node:path";
import { equalBytes, wipe } from "../../bytes.ts";
import { acquireLock } from "../../disk/file-lock.ts";
import { VaultError } from "../../errors.ts";
import { stageVariable } from "../../keys/environment.ts";
import { resolveKeyFile, retireKeyFile, settleKeyFile, stageKeyFileElsewhere, stageNextKeyFile } from "../../keys/key-file.ts";
import { DEFAULT_SERVICE, retireKeyringEntry, settleKeyringEntry, stageKeyringEntryElsewhere, stageNextKeyringEntry } from "../../keys/keyring.ts";
import { stagePassphrase } from "../../keys/passphrase.ts";
import type { StagedKey } from "../../keys/provider.ts";
import type { Secret } from "../../secret.ts";
import { wipeVaultKeys } from "../../vault/derive.ts";
import { makeVaultKey, openVaultKeys, resealSecrets, rewrapSecrets, rewrapVaultKey } from "../../vault/envelope.ts";
import type { KdfCost } from "../../vault/kdf.ts";
import { KDF_COSTS } from "../../vault/kdf.ts";
import type { Kek } from "../../vault/key-bytes.ts";
import type { KeyHolder } from "../../vault/key-holder.ts";
import type { KeyLocator, KeySlot } from "../../vault/key-slot.ts";
import { holdKek } from "../../vault/local-holder.ts";
import type { VaultContents, VaultFile } from "../../vault/vault-file.ts";
import { openingOf } from "../../audit/log.ts";
import { appendAudited, changeAudited } from "./change-vault.ts";
import { refreshAgent } from "./unlock-vault.ts";
import { drawKek } from "./make-vault.ts";
import type { OpenedVault } from "./open-vault.ts";
import { openVault } from "./open-vault.ts";
import { withoutRefreshes } from "./login-lock.ts";
import { lockVault } from "./lock-vault.ts";
import { addUnderNextKey } from "../services/own-services.ts";
import { discardUnlessUsed } from "./staged-key.ts";
import type { Surroundings } from "../surroundings.ts";

/** The next master key. For `file`, `kek` is the user's, or drawn; without a `path`, it goes where the old one is. */
export type NextKey =
  | { readonly provider: "passphrase"; readonly ask: () => Promise<Secret>; readonly cost: KdfCost | undefined }
  | { readonly provider: "file"; readonly path: string | undefined; readonly kek: Kek | undefined }
  | { readonly provider: "keyring"; readonly service: string | undefined; readonly account: string | undefined; readonly kek: Kek | undefined }
  | { readonly provider: "env"; readonly variable: string };

/**
 * Replaces the master key.
 * Order: the new key is durable; every DEK is re-wrapped in memory and opened again; one rename; only then is the old key removed. Cut off at any point,
 * the vault opens with exactly one of the two keys, and that one is at hand; running it again completes.
 *
 * @param isDeep whether everything that the old key opened is replaced as well, for when somebody else may have had it: DEKs, the vault key and all that it gives. Runs and the agent lose what they hold, as by `lock`.
 * @throws VaultError as `openVault`; `usage` when the new key is the old one; `io`, `audit-unwritable` with the old key in force.
 */
export async function rotateMaster(surroundings: Surroundings, next: NextKey, isDeep: boolean): Promise<VaultFile> {
  const vault = await openVault(surroundings);
  const { file, holder } = vault;
  try {
    await finishEarlier(surroundings, file);
    const staged = await stageNext(surroundings, file, next);
    const nextHolder = holdKek(staged.kek, file.contents.id);
    try {
      if (equalBytes(nextHolder.keyId, holder.keyId)) throw new VaultError("usage", "the new key is the one that the vault has already", "give another key, or have one made: vault rotate-master --generate");
      const rotated = await withoutRefreshes(surroundings.paths, file.records.all(), () => (isDeep ? replaceAll(surroundings, vault, nextHolder, staged.locator) : rewrapAll(surroundings, holder, nextHolder, staged.locator)));
      await staged.settle();
      await retire(surroundings, file.contents.slot.locator, rotated.contents.slot.locator);
      if (isDeep) await lockVault(surroundings);
      else await refreshAgent(surroundings, rotated, staged.kek);
      return rotated;
    } catch (error) {
      await discardUnlessUsed(surroundings, staged, nextHolder.keyId);
      throw error;
    } finally {
      nextHolder.close();
      wipe(staged.kek);
    }
  } finally {
    vault.close();
  }
}

/** A replacement that was cut off behind its rename left the key in force under a name of its own; it gets its place first. */
async function finishEarlier(surroundings: Surroundings, { contents }: VaultFile): Promise<void> {
  const { locator, keyId } = contents.slot;
  if (locator.provider === "file") settleKeyFile(resolveKeyFile(locator.path, dirname(surroundings.paths.vaultFile)), keyId);
  if (locator.provider === "keyring") await settleKeyringEntry(locator, keyId);
}

function rewrapAll(surroundings: Surroundings, from: KeyHolder, to: KeyHolder, locator: KeyLocator): Promise<VaultFile> {
  return changeAudited(surroundings, from, async (contents: VaultContents) => {
    const slot: KeySlot = { locator, keyId: to.keyId, commitment: to.commitment };
    const secrets = await rewrapSecrets(from, to, contents.id, contents.secrets, (done) => { surroundings.showProgress("re-wrapping", done, contents.secrets.length); });
    const vaultKey = await rewrapVaultKey(from, to, contents.id, contents.vaultKey);
    return {
      contents: { ...contents, slot, vaultKey, secrets },
      event: { kind: "master.rotate", from: contents.slot.locator.provider, to: locator.provider, secrets: secrets.length },
      holder: to,
    };
  });
}

/** Nothing that was known before is of use afterwards, but for the values themselves. The log of the old vault key ends with this entry, which the next one's is chained to. */
async function replaceAll(surroundings: Surroundings, { holder: from, keys }: OpenedVault, to: KeyHolder, locator: KeyLocator): Promise<VaultFile> {
  let settleServices: () => void = () => undefined;
  const rotated = await changeAudited(surroundings, from, async (contents: VaultContents) => {
    const slot: KeySlot = { locator, keyId: to.keyId, commitment: to.commitment };
    const secrets = await resealSecrets(from, to, contents.id, contents.secrets, (done) => { surroundings.showProgress("sealing anew", done, contents.secrets.length); });
    const vaultKey = await makeVaultKey(to, contents.id);
    const nextKeys = await openVaultKeys(to, { id: contents.id, vaultKey });
    settleServices = addUnderNextKey(surroundings.paths.dataFolder, keys.services, nextKeys.services);
    wipeVaultKeys(nextKeys);
    return {
      contents: { ...contents, slot, vaultKey, secrets },
      event: { kind: "master.rotate", from: contents.slot.locator.provider, to: locator.provider, secrets: secrets.length, deep: true, closesLog: true },
      holder: to,
    };
  });
  await appendAudited(surroundings, to, rotated.contents, openingOf(rotated.contents.audit));
  const lock = await acquireLock(surroundings.paths.lockFile);
  try {
    settleServices();
  } finally {
    lock.release();
  }
  return rotated;
}

async function stageNext(surroundings: Surroundings, { contents }: VaultFile, next: NextKey): Promise<StagedKey> {
  const current = contents.slot.locator;
  const vault = { id: contents.id, folder: dirname(surroundings.paths.vaultFile) };
  switch (next.provider) {
    case "passphrase": {
      const passphrase = await next.ask();
      try {
        return await surroundings.showWork("deriving the new key", () => stagePassphrase(passphrase, next.cost ?? costOf(current)));
      } finally {
        passphrase.wipe();
      }
    }
    case "env":
      return stageVariable(surroundings.variables, next.variable);
    case "keyring": {
      const kek = next.kek ?? drawKek();
      const here = current.provider === "keyring" ? current : undefined;
      const place = { service: next.service ?? here?.service ?? DEFAULT_SERVICE, account: next.account ?? here?.account ?? surroundings.paths.dataFolder };
      return here?.service === place.service && here.account === place.account ? stageNextKeyringEntry(place, here.owned, kek, contents.id) : stageKeyringEntryElsewhere(place, kek, contents.id);
    }
    case "file": {
      const kek = next.kek ?? drawKek();
      const currentPath = current.provider === "file" ? resolveKeyFile(current.path, vault.folder) : undefined;
      const path = next.path ?? currentPath ?? surroundings.paths.keyFile;
      return path === currentPath && current.provider === "file" ? stageNextKeyFile(path, current.owned, kek, vault) : stageKeyFileElsewhere(path, kek, vault);
    }
  }
}

/** Removes the old key, unless the new one has taken its very place, or it was never this program's to keep. */
async function retire(surroundings: Surroundings, old: KeyLocator, next: KeyLocator): Promise<void> {
  if (old.provider === "file" && !(next.provider === "file" && next.path === old.path)) {
    retireKeyFile(resolveKeyFile(old.path, dirname(surroundings.paths.vaultFile)), old.owned);
  }
  if (old.provider === "keyring" && !(next.provider === "keyring" && next.service === old.service && next.account === old.account)) await retireKeyringEntry(old, old.owned);
}



function costOf(locator: KeyLocator): KdfCost {
  return locator.provider === "passphrase" ? locator.kdf : KDF_COSTS.moderate;
}

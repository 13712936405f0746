// Puts a vault file in force that this machine did not know, or knew as an old one: the owner says so by its id.
import { partKey } from "../../audit/entry.ts";
import { hasEntry } from "../../audit/log-store.ts";
import { pullLog, readLog, setLogAside } from "../../audit/log.ts";
import { putStoredAside } from "../../audit/stored-aside.ts";
import { encodeBase64 } from "../../bytes.ts";
import { VaultError } from "../../errors.ts";
import { noVault, readUnjudged, rememberVault } from "../../store/vault-store.ts";
import { wipeVaultKeys } from "../../vault/derive.ts";
import { openVaultKeys } from "../../vault/envelope.ts";
import type { VaultFile } from "../../vault/vault-file.ts";
import { verifyVaultFile } from "../../vault/vault-file.ts";
import type { Surroundings } from "../surroundings.ts";
import { appendAudited } from "./change-vault.ts";
import { isInsideRun } from "./inside-run.ts";
import { ACCEPTED_VAULT, isLogOf } from "./known-vault.ts";
import { findLogStore } from "./log-reading.ts";
import { findHolder } from "./open-vault.ts";

/**
 * Remembers the vault that is here as the one that is meant. A log beside it that is another vault's is put aside; its own goes on.
 *
 * @param id the vault's, in base64, as the refusal tells it.
 * @throws VaultError `inside-run`; `usage` for another id than that of the vault that is here; as `openVault`, but for `rolled-back`.
 */
export async function acceptVault(surroundings: Surroundings, id: string): Promise<VaultFile> {
  if (await isInsideRun(surroundings)) throw new VaultError("inside-run", "a program in a run cannot say which vault is meant", "the person who started it can, outside: vault accept ID");
  const { paths } = surroundings;
  const file = await readUnjudged(paths);
  if (file === undefined) throw noVault(paths.vaultFile);
  const found = encodeBase64(file.contents.id);
  if (found !== id) throw new VaultError("usage", `the vault that is here is ${found}`, "accept it only if you know it");
  const holder = await findHolder(surroundings, file);
  try {
    await verifyVaultFile(file, holder);
    file.records.all();
    const keys = await openVaultKeys(holder, file.contents);
    try {
      if (!(await goesOn(surroundings, file, partKey(keys.audit, { kind: "log" })))) {
        setLogAside(paths.auditFolder, surroundings.now());
        const store = await findLogStore(paths, file.contents);
        if (store !== undefined && !(await hasEntry(store, file.contents.audit))) await putStoredAside(store, surroundings.now());
      }
      await appendAudited(surroundings, holder, file.contents, { kind: ACCEPTED_VAULT, generation: file.contents.generation });
      await rememberVault(paths, file, keys.anchor);
      return file;
    } finally {
      wipeVaultKeys(keys);
    }
  } finally {
    holder.close();
  }
}

/** Whether the log that is here is the vault's own, and one that the store's goes on from. */
async function goesOn({ paths: { engine, auditFolder } }: Surroundings, { contents }: VaultFile, logKey: Uint8Array): Promise<boolean> {
  const store = await findLogStore({ engine }, contents);
  if (store === undefined) return isLogOf(readLog(auditFolder), contents, logKey);
  try {
    await pullLog(auditFolder, store, { key: logKey, vouched: contents.audit });
    return isLogOf(readLog(auditFolder), contents, logKey);
  } catch (error) {
    if (error instanceof VaultError && ["rolled-back", "audit-broken"].includes(error.code)) return false;
    throw error;
  }
}

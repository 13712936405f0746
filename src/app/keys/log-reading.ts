// The main log as far as it has come: with what other machines have written, where several write it.
import { partKey } from "../../audit/entry.ts";
import type { LogStore } from "../../audit/log-store.ts";
import { pullLog, readLog } from "../../audit/log.ts";
import { readWithStore } from "../../audit/pull.ts";
import { wipe } from "../../bytes.ts";
import type { WritePaths } from "../../paths.ts";
import { wipeVaultKeys } from "../../vault/derive.ts";
import { openVaultKeys } from "../../vault/envelope.ts";
import type { KeyHolder } from "../../vault/key-holder.ts";
import type { VaultContents, VaultFile } from "../../vault/vault-file.ts";

export type LogPaths = Pick<WritePaths, "engine" | "auditFolder">;

/** Where several machines write the log of this vault; undefined where it is this one's alone. @throws VaultError `store-unavailable`. */
export async function findLogStore({ engine }: Pick<LogPaths, "engine">, { id }: Pick<VaultContents, "id">): Promise<LogStore | undefined> {
  return engine === undefined ? undefined : { engine: await engine(), vaultId: id };
}

/**
 * All lines that there are, at their word: what a store has and this machine has not is shown, and kept nowhere.
 *
 * @throws VaultError `io`, `unsafe-file`; with a store, as `readWithStore`.
 */
export async function readWholeLog(paths: LogPaths, contents: Pick<VaultContents, "id" | "audit">): Promise<string[]> {
  const store = await findLogStore(paths, contents);
  return store === undefined ? readLog(paths.auditFolder) : readWithStore(paths.auditFolder, store, contents.audit);
}

/** Brings this machine's copy up to what the store has, for whoever has the key; nothing where there is no store. @throws VaultError as `pullLog`. */
export async function catchUpLog(paths: LogPaths, { contents }: Pick<VaultFile, "contents">, holder: KeyHolder): Promise<void> {
  const store = await findLogStore(paths, contents);
  if (store === undefined) return;
  const keys = await openVaultKeys(holder, contents);
  const key = partKey(keys.audit, { kind: "log" });
  wipeVaultKeys(keys);
  try {
    await pullLog(paths.auditFolder, store, { key, vouched: contents.audit });
  } finally {
    wipe(key);
  }
}

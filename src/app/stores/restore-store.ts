// Puts this machine's newer copy back into a store that went back to an older state.
import { partKey } from "../../audit/entry.ts";
import type { LogStore } from "../../audit/log-store.ts";
import { pullLog, readLog } from "../../audit/log.ts";
import { equalBytes, wipe } from "../../bytes.ts";
import type { Engine } from "../../engines/engine.ts";
import { replaceSettled } from "../../engines/settled-replace.ts";
import { VaultError } from "../../errors.ts";
import type { VaultPaths } from "../../paths.ts";
import { readAnchor, requireNewest, requireOwnAnchor } from "../../store/anchor.ts";
import type { StoredVault } from "../../store/engine-vault.ts";
import { ARRIVING_ENTRY, keepCopy, readCopy, VAULT_ENTRY } from "../../store/engine-vault.ts";
import { findMoved, movedAway } from "../../store/judge-stored.ts";
import type { VaultLock } from "../../store/vault-store.ts";
import { acquireVaultLock, noVault } from "../../store/vault-store.ts";
import { wipeVaultKeys } from "../../vault/derive.ts";
import { openVaultKeys } from "../../vault/envelope.ts";
import type { VaultContents, VaultFile } from "../../vault/vault-file.ts";
import { parseVaultFile, verifyVaultFile } from "../../vault/vault-file.ts";
import { appendAudited } from "../keys/change-vault.ts";
import { isLogOf } from "../keys/known-vault.ts";
import { findHolder } from "../keys/open-vault.ts";
import type { Surroundings } from "../surroundings.ts";
import type { CarriedLog } from "./carried-logs.ts";
import { carryLog, reopenLog } from "./carried-logs.ts";

export interface RestoreOutcome {
  readonly file: VaultFile;
  readonly where: string;
  /** The generation that the store had; undefined where it had no vault that reads. */
  readonly before: number | undefined;
  readonly log: CarriedLog;
}

/**
 * The vault and the log in the store are what this machine has, from then on. What others have changed in the older state is lost; and, where it was moved to another machine's file, what has changed there.
 *
 * @throws VaultError `usage` where the vault is on no store, or the store is as new; `wrong-key` and its like; `store-unavailable`, `busy`.
 */
export async function restoreStore(surroundings: Surroundings): Promise<RestoreOutcome> {
  const { paths } = surroundings;
  if (paths.engine === undefined) throw new VaultError("usage", "this vault is on no store", "put an older vault.json back by copying it; to take it for yours: vault accept ID");
  const engine = await paths.engine();
  const copy = await findNewest(engine, readCopy(paths));
  if (copy === undefined) throw noVault(paths.vaultFile);
  const anchor = readAnchor(paths.anchorFile);
  requireNewest(copy.file, anchor);
  const { contents } = copy.file;
  const holder = await findHolder(surroundings, copy.file);
  try {
    await verifyVaultFile(copy.file, holder);
    const keys = await openVaultKeys(holder, contents);
    let lock: VaultLock | undefined;
    try {
      requireOwnAnchor(copy.file, anchor, keys.anchor);
      lock = await acquireVaultLock(paths);
      const found = await engine.read(VAULT_ENTRY);
      const bytes = found.kind === "bytes" ? found.bytes : undefined;
      const before = requireOlder(engine.where, bytes, copy.file);
      // Closed by the machine that has moved it to its own file.
      await reopenLog(engine, copy.file);
      const log = await restoreLog(paths, { engine, vaultId: contents.id }, contents, partKey(keys.audit, { kind: "log" }));
      if ((await replaceSettled(engine, VAULT_ENTRY, copy.bytes, bytes)) === "changed") throw new VaultError("busy", "another machine has changed the vault meanwhile", "try again");
      if (before === undefined) await replaceSettled(engine, ARRIVING_ENTRY, undefined, copy.bytes);
      await keepCopy(paths, copy, false);
      await appendAudited(surroundings, holder, contents, { kind: "store.restore", generation: contents.generation, before: before ?? 0, dropped: log.dropped });
      return { file: copy.file, where: engine.where, before, log };
    } finally {
      wipeVaultKeys(keys);
      await lock?.release();
    }
  } finally {
    holder.close();
  }
}

/** On its way to a file, the vault stands in the old store as it was last; this machine may have seen less. */
async function findNewest(engine: Engine, copy: StoredVault | undefined): Promise<StoredVault | undefined> {
  const [found, left] = [await engine.read(VAULT_ENTRY), await engine.read(ARRIVING_ENTRY)];
  if (found.kind !== "bytes" || findMoved(found.bytes)?.to !== "file" || left.kind !== "bytes") return copy;
  const file = parseVaultFile(left.bytes);
  const isNewer = copy === undefined || (equalBytes(file.contents.id, copy.file.contents.id) && file.contents.generation > copy.file.contents.generation);
  return isNewer ? { bytes: left.bytes, file } : copy;
}

/** A log that goes on from this machine's stays as it is; any other becomes this machine's. */
async function restoreLog({ auditFolder }: VaultPaths, store: LogStore, contents: VaultContents, logKey: Uint8Array): Promise<CarriedLog> {
  try {
    await pullLog(auditFolder, store, { key: logKey, vouched: contents.audit });
    return { lines: readLog(auditFolder).length, dropped: 0 };
  } catch (error) {
    if (!(error instanceof VaultError) || !["rolled-back", "audit-broken"].includes(error.code)) throw error;
    const lines = readLog(auditFolder);
    if (!isLogOf(lines, contents, logKey)) throw new VaultError("audit-broken", "this machine has not seen as much of the log as its vault vouches for", "on a machine that has, which is the one that changed the vault last: vault store restore");
    return await carryLog(store, lines);
  } finally {
    wipe(logKey);
  }
}

function requireOlder(where: string, bytes: Uint8Array | undefined, { contents }: VaultFile): number | undefined {
  if (bytes === undefined) return undefined;
  const moved = findMoved(bytes);
  // The person says that the machine with the file is lost; of a store, each machine can ask for itself.
  if (moved?.to === "file") return undefined;
  if (moved !== undefined) throw movedAway(where, moved);
  let there: VaultFile;
  try {
    there = parseVaultFile(bytes);
  } catch (error) {
    // What does not read is put right.
    if (error instanceof VaultError && error.code !== "newer-version") return undefined;
    throw error;
  }
  if (!equalBytes(there.contents.id, contents.id)) return there.contents.generation;
  const { generation } = there.contents;
  if (generation > contents.generation) throw new VaultError("usage", `the vault in the store ${where} is generation ${generation}, and this machine has ${contents.generation}: there is nothing to put back`, "vault status");
  return generation;
}

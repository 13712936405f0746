// A vault on its way to a store, whose machine was cut off and may be lost: any other that has the key can bring it in force there.
import { partKey } from "../../audit/entry.ts";
import { setLogAside } from "../../audit/log.ts";
import { listParts } from "../../audit/parts.ts";
import { readNewer } from "../../audit/pull.ts";
import { wipe } from "../../bytes.ts";
import { acquireLock } from "../../disk/file-lock.ts";
import { ensureUnsharedFolder } from "../../disk/private-folder.ts";
import type { Engine } from "../../engines/engine.ts";
import { VaultError } from "../../errors.ts";
import type { FoundAnchor } from "../../store/anchor.ts";
import { readOwnAnchor, requireOwnAnchor } from "../../store/anchor.ts";
import type { StoredVault } from "../../store/engine-vault.ts";
import { ARRIVING_ENTRY, readCopy, settleArrival, VAULT_ENTRY } from "../../store/engine-vault.ts";
import type { Moved } from "../../store/judge-stored.ts";
import { encodeMoved, findMoved, judgeStored } from "../../store/judge-stored.ts";
import { wipeVaultKeys } from "../../vault/derive.ts";
import { openVaultKeys } from "../../vault/envelope.ts";
import type { KeyHolder } from "../../vault/key-holder.ts";
import { parseVaultFile, verifyVaultFile } from "../../vault/vault-file.ts";
import { findHolder } from "../keys/open-vault.ts";
import type { Surroundings } from "../surroundings.ts";
import { carryRest, closeLog, reopenLog, withoutMark } from "./carried-logs.ts";
import type { NamedStore } from "./named-store.ts";

/** The store that this machine uses, and that it says of itself that the vault was moved away. */
export interface GivenUpPlace {
  readonly engine: Engine;
  readonly mark: Moved;
}

/** @returns undefined where this machine's vault is on no store, or in force there. @throws VaultError `store-unavailable`. */
export async function findGivenUp({ paths }: Pick<Surroundings, "paths">): Promise<GivenUpPlace | undefined> {
  const engine = await paths.engine?.();
  const found = await engine?.read(VAULT_ENTRY);
  const mark = found?.kind === "bytes" ? findMoved(found.bytes) : undefined;
  return engine === undefined || mark === undefined ? undefined : { engine, mark };
}

/** Whether a vault stands there that has no name yet. @throws VaultError `store-unavailable`. */
export async function hasArrival(engine: Engine): Promise<boolean> {
  return (await engine.read(ARRIVING_ENTRY)).kind !== "none";
}

/** What to type where nobody can tell whether the old place was given up. */
export function arrivingError(where: string, url: string): VaultError {
  const hint = `finish it on the machine that moves it, or on one that used the vault where it was: vault store migrate --to ${url}; on any other, type that only if the old place is lost, or says itself that the vault was moved here`;
  return new VaultError("store-unavailable", `a vault is being moved to the store ${where}`, hint);
}

/**
 * Gives the vault that stands there its name.
 *
 * @param from the old place, which has given it up for this one. What is left of its log comes along; that the new log is the beginning of it shows that this move, and no other, has brought what stands there.
 *   Undefined: the person says that there is no old place any more.
 * @throws VaultError `rolled-back` where this machine has seen a newer one, or another; `busy` where it was another move; what opening a vault says; `store-unavailable`. Then nothing is in force that was not before.
 */
export async function finishArrival(surroundings: Surroundings, named: NamedStore, from: GivenUpPlace | undefined): Promise<void> {
  const { paths } = surroundings;
  const to = await named.open();
  const found = await to.read(ARRIVING_ENTRY);
  if (found.kind !== "bytes") throw new VaultError("store-unavailable", `no vault is being moved to the store ${to.where}`, "where this machine's vault is: vault status");
  const arrived: StoredVault = { bytes: found.bytes, file: parseVaultFile(found.bytes) };
  const anchor = readOwnAnchor(paths.anchorFile, arrived.file);
  judgeStored(to.where, arrived.file, { copy: readCopy(paths)?.file, anchor });
  const holder = await findHolder(surroundings, arrived.file);
  try {
    await verify(arrived, anchor, holder, to);
    ensureUnsharedFolder(paths.dataFolder);
    const lock = await acquireLock(paths.lockFile);
    try {
      if (from === undefined) {
        await reopenLog(to, arrived.file);
      } else {
        // Of another vault.
        if (anchor.kind === "none" && listParts(paths.auditFolder).length > 0) setLogAside(paths.auditFolder, surroundings.now());
        await closeLog(surroundings, from.engine, arrived.file, encodeMoved(from.mark), holder);
        await carryRest(surroundings, to, arrived.file);
      }
      await settleArrival(to, arrived);
    } finally {
      lock.release();
    }
  } finally {
    holder.close();
  }
}

/** With the key: the vault, and the log as far as it came. */
async function verify({ file }: StoredVault, anchor: FoundAnchor, holder: KeyHolder, engine: Engine): Promise<void> {
  await verifyVaultFile(file, holder);
  file.records.all();
  const { contents } = file;
  const keys = await openVaultKeys(holder, contents);
  const key = partKey(keys.audit, { kind: "log" });
  try {
    requireOwnAnchor(file, anchor, keys.anchor);
    await readNewer({ engine: withoutMark(engine), vaultId: contents.id }, undefined, contents.audit, key);
  } finally {
    wipeVaultKeys(keys);
    wipe(key);
  }
}

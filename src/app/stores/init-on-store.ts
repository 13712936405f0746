// A vault on a store: made there where there is none, and joined where there is one.
import { listParts } from "../../audit/parts.ts";
import { setLogAside } from "../../audit/log.ts";
import { encodeBase64, equalBytes } from "../../bytes.ts";
import { acquireLock } from "../../disk/file-lock.ts";
import { ensureUnsharedFolder } from "../../disk/private-folder.ts";
import { VaultError } from "../../errors.ts";
import type { VaultPaths } from "../../paths.ts";
import type { FoundAnchor } from "../../store/anchor.ts";
import { readAnchor, requireOwnAnchor, writeAnchor } from "../../store/anchor.ts";
import type { StoredVault } from "../../store/engine-vault.ts";
import { ARRIVING_ENTRY, keepCopy, readCopy, readStored } from "../../store/engine-vault.ts";
import { judgeStored } from "../../store/judge-stored.ts";
import { isOnEngine, readStoreFile, removeStoreFile, writeStoreFile } from "../../store/store-file.ts";
import { wipeVaultKeys } from "../../vault/derive.ts";
import { openVaultKeys } from "../../vault/envelope.ts";
import type { VaultFile } from "../../vault/vault-file.ts";
import { verifyVaultFile } from "../../vault/vault-file.ts";
import { appendAudited } from "../keys/change-vault.ts";
import type { KeyChoice } from "../keys/make-vault.ts";
import { makeVault } from "../keys/make-vault.ts";
import { findHolder } from "../keys/open-vault.ts";
import type { Surroundings } from "../surroundings.ts";
import type { NamedStore } from "./named-store.ts";

export interface InitOutcome {
  /** `as-before`: this machine had joined it already, and nothing was changed. */
  readonly kind: "made" | "joined" | "as-before";
  readonly file: VaultFile;
}

/**
 * Makes a vault in the store, or, where there is one whose key is to be had, makes this machine one of those that use it.
 *
 * @param choose is asked where one is made. Undefined: none is made, and whoever has joined already is told so, as often as he likes. What starts by itself is to take no lost vault for a new beginning.
 * @throws VaultError `already-exists` where this machine has a vault already, with no byte changed; `no-vault` where none is to be made; `rolled-back` where it has seen a newer one than the store has; what making and opening a vault say.
 */
export async function initOnStore(surroundings: Surroundings, named: NamedStore, choose: (() => Promise<KeyChoice>) | undefined): Promise<InitOutcome> {
  const engine = await named.open();
  const there: Surroundings = { ...surroundings, paths: { ...surroundings.paths, engine: named.open } };
  const stored = await readStored(engine);
  if (choose === undefined && stored !== undefined && hasJoined(surroundings.paths, named, stored)) return { kind: "as-before", file: stored.file };
  requireFree(surroundings.paths, named, stored);
  if (stored !== undefined) return { kind: "joined", file: await join(there, named, stored) };
  if ((await engine.read(ARRIVING_ENTRY)).kind !== "none") throw new VaultError("store-unavailable", `a vault is being moved to the store ${engine.where}`, "wait for that, or finish it on the machine that moves it: vault store migrate");
  if (choose === undefined) throw new VaultError("no-vault", `there is no vault in the store ${engine.where}`, "it is made there once: vault init --store URL --provider P; if there was one, see vault store restore on a machine that has seen it");
  return { kind: "made", file: await make(there, named, await choose()) };
}

function hasJoined(paths: VaultPaths, named: NamedStore, { file }: StoredVault): boolean {
  const copy = readCopy(paths);
  return copy !== undefined && equalBytes(file.contents.id, copy.file.contents.id) && isOnEngine(paths.dataFolder) && readStoreFile(paths.dataFolder)?.store === named.file.store;
}

/** A copy of the same vault may be here, from a store that it was moved away from. @throws VaultError `already-exists`. */
function requireFree(paths: VaultPaths, named: NamedStore, stored: StoredVault | undefined): void {
  const copy = readCopy(paths);
  if (copy === undefined) return;
  if (!isOnEngine(paths.dataFolder)) throw new VaultError("already-exists", `there is a vault at "${paths.vaultFile}" already`, `it was left untouched; to move it to the store: vault store migrate --to ${named.file.store}`);
  const isSame = stored !== undefined && equalBytes(stored.file.contents.id, copy.file.contents.id);
  if (isSame && readStoreFile(paths.dataFolder)?.store !== named.file.store) return;
  throw new VaultError("already-exists", "this machine's vault is on a store already", "vault status tells about it; it was left untouched");
}

async function make(there: Surroundings, named: NamedStore, choice: KeyChoice): Promise<VaultFile> {
  const { paths } = there;
  await withLocalLock(paths, () => { writeStoreFile(paths.dataFolder, named.file); });
  try {
    return await makeVault(there, choice);
  } catch (error) {
    // Of one that may have been made, the place must not be forgotten.
    if ((await readStored(await named.open()).catch(() => null)) === undefined) await withLocalLock(paths, () => { removeStoreFile(paths.dataFolder); });
    throw error;
  }
}

async function join(there: Surroundings, named: NamedStore, stored: StoredVault): Promise<VaultFile> {
  const { paths } = there;
  const { file } = stored;
  const anchor = anchorOf(paths, file);
  judgeStored(named.file.store, file, { copy: readCopy(paths)?.file, anchor });
  const holder = await findHolder(there, file);
  try {
    await verifyVaultFile(file, holder);
    file.records.all();
    const keys = await openVaultKeys(holder, file.contents);
    try {
      requireOwnAnchor(file, anchor, keys.anchor);
      if (anchor.kind === "none" && listParts(paths.auditFolder).length > 0) setLogAside(paths.auditFolder, there.now());
      await appendAudited(there, holder, file.contents, { kind: "store.join", generation: file.contents.generation });
      await withLocalLock(paths, async () => {
        writeStoreFile(paths.dataFolder, named.file);
        await keepCopy(paths, stored, true);
        writeAnchor(paths.anchorFile, file, keys.anchor);
      });
      return file;
    } finally {
      wipeVaultKeys(keys);
    }
  } finally {
    holder.close();
  }
}

/** Another vault's, that is here no more, counts for nothing. */
function anchorOf({ anchorFile }: VaultPaths, { contents }: VaultFile): FoundAnchor {
  const found = readAnchor(anchorFile);
  return found.kind === "known" && found.anchor.vault !== encodeBase64(contents.id) ? { kind: "none" } : found;
}

async function withLocalLock(paths: VaultPaths, work: () => void | Promise<void>): Promise<void> {
  ensureUnsharedFolder(paths.dataFolder);
  const lock = await acquireLock(paths.lockFile);
  try {
    await work();
  } finally {
    lock.release();
  }
}

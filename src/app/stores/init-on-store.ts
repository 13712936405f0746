// A vault on a store: made there where there is none, and joined where there is one.
import { listParts } from "../../audit/parts.ts";
import { setLogAside } from "../../audit/log.ts";
import { equalBytes } from "../../bytes.ts";
import { acquireLock } from "../../disk/file-lock.ts";
import { ensureUnsharedFolder } from "../../disk/private-folder.ts";
import type { Engine } from "../../engines/engine.ts";
import { VaultError } from "../../errors.ts";
import type { VaultPaths } from "../../paths.ts";
import { readOwnAnchor, requireOwnAnchor, writeAnchor } from "../../store/anchor.ts";
import type { StoredVault } from "../../store/engine-vault.ts";
import { keepCopy, readCopy, readStored, VAULT_ENTRY } from "../../store/engine-vault.ts";
import { findMoved, judgeStored, movedAway } from "../../store/judge-stored.ts";
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
import { arrivingError, findGivenUp, finishArrival, hasArrival } from "./finish-arrival.ts";
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
  await finishGivenUp(surroundings, named);
  const found = await engine.read(VAULT_ENTRY);
  const mark = found.kind === "bytes" ? findMoved(found.bytes) : undefined;
  if (mark !== undefined) throw mark.to !== "file" && (await hasArrival(engine)) ? arrivingError(engine.where, named.file.store) : movedAway(engine.where, mark);
  const stored = found.kind === "none" ? undefined : await readStored(engine);
  if (choose === undefined && stored !== undefined && hasJoined(surroundings.paths, named, stored)) return { kind: "as-before", file: stored.file };
  requireFree(surroundings.paths, named, stored);
  if (stored !== undefined) return { kind: "joined", file: await join(there, named, stored) };
  if (await hasArrival(engine)) throw arrivingError(engine.where, named.file.store);
  if (choose === undefined) throw new VaultError("no-vault", `there is no vault in the store ${engine.where}`, "it is made there once: vault init --store URL --provider PROVIDER; if there was one, on a machine that has seen it: vault store restore");
  return { kind: "made", file: await make(there, named, await choose()) };
}

/**
 * Joins the vault that arrives in the store, where the machine that moved it is lost: on the person's word, where this machine knows no place that it could ask.
 *
 * @returns undefined where none arrives there, or this machine has a vault that is in force.
 * @throws VaultError as `finishArrival`, `initOnStore`.
 */
export async function joinArrival(surroundings: Surroundings, named: NamedStore): Promise<VaultFile | undefined> {
  const { paths } = surroundings;
  const given = await findGivenUp(surroundings);
  const isHere = paths.engine === undefined ? readCopy(paths) !== undefined || isOnEngine(paths.dataFolder) : given === undefined;
  if (isHere || (given !== undefined && given.mark.to !== "file" && given.mark.to !== named.file.store)) return undefined;
  const engine = await named.open();
  if (given?.mark.to !== named.file.store) {
    if (!(await isNameless(engine)) || !(await hasArrival(engine))) return undefined;
    await finishArrival(surroundings, named, undefined);
  }
  return (await initOnStore(surroundings, named, undefined)).file;
}

/** What this machine's own store has given up for this one, and nobody has finished. */
async function finishGivenUp(surroundings: Surroundings, named: NamedStore): Promise<void> {
  const engine = await named.open();
  if (surroundings.paths.engine === undefined || !(await isNameless(engine)) || !(await hasArrival(engine))) return;
  const given = await findGivenUp(surroundings);
  if (given?.mark.to === named.file.store) await finishArrival(surroundings, named, given);
}

async function isNameless(engine: Engine): Promise<boolean> {
  const found = await engine.read(VAULT_ENTRY);
  return found.kind === "none" || (found.kind === "bytes" && findMoved(found.bytes) !== undefined);
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
  throw new VaultError("already-exists", "this machine's vault is on a store already", "it was left untouched; what it is: vault status");
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
  const anchor = readOwnAnchor(paths.anchorFile, file);
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

async function withLocalLock(paths: VaultPaths, work: () => void | Promise<void>): Promise<void> {
  ensureUnsharedFolder(paths.dataFolder);
  const lock = await acquireLock(paths.lockFile);
  try {
    await work();
  } finally {
    lock.release();
  }
}

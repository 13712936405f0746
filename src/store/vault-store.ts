// Reads and changes vault.json (FORMAT.md, "Writing the vault").
import { lstatSync } from "node:fs";
import { Low } from "lowdb";
import { equalBytes, wipe } from "../bytes.ts";
import { acquireLock } from "../disk/file-lock.ts";
import { ensureUnsharedFolder, requireUnsharedFolder } from "../disk/private-folder.ts";
import { systemErrorCode, VaultError } from "../errors.ts";
import type { VaultPaths } from "../paths.ts";
import { openVaultKeys } from "../vault/envelope.ts";
import type { KeyHolder } from "../vault/key-holder.ts";
import type { VaultContents, VaultFile } from "../vault/vault-file.ts";
import { verifyVaultFile } from "../vault/vault-file.ts";
import { isAhead, readAnchor, requireNewest, requireOwnAnchor, writeAnchor } from "./anchor.ts";
import type { Lease } from "./lease.ts";
import { acquireLease, leaseName } from "./lease.ts";
import { keepCopy, publishVault, pullVault, readStored, VAULT_ENTRY } from "./engine-vault.ts";
import { isOnEngine } from "./store-file.ts";
import { VaultAdapter } from "./vault-adapter.ts";

export type StorePaths = Pick<VaultPaths, "engine" | "dataFolder" | "vaultFile" | "lockFile" | "anchorFile">;

/** What the lock of a vault hangs on. */
export type LockPaths = Pick<StorePaths, "engine" | "dataFolder" | "lockFile">;

/** What a change makes of the vault. With `holder`, the file is authenticated by that key from now on. */
export interface VaultChange {
  /** `generation` is set by the store. */
  readonly contents: VaultContents;
  readonly holder?: KeyHolder;
}

/**
 * Reads the vault without a lock and without changing a byte, but for the copy of one that is on an engine. What comes back is well-formed, undamaged and not rolled back; only `verifyVaultFile` makes it trusted.
 *
 * @returns undefined where there is no vault.
 * @throws VaultError of FORMAT.md's reading checks, `rolled-back`, `unsafe-file`, `io`, `store-unavailable`.
 */
export async function readVault(paths: StorePaths): Promise<VaultFile | undefined> {
  requireUnsharedFolder(paths.dataFolder);
  if (paths.engine !== undefined) await pullVault(paths, paths.engine);
  if (!isThere(paths.vaultFile)) return undefined;
  // Before the vault: an anchor read after it may be that of a change in between, and make the vault look old.
  const anchor = readAnchor(paths.anchorFile);
  const file = await readFile(paths);
  if (file !== undefined) requireNewest(file, anchor);
  return file;
}

/** The same, whatever this machine remembers. Only for whoever is about to remember another. */
export async function readUnjudged(paths: StorePaths): Promise<VaultFile | undefined> {
  return paths.engine === undefined ? readFile(paths) : (await readStored(await paths.engine()))?.file;
}

async function readFile(paths: StorePaths): Promise<VaultFile | undefined> {
  const adapter = new VaultAdapter(paths.vaultFile);
  await new Low<VaultContents | null>(adapter, null).read();
  return adapter.file;
}

/** Whether this machine remembers a vault. */
export function isRemembered({ anchorFile }: StorePaths): boolean {
  return readAnchor(anchorFile).kind !== "none";
}

/**
 * For a reader that holds the key: what is remembered was remembered with this vault's key, and a newer generation is remembered from now on, unless somebody is writing, who will do that.
 *
 * @param key the vault's anchor key.
 * @throws VaultError `rolled-back`.
 */
export async function settleAnchor(paths: StorePaths, file: VaultFile, key: Uint8Array): Promise<void> {
  const found = readAnchor(paths.anchorFile);
  requireOwnAnchor(file, found, key);
  if (!isAhead(file, found)) return;
  try {
    const lock = await acquireLock(paths.lockFile, 0);
    try {
      if (isAhead(file, readAnchor(paths.anchorFile))) writeAnchor(paths.anchorFile, file, key);
    } finally {
      lock.release();
    }
  } catch (error) {
    // A folder that nobody may write to, say: the file was read all the same.
    if (!(error instanceof VaultError)) throw error;
  }
}

/**
 * Remembers this file, whatever was remembered before.
 *
 * @throws VaultError `busy` where the file is no longer the one that is there; `io`.
 */
export async function rememberVault(paths: StorePaths, file: VaultFile, key: Uint8Array): Promise<void> {
  const lock = await acquireLock(paths.lockFile);
  try {
    const stored = paths.engine === undefined ? undefined : await readStored(await paths.engine());
    const now = paths.engine === undefined ? await readFile(paths) : stored?.file;
    if (now === undefined || !equalBytes(now.bodyHash, file.bodyHash)) throw changedMeanwhile();
    if (stored !== undefined) await keepCopy(paths, stored, true);
    writeAnchor(paths.anchorFile, file, key);
  } finally {
    lock.release();
  }
}

/**
 * Makes the vault.
 *
 * @param make is called under the lock, when it is sure that there is no vault.
 * @param lost a vault that holds no secret, which the new one may replace as long as it is still that very file.
 * @throws VaultError `already-exists` with no byte changed; `busy`; `io`.
 */
export async function createVault(paths: StorePaths, make: () => Promise<{ readonly contents: VaultContents; readonly holder: KeyHolder }>, lost?: VaultFile): Promise<VaultFile> {
  ensureUnsharedFolder(paths.dataFolder);
  const lock = await acquireVaultLock(paths);
  try {
    const adapter = openAdapter(paths);
    if (lost === undefined) await requireNoVault(paths);
    else await requireStillEmpty(adapter, lost);
    const { contents, holder } = await make();
    adapter.authenticateWith(holder);
    return await write(paths, adapter, contents, await anchorKeyOf(holder, contents));
  } finally {
    await lock.release();
  }
}

/**
 * Changes the vault under its lock: reads it again, verifies it with the holder, hands it to `change`, writes what that returns.
 *
 * @throws VaultError `no-vault`, `busy`, `io`, any reading error, and whatever `change` throws; then the file is as it was. Only an `io` may come after the rename, with the new file in place.
 */
export async function changeVault(paths: StorePaths, holder: KeyHolder, change: (contents: VaultContents) => Promise<VaultChange>): Promise<VaultFile> {
  requireUnsharedFolder(paths.dataFolder);
  if (paths.engine === undefined && !isThere(paths.vaultFile)) throw noVault(paths.vaultFile);
  const lock = await acquireVaultLock(paths);
  let key: Uint8Array | undefined;
  let nextKey: Uint8Array | undefined;
  try {
    if (paths.engine !== undefined) await pullVault(paths, paths.engine);
    const adapter = openAdapter(paths, holder);
    await adapter.read();
    const file = adapter.file;
    if (file === undefined) throw noVault(paths.vaultFile);
    const anchor = readAnchor(paths.anchorFile);
    requireNewest(file, anchor);
    await verifyVaultFile(file, holder);
    key = await anchorKeyOf(holder, file.contents);
    requireOwnAnchor(file, anchor, key);
    const { contents, holder: newHolder } = await change(file.contents);
    if (newHolder !== undefined) adapter.authenticateWith(newHolder);
    nextKey = await anchorKeyOf(newHolder ?? holder, contents);
    // Where the vault key is another one from now on: cut off on either side of the rename, what is remembered was remembered with the key of the vault that is here.
    if (!equalBytes(key, nextKey)) writeAnchor(paths.anchorFile, file, key, nextKey);
    return await write(paths, adapter, { ...contents, generation: file.contents.generation + 1 }, nextKey);
  } finally {
    wipe(key, nextKey);
    await lock.release();
  }
}

export interface VaultLock {
  release(): Promise<void>;
}

/**
 * The lock of this machine, and where the vault is on an engine, its lease among all machines.
 *
 * @throws VaultError `busy`, also where the vault was moved to an engine since this process began; `io`, `store-unavailable`.
 */
export async function acquireVaultLock({ engine, dataFolder, lockFile }: LockPaths): Promise<VaultLock> {
  const lock = await acquireLock(lockFile);
  let lease: Lease | undefined;
  try {
    if (engine !== undefined) lease = await acquireLease(await engine(), leaseName("vault"));
    else if (isOnEngine(dataFolder)) throw new VaultError("busy", "the vault was moved to a store meanwhile", "try again");
  } catch (error) {
    lock.release();
    throw error;
  }
  return {
    async release() {
      try {
        await lease?.release();
      } finally {
        lock.release();
      }
    },
  };
}

function openAdapter(paths: StorePaths, holder?: KeyHolder): VaultAdapter {
  const { engine } = paths;
  return new VaultAdapter(paths.vaultFile, holder, engine === undefined ? undefined : (bytes, before) => publishVault(paths, engine, bytes, before));
}

export function noVault(path: string): VaultError {
  return new VaultError("no-vault", `there is no vault at "${path}"`, "vault init");
}

/** @throws VaultError `already-exists` for anything at the vault's path, a damaged vault or a dangling link included, and for anything in its place on the engine; `store-unavailable`. */
export async function requireNoVault({ vaultFile, engine: openEngine }: StorePaths): Promise<void> {
  const engine = await openEngine?.();
  if (engine !== undefined && (await engine.read(VAULT_ENTRY)).kind !== "none") throw new VaultError("already-exists", `there is a vault in the store ${engine.where} already`, "it was left untouched; what it is: vault status");
  if (!isThere(vaultFile)) return;
  throw new VaultError("already-exists", `there is a vault at "${vaultFile}" already`, "it was left untouched; what it is: vault status");
}

async function requireStillEmpty(adapter: VaultAdapter, lost: VaultFile): Promise<void> {
  await adapter.read();
  const isSame = adapter.file !== undefined && equalBytes(adapter.file.bodyHash, lost.bodyHash);
  if (!isSame || adapter.file.records.count > 0) throw changedMeanwhile();
}

async function anchorKeyOf(holder: KeyHolder, contents: VaultContents): Promise<Uint8Array> {
  // No copy of the key: a small array of V8's own is moved about, and leaves its bytes behind.
  const { anchor, audit, placeholder, services } = await openVaultKeys(holder, contents);
  wipe(audit, placeholder, services);
  return anchor;
}

function changedMeanwhile(): VaultError {
  return new VaultError("busy", "another process has changed the vault meanwhile", "try again");
}

async function write(paths: StorePaths, adapter: VaultAdapter, contents: VaultContents, anchorKey: Uint8Array): Promise<VaultFile> {
  const db = new Low<VaultContents | null>(adapter, null);
  db.data = contents;
  await db.write();
  if (adapter.file === undefined) throw new VaultError("io", "the vault was not written");
  writeAnchor(paths.anchorFile, adapter.file, anchorKey);
  return adapter.file;
}

/** Anything at all, a link that leads nowhere included. @throws VaultError `io` where its folder cannot be looked into, or is none. */
function isThere(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch (error) {
    throw new VaultError("io", `cannot look for "${path}" (${systemErrorCode(error) ?? "unknown error"})`, "check that each folder on the way to it is a folder, and yours to read");
  }
}

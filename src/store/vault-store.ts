// Reads and changes vault.json (FORMAT.md, "Writing").
import { lstatSync } from "node:fs";
import { Low } from "lowdb";
import { equalBytes } from "../bytes.ts";
import { acquireLock } from "../disk/file-lock.ts";
import { ensureUnsharedFolder, requireUnsharedFolder } from "../disk/private-folder.ts";
import { VaultError } from "../errors.ts";
import type { VaultPaths } from "../paths.ts";
import type { KeyHolder } from "../vault/key-holder.ts";
import type { VaultContents, VaultFile } from "../vault/vault-file.ts";
import { verifyVaultFile } from "../vault/vault-file.ts";
import { readAnchor, requireNotRolledBack, writeAnchor } from "./anchor.ts";
import { VaultAdapter } from "./vault-adapter.ts";

export type StorePaths = Pick<VaultPaths, "dataFolder" | "vaultFile" | "lockFile" | "anchorFile">;

/** What a change makes of the vault. With `holder`, the file is authenticated by that key from now on. */
export interface VaultChange {
  /** `generation` is set by the store. */
  readonly contents: VaultContents;
  readonly holder?: KeyHolder;
}

/**
 * Reads the vault without a lock and without changing a byte. What comes back is well-formed, undamaged and not rolled back; only `verifyVaultFile` makes it trusted.
 *
 * @returns undefined where there is no vault.
 * @throws VaultError of FORMAT.md's reading checks, `rolled-back`, `unsafe-file`, `io`.
 */
export async function readVault(paths: StorePaths): Promise<VaultFile | undefined> {
  requireUnsharedFolder(paths.dataFolder);
  if (!isThere(paths.vaultFile)) return undefined;
  // Before the vault: an anchor read after it may be that of a change in between, and make the vault look old.
  const anchor = readAnchor(paths.anchorFile);
  const adapter = new VaultAdapter(paths.vaultFile);
  await new Low<VaultContents | null>(adapter, null).read();
  if (adapter.file !== undefined) requireNotRolledBack(adapter.file, anchor, paths.anchorFile);
  return adapter.file;
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
  const lock = await acquireLock(paths.lockFile);
  try {
    const adapter = new VaultAdapter(paths.vaultFile);
    if (lost === undefined) requireNoVault(paths);
    else await requireStillEmpty(adapter, lost);
    const { contents, holder } = await make();
    adapter.authenticateWith(holder);
    return await write(paths, adapter, contents);
  } finally {
    lock.release();
  }
}

/**
 * Changes the vault under its lock: reads it again, verifies it with the holder, hands it to `change`, writes what that returns.
 *
 * @throws VaultError `no-vault`, `busy`, `io`, any reading error, and whatever `change` throws; then the file is as it was. Only an `io` may come after the rename, with the new file in place.
 */
export async function changeVault(paths: StorePaths, holder: KeyHolder, change: (contents: VaultContents) => Promise<VaultChange>): Promise<VaultFile> {
  requireUnsharedFolder(paths.dataFolder);
  if (!isThere(paths.vaultFile)) throw noVault(paths.vaultFile);
  const lock = await acquireLock(paths.lockFile);
  try {
    const adapter = new VaultAdapter(paths.vaultFile, holder);
    await adapter.read();
    const file = adapter.file;
    if (file === undefined) throw noVault(paths.vaultFile);
    requireNotRolledBack(file, readAnchor(paths.anchorFile), paths.anchorFile);
    await verifyVaultFile(file, holder);
    const { contents, holder: newHolder } = await change(file.contents);
    if (newHolder !== undefined) adapter.authenticateWith(newHolder);
    return await write(paths, adapter, { ...contents, generation: file.contents.generation + 1 });
  } finally {
    lock.release();
  }
}

export function noVault(path: string): VaultError {
  return new VaultError("no-vault", `there is no vault at "${path}"`, "vault init");
}

/** @throws VaultError `already-exists` for anything at the vault's path, a damaged vault or a dangling link included. */
export function requireNoVault({ vaultFile }: StorePaths): void {
  if (!isThere(vaultFile)) return;
  throw new VaultError("already-exists", `there is a vault at "${vaultFile}" already`, "vault status tells about it; it was left untouched");
}

async function requireStillEmpty(adapter: VaultAdapter, lost: VaultFile): Promise<void> {
  await adapter.read();
  const isSame = adapter.file !== undefined && equalBytes(adapter.file.bodyHash, lost.bodyHash);
  if (!isSame || adapter.file.records.count > 0) throw new VaultError("busy", "another process has changed the vault meanwhile", "try again");
}

async function write(paths: StorePaths, adapter: VaultAdapter, contents: VaultContents): Promise<VaultFile> {
  const db = new Low<VaultContents | null>(adapter, null);
  db.data = contents;
  await db.write();
  if (adapter.file === undefined) throw new VaultError("io", "the vault was not written");
  writeAnchor(paths.anchorFile, adapter.file);
  return adapter.file;
}

/** Anything at all, a link that leads nowhere included. */
function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

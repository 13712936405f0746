// The file provider. A key is replaced by way of `<path>.<key id>`: it is durable under that name before the vault points to it, and takes the old key's place after.
import { chmodSync, existsSync, lstatSync, renameSync } from "node:fs";
import { dirname, isAbsolute, join, relative, sep } from "node:path";
import { encodeHex, equalBytes, wipe } from "../bytes.ts";
import { createFile, readPrivateFile, removeFile, syncFolder } from "../disk/durable-file.ts";
import { ensureUnsharedFolder } from "../disk/private-folder.ts";
import { VaultError } from "../errors.ts";
import { keyIdOf } from "../vault/derive.ts";
import type { Kek } from "../vault/key-bytes.ts";
import { encodeKeyText, parseKeyBytes } from "./key-text.ts";
import type { StagedKey } from "./provider.ts";

const BYTES_MAX = 4096;

export interface KeyFileVault {
  readonly id: Uint8Array;
  readonly folder: string;
}

/** Relative where the key lies in the vault's own folder, so that the two can be moved together. */
export function locateKeyFile(path: string, vaultFolder: string): string {
  const below = relative(vaultFolder, path);
  return below !== "" && below !== ".." && !below.startsWith(`..${sep}`) && !isAbsolute(below) ? below : path;
}

export function resolveKeyFile(located: string, vaultFolder: string): string {
  return isAbsolute(located) ? located : join(vaultFolder, located);
}

/**
 * The key that the slot means: the one at `path`, or the one beside it that a replacement was about to put there when it was cut off.
 *
 * @throws VaultError `key-unavailable` where there is none or it may not be trusted, `wrong-key` where the file holds no key.
 */
export function loadKeyFile(path: string, keyId: Uint8Array, vaultId: Uint8Array): Kek {
  const meant = findMeantKey(path, keyId, vaultId) ?? findMeantKey(pendingPath(path, keyId), keyId, vaultId);
  if (meant !== undefined) return meant;
  const other = findKey(path);
  if (other === undefined) throw new VaultError("key-unavailable", `the key file "${path}" is missing`, "put it back from where you keep a copy; without it nothing opens this vault");
  return other;
}

/**
 * Stages a key at a path. A file that is there already is never overwritten, whatever it holds.
 *
 * @throws VaultError `already-exists`, `io`.
 */
export function stageKeyFile(path: string, kek: Kek, vault: KeyFileVault): StagedKey {
  ensureUnsharedFolder(dirname(path));
  createFile(path, encodeKeyText(kek));
  requireReadsBack(path, kek);
  return describeStaged(path, kek, vault);
}

function describeStaged(path: string, kek: Kek, vault: KeyFileVault): StagedKey {
  return {
    locator: { provider: "file", path: locateKeyFile(path, vault.folder), owned: true },
    kek,
    settle: () => Promise.resolve(),
    discard: () => { removeFile(path); return Promise.resolve(); },
  };
}

/**
 * Takes a key file that the user made. It stays the user's: no rotation overwrites or removes it.
 * One that others may read is closed to them, with a warning: its key may be known already.
 *
 * @throws VaultError `key-unavailable`, `wrong-key`.
 */
export function adoptKeyFile(path: string, vault: KeyFileVault, warn: (message: string) => void): StagedKey {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  const isOpen = stat?.isFile() === true && stat.uid === process.geteuid?.() && (stat.mode & 0o077) !== 0;
  if (isOpen) chmodSync(path, 0o600);
  const kek = findKeyOr(path, () => { if (isOpen) chmodSync(path, stat.mode & 0o7777); });
  if (isOpen) warn(`the key file "${path}" was open to other users; it is 0600 now, but whoever has read it can open this vault`);
  if (kek === undefined) throw new VaultError("key-unavailable", `the key file "${path}" is missing`);
  return { locator: { provider: "file", path: locateKeyFile(path, vault.folder), owned: false }, kek, settle: () => Promise.resolve(), discard: () => Promise.resolve() };
}

/** @param undo called where the file holds no key: it is somebody's, and stays as it was. */
function findKeyOr(path: string, undo: () => void): Kek | undefined {
  try {
    return findKey(path);
  } catch (error) {
    undo();
    throw error;
  }
}

/**
 * Stages the successor of the key at `path`. Where vault made that file, the successor takes its place and the old key is gone;
 * where the user made it, it stays as it is and the successor keeps a name of its own. One that an earlier attempt has left is taken as it is.
 *
 * @throws VaultError `already-exists`, `io`.
 */
export function stageNextKeyFile(path: string, isOwned: boolean, kek: Kek, vault: KeyFileVault): StagedKey {
  const keyId = keyIdOf(kek, vault.id);
  const pending = pendingPath(path, keyId);
  const staged = isLeftOver(pending, keyId, vault.id) ? describeStaged(pending, kek, vault) : stageKeyFile(pending, kek, vault);
  if (!isOwned) return staged;
  return {
    ...staged,
    locator: { provider: "file", path: locateKeyFile(path, vault.folder), owned: true },
    settle: () => { settleKeyFile(path, keyId); return Promise.resolve(); },
  };
}

/**
 * Stages the key of a vault that had another provider, or another file: it gets its place once the vault points there. So an attempt that was cut off leaves the place free for the next.
 *
 * @throws VaultError `already-exists` for anything at the path, `io`.
 */
export function stageKeyFileElsewhere(path: string, kek: Kek, vault: KeyFileVault): StagedKey {
  if (lstatSync(path, { throwIfNoEntry: false }) !== undefined) throw new VaultError("already-exists", `"${path}" already exists`, "it was left untouched; name another with --file-path");
  return stageNextKeyFile(path, true, kek, vault);
}

function isLeftOver(pending: string, keyId: Uint8Array, vaultId: Uint8Array): boolean {
  const found = findMeantKey(pending, keyId, vaultId);
  wipe(found);
  // The earlier attempt may have been cut off before the file's name was durable.
  if (found !== undefined) syncFolder(dirname(pending));
  return found !== undefined;
}

/** Puts a pending key of this id in its place, if one is there: also what finishes a replacement that was cut off. */
export function settleKeyFile(path: string, keyId: Uint8Array): void {
  const pending = pendingPath(path, keyId);
  if (!existsSync(pending)) return;
  renameSync(pending, path);
  syncFolder(dirname(path));
}

/** Removes a key that vault made, after the vault points elsewhere. */
export function retireKeyFile(path: string, isOwned: boolean): void {
  if (isOwned) removeFile(path);
}

function pendingPath(path: string, keyId: Uint8Array): string {
  return `${path}.${encodeHex(keyId)}`;
}

/** The key of this id, or undefined: a file that is missing, damaged or open to others does not have it. */
function findMeantKey(path: string, keyId: Uint8Array, vaultId: Uint8Array): Kek | undefined {
  let kek: Kek | undefined;
  try {
    kek = findKey(path);
  } catch (error) {
    if (!(error instanceof VaultError)) throw error;
  }
  if (kek === undefined || equalBytes(keyIdOf(kek, vaultId), keyId)) return kek;
  wipe(kek);
  return undefined;
}

function findKey(path: string): Kek | undefined {
  let bytes: Uint8Array | undefined;
  try {
    bytes = readPrivateFile(path, BYTES_MAX);
  } catch (error) {
    if (error instanceof VaultError) throw new VaultError("key-unavailable", error.message, error.hint);
    throw error;
  }
  if (bytes === undefined) return undefined;
  try {
    return parseKeyBytes(bytes, `the key file "${path}"`);
  } finally {
    wipe(bytes);
  }
}

function requireReadsBack(path: string, kek: Kek): void {
  const again = findKey(path);
  const isSame = again !== undefined && equalBytes(again, kek);
  wipe(again);
  if (!isSame) throw new VaultError("io", `the key written to "${path}" does not read back`, "check the disk");
}

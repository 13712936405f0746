// A vault on an engine that several machines reach. The engine's bytes are in force; vault.json is this machine's copy of them, and the anchor what it has seen.
import { join } from "node:path";
import { readPrivateFile, replaceFile } from "../disk/durable-file.ts";
import { acquireLock } from "../disk/file-lock.ts";
import { ensureUnsharedFolder } from "../disk/private-folder.ts";
import { equalBytes } from "../bytes.ts";
import type { Engine, Found } from "../engines/engine.ts";
import { digestOf } from "../engines/engine.ts";
import { replaceSettled } from "../engines/settled-replace.ts";
import { VaultError } from "../errors.ts";
import type { OpenEngine, VaultPaths } from "../paths.ts";
import type { VaultFile } from "../vault/vault-file.ts";
import { FILE_BYTES_MAX, parseVaultFile } from "../vault/vault-file.ts";
import { readAnchor } from "./anchor.ts";
import { findMoved, judgeStored, movedAway } from "./judge-stored.ts";
import { readStoreFile } from "./store-file.ts";

export type CopyPaths = Pick<VaultPaths, "dataFolder" | "vaultFile" | "anchorFile">;

/** The engine's entry that holds the vault: the same bytes as a vault file's (FORMAT.md). */
export const VAULT_ENTRY = "vault";

/** The vault's bytes on their way from another place: nobody's vault before they have its name. */
export const ARRIVING_ENTRY = "arriving";

/** A vault on an engine, and the bytes that it is. */
export interface StoredVault {
  readonly file: VaultFile;
  readonly bytes: Uint8Array;
}

/**
 * Brings what the engine has into this machine's copy, if that is newer. Any number of processes may do so at once.
 *
 * @throws VaultError `store-unavailable`: of an engine that cannot be asked nobody knows what has changed, so the copy is not taken for the vault; `rolled-back`; FORMAT.md's reading checks; `io`.
 */
export async function pullVault(paths: CopyPaths, openEngine: OpenEngine): Promise<void> {
  const engine = await openEngine();
  const copy = readCopy(paths);
  const anchor = readAnchor(paths.anchorFile);
  const found = await engine.read(VAULT_ENTRY, copy === undefined ? undefined : digestOf(copy.bytes));
  if (found.kind === "same") return;
  if (copy !== undefined && isCutOffArrival(paths, found) && (await settleArrival(engine, copy))) return;
  const stored = found.kind === "none" ? undefined : parseStored(engine, found.bytes);
  if (judgeStored(engine.where, stored?.file, { copy: copy?.file, anchor }) && stored !== undefined) await keepCopy(paths, stored, false);
}

/** The vault as the engine has it, whatever this machine has seen; undefined where there is none. @throws VaultError `store-unavailable`, FORMAT.md's reading checks. */
export async function readStored(engine: Engine): Promise<StoredVault | undefined> {
  const found = await engine.read(VAULT_ENTRY);
  return found.kind === "bytes" ? parseStored(engine, found.bytes) : undefined;
}

/**
 * Puts new bytes in force: in the engine first, then here.
 *
 * @param before what is in force now, undefined where nothing is.
 * @throws VaultError `busy` where something else is in force; `store-unavailable` where nobody knows whether it was done; `io` with the new bytes in force.
 */
export async function publishVault(paths: CopyPaths, openEngine: OpenEngine, bytes: Uint8Array, before: Uint8Array | undefined): Promise<void> {
  const engine = await openEngine();
  if ((await replaceSettled(engine, VAULT_ENTRY, bytes, before)) === "changed") {
    if (before === undefined) throw new VaultError("already-exists", `there is a vault in the store ${engine.where} already`, "it was left untouched");
    throw new VaultError("busy", `another machine has changed the vault in the store ${engine.where} meanwhile`, "try again");
  }
  await keepCopy(paths, { bytes, file: parseVaultFile(bytes) }, false);
}

/**
 * Gives what was moved here its name, if that was not done: the old place is given up by now.
 *
 * @returns false where there is nothing that was moved here.
 * @throws VaultError `store-unavailable`.
 */
export async function settleArrival(engine: Engine, { bytes }: Pick<StoredVault, "bytes">): Promise<boolean> {
  const arriving = await engine.read(ARRIVING_ENTRY);
  if (arriving.kind !== "bytes" || !equalBytes(arriving.bytes, bytes)) return false;
  const there = await engine.read(VAULT_ENTRY);
  const before = there.kind === "bytes" ? there.bytes : undefined;
  // A vault that has its name may have been changed since.
  if (before === undefined || findMoved(before) !== undefined) await replaceSettled(engine, VAULT_ENTRY, bytes, before);
  await replaceSettled(engine, ARRIVING_ENTRY, undefined, bytes);
  return true;
}

function isCutOffArrival({ dataFolder }: CopyPaths, found: Found): boolean {
  if (found.kind !== "none" && !(found.kind === "bytes" && findMoved(found.bytes) !== undefined)) return false;
  const file = readStoreFile(dataFolder);
  return file !== undefined && file.next?.to === file.store;
}

/** @param isForced also in the place of a newer copy, or of another vault's. */
export async function keepCopy({ dataFolder, vaultFile, anchorFile }: CopyPaths, { bytes, file }: StoredVault, isForced: boolean): Promise<void> {
  ensureUnsharedFolder(dataFolder);
  // Of its own: whoever changes the vault holds its lock for long, and must not keep readers waiting.
  const lock = await acquireLock(join(dataFolder, "copy.lock"));
  try {
    const there = readCopy({ dataFolder, vaultFile, anchorFile })?.file.contents;
    if (!isForced && there !== undefined && equalBytes(there.id, file.contents.id) && there.generation >= file.contents.generation) return;
    replaceFile(vaultFile, bytes);
  } finally {
    lock.release();
  }
}

/** One that does not read is none: the engine has the whole one. @throws VaultError `unsafe-file`, `io`. */
export function readCopy({ vaultFile }: CopyPaths): StoredVault | undefined {
  try {
    const bytes = readPrivateFile(vaultFile, FILE_BYTES_MAX);
    return bytes === undefined ? undefined : { bytes, file: parseVaultFile(bytes) };
  } catch (error) {
    if (error instanceof VaultError && error.code !== "unsafe-file" && error.code !== "io") return undefined;
    throw error;
  }
}

function parseStored(engine: Engine, bytes: Uint8Array): StoredVault {
  const moved = findMoved(bytes);
  if (moved !== undefined) throw movedAway(engine.where, moved);
  return { bytes, file: parseVaultFile(bytes) };
}

// Moves the vault to another place: a store, or this machine's file. One moment decides which of the two is in force.
import { randomBytes } from "node:crypto";
import { realmOf } from "../../agent/presence/presence.ts";
import { findPresent } from "../../agent/presence/roll-call.ts";
import { readLog } from "../../audit/log.ts";
import { listSegments } from "../../audit/segment-copies.ts";
import { equalBytes, utf8 } from "../../bytes.ts";
import { acquireLock } from "../../disk/file-lock.ts";
import type { Engine } from "../../engines/engine.ts";
import { replaceSettled } from "../../engines/settled-replace.ts";
import { VaultError } from "../../errors.ts";
import type { StoredVault } from "../../store/engine-vault.ts";
import { ARRIVING_ENTRY, pullVault, readCopy, settleArrival, VAULT_ENTRY } from "../../store/engine-vault.ts";
import { encodeMoved, findMoved } from "../../store/judge-stored.ts";
import type { StoreFile } from "../../store/store-file.ts";
import { readStoreFile, removeStoreFile, writeStoreFile } from "../../store/store-file.ts";
import { acquireVaultLock, noVault } from "../../store/vault-store.ts";
import type { KeyHolder } from "../../vault/key-holder.ts";
import type { VaultFile } from "../../vault/vault-file.ts";
import { parseVaultFile, verifyVaultFile } from "../../vault/vault-file.ts";
import { appendAudited } from "../keys/change-vault.ts";
import { lockVault } from "../keys/lock-vault.ts";
import { findHolder, openVault } from "../keys/open-vault.ts";
import type { Surroundings } from "../surroundings.ts";
import { carryEverything, carryRest, closeLog, fetchEverything, requireSame } from "./carried-logs.ts";
import { joinArrival } from "./init-on-store.ts";
import type { NamedStore } from "./named-store.ts";

/** `file`: this machine's own. */
export type Destination = "file" | NamedStore;

export interface MoveOutcome {
  readonly from: string;
  readonly to: string;
  readonly generation: number;
  /** Of the log. */
  readonly lines: number;
  /** That have a log of their own. */
  readonly runs: number;
}

/**
 * Moves the vault with its log and the logs of its runs.
 *
 * Order: what is moved stands in the new place, read back and verified, under a name that counts for nothing; the old place is given up by one act (compare and swap of its entry, or the renaming of
 * store.json); then the new place gets the name. Until that act the old place is in force, and from then on nobody changes anything there. Cut off behind it, moving again to the same place finishes:
 * on this machine, or, where it is lost, on another that has the key.
 *
 * @throws VaultError `usage` where it is there already; `already-exists` where another vault is there; `busy` while runs are under way here; as `openVault`; `store-unavailable`.
 */
export async function moveVault(surroundings: Surroundings, to: Destination): Promise<MoveOutcome> {
  const { paths } = surroundings;
  const now = readStoreFile(paths.dataFolder);
  const [from, target] = [now?.store ?? "file", nameOf(to)];
  if (from === target && now?.next?.to !== target) throw new VaultError("usage", `the vault is there already: ${target}`, "where it is: vault status");
  // They write to the log where it was when they began.
  if (findPresent("run", realmOf(paths.dataFolder)).length > 0) throw new VaultError("busy", "runs of this vault are under way on this machine", "move it when they have ended");
  const isGivenUp = now?.next?.to === target && (from === target || (await isMovedBy(surroundings, now.next)));
  if (!isGivenUp && to !== "file") {
    const joined = await joinArrival(surroundings, to);
    if (joined !== undefined) return { from, to: target, ...tell(surroundings, joined) };
  }
  const outcome = await (isGivenUp ? finishMove(surroundings, now, to) : beginMove(surroundings, now, to));
  // An agent that was started before knows the old place.
  await lockVault(surroundings).catch(() => undefined);
  return { ...outcome, from, to: target };
}

const ANOTHER_PLACE = "it was left untouched; another place in the same store: give the address another name at its end";

type Moved = Omit<MoveOutcome, "from" | "to">;

async function beginMove(surroundings: Surroundings, now: StoreFile | undefined, to: Destination): Promise<Moved> {
  const { paths } = surroundings;
  const next = { to: nameOf(to), by: randomBytes(16).toString("hex") };
  const vault = await openVault(surroundings);
  try {
    const lock = await acquireVaultLock(paths);
    try {
      if (paths.engine !== undefined) await pullVault(paths, paths.engine);
      const copy = readCopy(paths);
      if (copy === undefined) throw noVault(paths.vaultFile);
      await verifyVaultFile(copy.file, vault.holder);
      if (to !== "file") await requireRoom(await to.open());
      await appendAudited(surroundings, vault.holder, copy.file.contents, { kind: "store.move", to: next.to });
      if (now !== undefined) writeStoreFile(paths.dataFolder, { store: now.store, password: now.password, next });
      await fetchEverything(surroundings, copy.file, vault.holder);
      if (to !== "file") await prepare(surroundings, await to.open(), copy, vault.holder);
      // Until the file is in force: for who goes on where this machine is lost.
      else if (paths.engine !== undefined) await putArriving(await paths.engine(), copy);
      if (now !== undefined) await giveUp(surroundings, copy, next);
      else if (to !== "file") writeStoreFile(paths.dataFolder, { ...to.file, next });
      return await finish(surroundings, { now, next, to, copy, holder: vault.holder });
    } finally {
      await lock.release();
    }
  } finally {
    vault.close();
  }
}

/** One that was cut off behind the moment that decides: the vault is this machine's copy, since nobody can have changed it. */
async function finishMove(surroundings: Surroundings, now: StoreFile, to: Destination): Promise<Moved> {
  const { paths } = surroundings;
  const copy = readCopy(paths);
  if (copy === undefined) throw noVault(paths.vaultFile);
  const holder = await findHolder(surroundings, copy.file);
  try {
    await verifyVaultFile(copy.file, holder);
    const lock = await acquireLock(paths.lockFile);
    try {
      return await finish(surroundings, { now, next: now.next, to, copy, holder });
    } finally {
      lock.release();
    }
  } finally {
    holder.close();
  }
}

/** Everything in the new place, under a name that counts for nothing yet; and read back. */
async function prepare(surroundings: Surroundings, engine: Engine, copy: StoredVault, holder: KeyHolder): Promise<void> {
  await carryEverything(surroundings, engine, copy.file);
  const back = await putArriving(engine, copy);
  await verifyVaultFile(parseVaultFile(back), holder);
  await requireSame(surroundings, engine, copy.file);
}

/** @returns what reads back. @throws VaultError `already-exists` where another vault, or a newer one, is on its way there; `busy`, `io`. */
async function putArriving(engine: Engine, copy: StoredVault): Promise<Uint8Array> {
  const left = await engine.read(ARRIVING_ENTRY);
  const before = left.kind === "bytes" ? left.bytes : undefined;
  if (before !== undefined) requireSameArrival(engine, before, copy);
  if ((before === undefined || !equalBytes(before, copy.bytes)) && (await replaceSettled(engine, ARRIVING_ENTRY, copy.bytes, before)) === "changed") throw new VaultError("busy", `another machine moves a vault to the store ${engine.where}`, "try again");
  const back = await engine.read(ARRIVING_ENTRY);
  if (back.kind !== "bytes" || !equalBytes(back.bytes, copy.bytes)) throw new VaultError("io", `what was written to the store ${engine.where} does not read back`, "the vault is where it was");
  return back.bytes;
}

/** It may be in force nowhere else. */
function requireSameArrival(engine: Engine, bytes: Uint8Array, { file: { contents } }: StoredVault): void {
  const there = parseVaultFile(bytes).contents;
  if (equalBytes(there.id, contents.id) && there.generation <= contents.generation) return;
  throw new VaultError("already-exists", `another vault, or a newer one, is being moved to the store ${engine.where}`, ANOTHER_PLACE);
}

/** The moment that decides, for a vault that was on a store. */
async function giveUp({ paths }: Surroundings, { bytes }: StoredVault, next: NonNullable<StoreFile["next"]>): Promise<void> {
  const engine = await paths.engine?.();
  if (engine !== undefined && (await replaceSettled(engine, VAULT_ENTRY, utf8(encodeMoved(next)), bytes)) === "changed") throw new VaultError("busy", `another machine has changed the vault in the store ${engine.where} meanwhile`, "try again");
}

interface GivenUp {
  readonly now: StoreFile | undefined;
  readonly next: StoreFile["next"];
  readonly to: Destination;
  readonly copy: StoredVault;
  readonly holder: KeyHolder;
}

/** Each step does nothing where it was done. */
async function finish(surroundings: Surroundings, { now, next, to, copy, holder }: GivenUp): Promise<Moved> {
  const { paths } = surroundings;
  const old = now === undefined || now.store === nameOf(to) ? undefined : await paths.engine?.();
  if (old !== undefined && next !== undefined) {
    // Lines that others have appended to the old log come along; then it takes no more.
    await closeLog(surroundings, old, copy.file, encodeMoved(next), holder);
    if (to !== "file" && !(await isInForce(await to.open(), copy))) await carryRest(surroundings, await to.open(), copy.file);
  }
  if (to === "file") {
    removeStoreFile(paths.dataFolder);
    // From here on the file is in force, whatever becomes of this.
    if (old !== undefined) await replaceSettled(old, ARRIVING_ENTRY, undefined, copy.bytes).catch(() => undefined);
  } else {
    writeStoreFile(paths.dataFolder, { ...to.file, next });
    await giveName(await to.open(), copy);
    writeStoreFile(paths.dataFolder, to.file);
  }
  return tell(surroundings, copy.file);
}

/** Nobody else can have changed the vault, so this machine's is the one, also where nothing arrives any more. @throws VaultError `busy`, and as `isInForce`. */
async function giveName(engine: Engine, copy: StoredVault): Promise<void> {
  if ((await settleArrival(engine, copy)) || (await isInForce(engine, copy))) return;
  const found = await engine.read(VAULT_ENTRY);
  if ((await replaceSettled(engine, VAULT_ENTRY, copy.bytes, found.kind === "bytes" ? found.bytes : undefined)) === "changed") throw new VaultError("busy", `another machine writes to the store ${engine.where}`, "try again");
}

/** Whether another machine that has the key has finished this move, and the vault may have gone on since. @throws VaultError `already-exists` for another vault. */
async function isInForce(engine: Engine, { file }: StoredVault): Promise<boolean> {
  const found = await engine.read(VAULT_ENTRY);
  if (found.kind !== "bytes" || findMoved(found.bytes) !== undefined) return false;
  if (equalBytes(parseVaultFile(found.bytes).contents.id, file.contents.id)) return true;
  throw new VaultError("already-exists", `there is another vault in the store ${engine.where}`, "it was left untouched; this machine's copy is vault.json");
}

function tell({ paths }: Surroundings, { contents }: VaultFile): Moved {
  return { generation: contents.generation, lines: readLog(paths.auditFolder).length, runs: listSegments(paths.auditFolder).length };
}

/** @throws VaultError `already-exists`. */
async function requireRoom(engine: Engine): Promise<void> {
  const found = await engine.read(VAULT_ENTRY);
  if (found.kind !== "bytes" || findMoved(found.bytes) !== undefined) return;
  throw new VaultError("already-exists", `there is a vault in the store ${engine.where} already`, ANOTHER_PLACE);
}

async function isMovedBy({ paths }: Surroundings, { by }: NonNullable<StoreFile["next"]>): Promise<boolean> {
  const found = await (await paths.engine?.())?.read(VAULT_ENTRY);
  return found?.kind === "bytes" && findMoved(found.bytes)?.by === by;
}

function nameOf(to: Destination): string {
  return to === "file" ? "file" : to.file.store;
}

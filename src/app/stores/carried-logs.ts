// The logs of a vault on their way between this machine and a store: the main one, and those of runs.
import { readFileSync } from "node:fs";
import { findEntry } from "../../audit/entry.ts";
import { PACK_LINES, putPack, removePack } from "../../audit/log-packs.ts";
import type { LogStore } from "../../audit/log-store.ts";
import { lineName, listLines } from "../../audit/log-store.ts";
import { readLog, withLogLock } from "../../audit/log.ts";
import { findRuns } from "../../audit/runs.ts";
import { findSegment, listSegments, reconcileSegment } from "../../audit/segment-copies.ts";
import { pushPieces, readPieces } from "../../audit/segment-pieces.ts";
import { equalBytes, utf8 } from "../../bytes.ts";
import type { Engine } from "../../engines/engine.ts";
import { replaceSettled } from "../../engines/settled-replace.ts";
import { VaultError } from "../../errors.ts";
import { findMoved } from "../../store/judge-stored.ts";
import { wipeVaultKeys } from "../../vault/derive.ts";
import { openVaultKeys } from "../../vault/envelope.ts";
import type { KeyHolder } from "../../vault/key-holder.ts";
import type { VaultFile } from "../../vault/vault-file.ts";
import { followChains } from "../auditing/verify-trail.ts";
import { withRecall } from "../keys/head-witness.ts";
import { catchUpLog } from "../keys/log-reading.ts";
import type { Surroundings } from "../surroundings.ts";

export interface CarriedLog {
  /** How many lines the store has now. */
  readonly lines: number;
  /** How many others it had in their places, or behind them, and has no more. */
  readonly dropped: number;
}

/**
 * Makes the store's log what these lines are. Cut off, it can be done again.
 *
 * @throws VaultError `audit-broken` for a line that has no number; `busy` where somebody else writes there; `store-unavailable`.
 */
export async function carryLog(store: LogStore, lines: readonly string[]): Promise<CarriedLog> {
  const ours = new Map(lines.map((line) => [numberOf(line), line]));
  const theirs = new Map<number, string>();
  for await (const page of listLines(store, 0)) for (const { sequence, line } of page) theirs.set(sequence, line);
  let dropped = 0;
  // From the end: what is cut off between is a log that is shorter, and none that has a hole.
  for (const [sequence, line] of [...theirs].reverse()) {
    if (ours.get(sequence) === line) continue;
    // The pack first, which would tell of lines that are not there any more.
    await removePack(store, Math.ceil(sequence / PACK_LINES) * PACK_LINES);
    await replace(store, sequence, undefined, line);
    dropped += 1;
  }
  for (const [index, [sequence, line]] of [...ours].entries()) {
    if (theirs.get(sequence) !== line) await replace(store, sequence, line, undefined);
    await putPack(store, sequence, () => lines.slice(0, index + 1));
  }
  return { lines: ours.size, dropped };
}

/** Brings all logs of the vault to this machine, as far as they are elsewhere, and verifies them. @throws VaultError as `followChains`. */
export async function fetchEverything(surroundings: Surroundings, { contents }: VaultFile, holder: KeyHolder): Promise<void> {
  const keys = await openVaultKeys(holder, contents);
  try {
    await withRecall(surroundings, contents.id, (recall) => followChains(surroundings.paths, contents, keys.audit, recall));
  } finally {
    wipeVaultKeys(keys);
  }
}

/** Puts all logs that are here into the store. @throws VaultError as `carryLog`, `pushPieces`. */
export async function carryEverything({ paths }: Surroundings, engine: Engine, { contents }: VaultFile): Promise<void> {
  const folder = paths.auditFolder;
  await carryLog({ engine, vaultId: contents.id }, readLog(folder));
  for (const id of listSegments(folder)) await pushPieces(engine, id, findSegment(folder, id), 0);
}

/**
 * Puts into the store what its logs lack of those that are here, and takes nothing away: their beginning stands there.
 *
 * @throws VaultError `busy` where something else stands there; `store-unavailable`.
 */
export async function carryRest({ paths }: Surroundings, engine: Engine, { contents }: VaultFile): Promise<void> {
  const folder = paths.auditFolder;
  const store = { engine, vaultId: contents.id };
  const lines = readLog(folder);
  const ours = new Map(lines.map((line) => [numberOf(line), line]));
  const theirs = new Set<number>();
  for await (const page of listLines(store, 0)) {
    for (const { sequence, line } of page) {
      if (ours.get(sequence) !== line) throw new VaultError("busy", `the log in the store ${engine.where} goes on otherwise than the vault's did where it was: another move has brought it`, "where it is, on the machine that moved the vault last: vault audit");
      theirs.add(sequence);
    }
  }
  for (const [index, [sequence, line]] of [...ours].entries()) {
    if (theirs.has(sequence)) continue;
    await replace(store, sequence, line, undefined);
    await putPack(store, sequence, () => lines.slice(0, index + 1));
  }
  for (const id of listSegments(folder)) await pushPieces(engine, id, findSegment(folder, id), 0);
}

/** @throws VaultError `io` where the store's logs are others than those that are here; `store-unavailable`. */
export async function requireSame({ paths }: Surroundings, engine: Engine, { contents }: VaultFile): Promise<void> {
  const folder = paths.auditFolder;
  const lines: string[] = [];
  for await (const page of listLines({ engine, vaultId: contents.id }, 0)) lines.push(...page.map(({ line }) => line));
  const ours = readLog(folder);
  let isSame = lines.length === ours.length && ours.every((line, index) => line === lines[index]);
  for (const id of listSegments(folder)) {
    const pieces: Uint8Array[] = [];
    for await (const bytes of readPieces(engine, id)) pieces.push(bytes);
    const file = readFileSync(findSegment(folder, id));
    isSame &&= equalBytes(Buffer.concat(pieces), file.subarray(0, file.lastIndexOf(0x0a) + 1));
  }
  if (!isSame) throw new VaultError("io", `the logs that were written to the store ${engine.where} do not read back`, "the vault is where it was");
}

/**
 * Brings the last lines of a store's log here, and occupies the place of the next, so that there is none. Then the logs of its runs, as far as they are there.
 *
 * @param mark what stands in that place.
 * @throws VaultError as `catchUpLog`, `reconcileSegment`.
 */
export async function closeLog({ paths }: Surroundings, old: Engine, file: VaultFile, mark: string, holder: KeyHolder): Promise<void> {
  const store = { engine: old, vaultId: file.contents.id };
  for (;;) {
    const name = lineName(store, numberOf(readLog(paths.auditFolder).at(-1) ?? "") + 1);
    const next = await old.read(name);
    if (next.kind === "bytes" && equalBytes(next.bytes, utf8(mark))) break;
    if (next.kind === "none" && (await replaceSettled(old, name, utf8(mark), undefined)) === "done") break;
    // Where the mark is there already, what stands before it may be new to this machine.
    await catchUpLog({ auditFolder: paths.auditFolder, engine: () => Promise.resolve(withoutMark(old)) }, file, holder);
  }
  for (const { id } of findRuns(readLog(paths.auditFolder))) {
    await withLogLock(paths.auditFolder, () => reconcileSegment(paths.auditFolder, old, id, () => undefined));
  }
}

/** Takes the mark away that keeps others from appending, if it is there. @throws VaultError `busy`, `store-unavailable`. */
export async function reopenLog(engine: Engine, { contents }: VaultFile): Promise<void> {
  const store = { engine, vaultId: contents.id };
  for await (const page of listLines(store, 0)) for (const { sequence, line } of page) if (findMoved(utf8(line)) !== undefined) await replace(store, sequence, undefined, line);
}

/** The same store, as if no log in it were closed. */
export function withoutMark(engine: Engine): Engine {
  return {
    where: engine.where,
    read: (name, known) => engine.read(name, known),
    replace: (name, bytes, expected) => engine.replace(name, bytes, expected),
    // Behind the mark nothing stands, so a page is not taken for the end too early.
    list: async (prefix, after, max) => (await engine.list(prefix, after, max)).filter(({ bytes }) => findMoved(bytes) === undefined),
    watch: (name, onChange) => engine.watch(name, onChange),
    close: () => engine.close(),
  };
}

async function replace(store: LogStore, sequence: number, line: string | undefined, before: string | undefined): Promise<void> {
  const [next, last] = [line, before].map((text) => (text === undefined ? undefined : utf8(text)));
  if ((await replaceSettled(store.engine, lineName(store, sequence), next, last)) === "changed") throw new VaultError("busy", `another machine writes to the log in the store ${store.engine.where}`, "try again");
}

function numberOf(line: string): number {
  const sequence = findEntry(line)?.seq;
  if (sequence === undefined) throw new VaultError("audit-broken", "a line of the audit log is no entry", "to see which: vault audit --verify");
  return sequence;
}

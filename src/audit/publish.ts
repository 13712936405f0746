// Puts what this machine has of the log into a store: one that a vault moves to, or one that has lost some of it.
import { findText } from "../bytes.ts";
import { replaceSettled } from "../engines/settled-replace.ts";
import { VaultError } from "../errors.ts";
import { findEntry } from "./entry.ts";
import { putPack, removePack } from "./log-packs.ts";
import type { LogStore } from "./log-store.ts";
import { lineName, listLines, putLine } from "./log-store.ts";
import { readLog } from "./log.ts";
import { findSegment, listSegments } from "./segment-copies.ts";
import { pushPieces } from "./segment-pieces.ts";

/** Each waits for its answer, and a store answers many at once. */
const AT_ONCE = 16;

/**
 * Makes the store have every line, and every run's log, that this machine has; what it has more stays. Cut off at any point, it is done again from the start, and goes on where it was. The caller holds the log's lock.
 *
 * @param onProgress how many of the lines are there.
 * @throws VaultError `already-exists` for a line that the store has otherwise; `audit-broken` for such a run; `store-unavailable`, `io`, `unsafe-file`.
 */
export async function publishLog(folder: string, store: LogStore, onProgress: (done: number, total: number) => void = () => undefined): Promise<void> {
  const lines = readLog(folder).flatMap((line) => { const entry = findEntry(line); return entry === undefined ? [] : [{ sequence: entry.seq, line }]; });
  const stored = new Map<number, string>();
  for await (const page of listLines(store, 0)) for (const { sequence, line } of page) stored.set(sequence, line);
  const missing = lines.filter(({ sequence, line }) => {
    const there = stored.get(sequence);
    if (there !== undefined && there !== line) throw other(store, sequence);
    return there === undefined;
  });
  // In their order, but for those that are under way: a store that is looked at meanwhile has a hole at its end, and no more.
  for (let from = 0; from < missing.length; from += AT_ONCE) {
    const batch = missing.slice(from, from + AT_ONCE);
    const made = await Promise.all(batch.map(({ sequence, line }) => putLine(store, sequence, line)));
    for (const [index, outcome] of made.entries()) if (outcome === "changed") await requireSame(store, batch[index]?.sequence ?? 0, batch[index]?.line ?? "");
    onProgress(lines.length - missing.length + from + batch.length, lines.length);
  }
  for (const { sequence } of missing) await putPack(store, sequence, () => lines.filter((line) => line.sequence <= sequence).map(({ line }) => line));
  for (const id of listSegments(folder)) await pushPieces(store.engine, id, findSegment(folder, id), 0);
}

/**
 * Renames the lines of a log that has lost its end, so that the chain can go on from where the vault has seen it. They stay in the store, under `aside/`.
 *
 * @throws VaultError `store-unavailable`.
 */
export async function putStoredAside(store: LogStore, now: Date): Promise<void> {
  const place = now.toISOString().toLowerCase().replace(/[^0-9tz]/g, "");
  for await (const page of listLines(store, 0)) {
    for (const { sequence } of page) {
      const name = lineName(store, sequence);
      const found = await store.engine.read(name);
      if (found.kind !== "bytes") continue;
      await replaceSettled(store.engine, name.replace(/^log\/([0-9a-f]+)\//, `aside/$1-${place}/`), found.bytes, undefined);
      await replaceSettled(store.engine, name, undefined, found.bytes);
      await removePack(store, sequence);
    }
  }
}

async function requireSame(store: LogStore, sequence: number, line: string): Promise<void> {
  const found = await store.engine.read(lineName(store, sequence));
  if (found.kind !== "bytes" || findText(found.bytes) !== line) throw other(store, sequence);
}

function other({ engine }: LogStore, sequence: number): VaultError {
  return new VaultError("already-exists", `the store ${engine.where} has another entry ${sequence} of the audit log than this machine`, "compare the two to see which is meant; vault accept takes the store's");
}

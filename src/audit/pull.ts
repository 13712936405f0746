// Brings what other machines have written into this machine's copy of the log: judged first, so that no line that nobody vouches for ever stands in it.
import { encodeBase64 } from "../bytes.ts";
import { VaultError } from "../errors.ts";
import type { ChainHead } from "./entry.ts";
import { findEntry, hashLine, macOf } from "./entry.ts";
import { readHead, writeHead } from "./head.ts";
import type { StoredVerdict } from "./judge-stored.ts";
import { judgeStored } from "./judge-stored.ts";
import { addLines, lastLineOf } from "./log-end.ts";
import { listPacks } from "./log-packs.ts";
import type { LogStore, StoredLine } from "./log-store.ts";
import { FIRST_PAGE_ENTRIES, lineName, listLines } from "./log-store.ts";
import { listParts, PART_BYTES_MAX, readLines } from "./parts.ts";

/** How the lines are judged. */
export interface PullTerms {
  /** The main log's key. */
  readonly key: Uint8Array;
  /** The head that the vault file knows. */
  readonly vouched: ChainHead;
}

/**
 * Appends the store's newer lines to this machine's copy. The caller holds the log's lock.
 *
 * @throws VaultError `rolled-back` where the store lacks what this machine has seen in it; `audit-broken` for a line that was not written with the vault's key, with none of the lines taken over; `store-unavailable`, `io`.
 */
export async function pullLines(folder: string, store: LogStore, { key, vouched }: PullTerms, partBytesMax: number = PART_BYTES_MAX): Promise<void> {
  const last = lastLineOf(folder);
  const lines = await readNewer(store, last, vouched, key);
  if (lines.length === 0) return;
  const isEmpty = listParts(folder).length === 0;
  // Behind the key that this line was written with came another, which its machine has told nobody here of: the head file, too, can only be taken at its word.
  const isEarlier = last !== undefined && !isWrittenWith(last, key);
  const seen = readHead(folder, isEarlier ? undefined : key);
  const start = findEntry(lines[0] ?? "");
  // There is a head before the first line is, or a copy that was cut off while it was made would be taken for one that was cut.
  if (isEmpty && seen.kind === "lost") writeHead(folder, { sequence: (start?.seq ?? 1) - 1, hash: start?.prev ?? "" }, key);
  addLines(folder, lines, partBytesMax);
  const newest = lines.at(-1) ?? "";
  const head = { sequence: findEntry(newest)?.seq ?? 0, hash: hashLine(newest) };
  if (isEmpty ? seen.kind === "lost" || seen.head.sequence <= head.sequence : seen.kind === "known" && seen.head.sequence <= head.sequence) writeHead(folder, head, key);
}

/** The lines of this machine's copy, and behind them those that the store has newer: followed, and not authenticated, so they are kept nowhere. @throws VaultError as `pullLines`. */
export async function readWithStore(folder: string, store: LogStore, vouched: ChainHead): Promise<string[]> {
  const own = listParts(folder).flatMap((path) => [...readLines(path)]);
  return [...own, ...(await readNewer(store, own.at(-1), vouched, undefined))];
}

/** What the store has behind a line. @param last undefined where there is none here. @param key undefined authenticates nothing. @throws VaultError as `pullLines`. */
export async function readNewer(store: LogStore, last: string | undefined, vouched: ChainHead, key: Uint8Array | undefined): Promise<readonly string[]> {
  const own = findEntry(last ?? "")?.seq ?? 0;
  const look = async (usesPacks: boolean): Promise<StoredVerdict> => judgeStored(last, await collect(store, own, usesPacks), vouched, key);
  let verdict = await look(true);
  // A list that is made while lines are appended need not have them all; and what counts are the lines, and not their packs.
  if (verdict.kind === "cut" || verdict.kind === "forged") verdict = await look(false);
  switch (verdict.kind) {
    case "same":
      return [];
    case "newer":
      return verdict.lines;
    case "cut":
      throw cutOff(store, verdict.why);
    case "rekeyed":
      throw new VaultError("audit-broken", `the log in the store ${store.engine.where} goes on with another vault key from entry ${verdict.sequence} on`, "the key was replaced on another machine, by rotate-master --deep: what was begun with the old one ends here; start it again");
    case "forged":
      throw new VaultError("audit-broken", `entry ${verdict.sequence} of the log in the store ${store.engine.where} counts for nothing: ${verdict.why}`, `whoever has the store's password can write there; once you know how it came there, remove it from the store: ${lineName(store, verdict.sequence)}`);
  }
}

/** The store's lines from a number on. @param own the number of this machine's newest line: a page with nothing else is the end, as far as anybody needs to know. */
async function collect(store: LogStore, own: number, usesPacks: boolean): Promise<StoredLine[]> {
  const found: StoredLine[] = [];
  const after = (): number => found.at(-1)?.sequence ?? Math.max(0, own - 1);
  let isFirst = true;
  for await (const page of listLines(store, after())) {
    found.push(...page);
    if (found.length === 1 && after() === own) return found;
    // There is much to come.
    if (usesPacks && isFirst && page.length >= FIRST_PAGE_ENTRIES) break;
    isFirst = false;
  }
  if (!isFirst || found.length < FIRST_PAGE_ENTRIES) return found;
  for await (const lines of listPacks(store, after())) {
    // One is missing before this one.
    if ((lines[0]?.sequence ?? 0) > after() + 1) break;
    found.push(...lines.slice(lines.findIndex(({ sequence }) => sequence > after())));
  }
  for await (const page of listLines(store, after())) found.push(...page);
  return found;
}

/** Whether the store still has each line that this machine has seen in it. @throws VaultError `rolled-back`, naming the first that it has not; `store-unavailable`. */
export async function requireAllStored(store: LogStore, lines: readonly string[]): Promise<void> {
  const stored = new Map<number, string>();
  const first = findEntry(lines[0] ?? "")?.seq ?? 1;
  for await (const page of listLines(store, first - 1)) for (const { sequence, line } of page) stored.set(sequence, line);
  for (const [index, line] of lines.entries()) {
    const there = stored.get(first + index);
    if (there !== line) throw cutOff(store, there === undefined ? `has no entry ${first + index} any more, which this machine has seen` : `has another entry ${first + index} than the one that this machine has seen`);
  }
}

/** What the store had and has no more. */
function cutOff({ engine, vaultId }: LogStore, why: string): VaultError {
  return new VaultError("rolled-back", `the audit log in the store ${engine.where} ${why}: the store was put back to an older state, has lost writes in a failover, or somebody has cut it`, `to put back what this machine has: vault store restore; if you yourself want what the store has: vault accept ${encodeBase64(vaultId)}`);
}

function isWrittenWith(line: string, key: Uint8Array): boolean {
  const entry = findEntry(line);
  return entry?.mac === (entry === undefined ? "" : macOf(entry, key));
}

// Judges a chain of entries: pure, from lines to the first one that is wrong.
import type { AuditEntry, ChainHead } from "./entry.ts";
import { closesLog, EMPTY_CHAIN, findEntry, hashLine, macOf } from "./entry.ts";

export interface BadEntry {
  /** 1-based; one past the last line where lines are missing at the end. */
  readonly line: number;
  readonly why: string;
}

export type Verdict =
  | { readonly kind: "intact"; readonly head: ChainHead; readonly entries: number }
  | { readonly kind: "broken"; readonly bad: BadEntry };

/**
 * Follows the chain and names the first line that is edited, moved, inserted, doubled or missing.
 *
 * @param start what the first line is chained to.
 * @param vouched heads that are known from elsewhere (the vault file, the head file, the agent): a chain that does not reach one of them was cut.
 * @param key authenticates every line; undefined checks hashes and vouched heads only.
 * @param unauthenticated how many lines at the beginning have only their hashes checked.
 */
export function verifyChain(lines: Iterable<string>, start: ChainHead, vouched: readonly ChainHead[], key: Uint8Array | undefined, unauthenticated = 0): Verdict {
  const expected = new Map(vouched.map(({ sequence, hash }) => [sequence, hash]));
  let head = start;
  let count = 0;
  for (const line of lines) {
    count += 1;
    const why = findFault(line, head, expected, count > unauthenticated ? key : undefined);
    if (why !== undefined) return { kind: "broken", bad: { line: count, why } };
    head = { sequence: head.sequence + 1, hash: hashLine(line) };
  }
  const furthest = Math.max(0, ...expected.keys());
  if (furthest > head.sequence) return { kind: "broken", bad: { line: count + 1, why: `entries ${head.sequence + 1} to ${furthest} are missing` } };
  return { kind: "intact", head, entries: count };
}

/** The same for the main log. What was written before the vault key was replaced is in the chain that the present key vouches for, and is not authenticated again. */
export function verifyLog(lines: readonly string[], vouched: readonly ChainHead[], key: Uint8Array | undefined): Verdict {
  return verifyChain(lines, EMPTY_CHAIN, vouched, key, countEarlier(lines, vouched, key));
}

/** How many lines were written with earlier vault keys: up to the one that closes a log before the first of the present key's; all, where the vault vouches for a last one that closes. */
export function countEarlier(lines: readonly string[], vouched: readonly ChainHead[], key: Uint8Array | undefined): number {
  if (key === undefined) return 0;
  const isOwn = (line: string | undefined): boolean => {
    const entry = findEntry(line ?? "");
    return entry !== undefined && entry.mac === macOf(entry, key);
  };
  for (const [index, line] of lines.entries()) {
    // Most lines do not say it, and need not be parsed.
    if (!line.includes(CLOSES)) continue;
    const entry = findEntry(line);
    if (entry === undefined || !closesLog(entry.event) || isOwn(line)) continue;
    const isVouched = index === lines.length - 1 && vouched.some(({ sequence, hash }) => sequence === entry.seq && hash === hashLine(line));
    if (isVouched || isOwn(lines[index + 1])) return index + 1;
  }
  return 0;
}

const CLOSES = '"closesLog"';

function findFault(line: string, before: ChainHead, expected: ReadonlyMap<number, string>, key: Uint8Array | undefined): string | undefined {
  const entry: AuditEntry | undefined = findEntry(line);
  if (entry === undefined) return "it is not an entry";
  if (entry.seq !== before.sequence + 1) return `it has number ${entry.seq} where ${before.sequence + 1} was due`;
  if (entry.prev !== before.hash) return "it is not chained to the one before";
  if (key !== undefined && entry.mac !== macOf(entry, key)) return "it was not written with this vault's key";
  const hash = expected.get(entry.seq);
  if (hash !== undefined && hash !== hashLine(line)) return "it is not the entry that the vault vouches for";
  return undefined;
}

// What a store has of the log, held against what this machine has: pure.
import type { ChainHead } from "./entry.ts";
import { closesLog, findEntry, hashLine } from "./entry.ts";
import type { StoredLine } from "./log-store.ts";
import { countEarlier, verifyChain } from "./verify.ts";

export type StoredVerdict =
  | { readonly kind: "same" }
  /** Behind what is here, and good. */
  | { readonly kind: "newer"; readonly lines: readonly string[] }
  /** The store lacks, or has otherwise, what this machine has seen in it. `why` goes on from "the store's log". */
  | { readonly kind: "cut"; readonly why: string }
  /** The chain goes on, with another vault key than the one that judges: that was replaced elsewhere. */
  | { readonly kind: "rekeyed"; readonly sequence: number }
  /** A line that is no continuation, or nobody's who has the vault's key. */
  | { readonly kind: "forged"; readonly sequence: number; readonly why: string };

/**
 * @param last the newest line that is here; undefined where there is none.
 * @param stored the store's lines from that one on, that one included; all of them where there is none here.
 * @param vouched the head that the vault file knows.
 * @param key authenticates; undefined follows the chain only.
 */
export function judgeStored(last: string | undefined, stored: readonly StoredLine[], vouched: ChainHead, key: Uint8Array | undefined): StoredVerdict {
  const own = last === undefined ? undefined : findEntry(last);
  if (last !== undefined && own === undefined) return { kind: "cut", why: "cannot be compared with this machine's, whose last line is not an entry" };
  const [first, ...rest] = stored;
  if (own !== undefined && (first?.sequence !== own.seq || first.line !== last)) return { kind: "cut", why: explainCut(own.seq, first) };
  const newer = own === undefined ? stored : rest;
  const start = own === undefined ? startOf(first) : { sequence: own.seq, hash: hashLine(last ?? "") };
  const hole = newer.findIndex(({ sequence }, index) => sequence !== start.sequence + 1 + index);
  const whole = (hole < 0 ? newer : newer.slice(0, hole)).map(({ line }) => line);
  const verdict = verifyChain(whole, start, [], key, countEarlier(whole, [vouched], key));
  if (verdict.kind === "broken") {
    const { line, why } = verdict.bad;
    const sequence = start.sequence + line;
    return closes(line === 1 ? last : whole[line - 2]) ? { kind: "rekeyed", sequence } : { kind: "forged", sequence, why };
  }
  if (hole >= 0) return { kind: "cut", why: `has no entry ${start.sequence + 1 + hole}, and has later ones` };
  return whole.length === 0 ? { kind: "same" } : { kind: "newer", lines: whole };
}

function explainCut(sequence: number, first: StoredLine | undefined): string {
  if (first === undefined) return `ends before entry ${sequence}, which this machine has seen`;
  return first.sequence === sequence ? `has another entry ${sequence} than the one that this machine has seen` : `has no entry ${sequence} any more, which this machine has seen`;
}

/** Nobody writes behind such a line with the key that it was written with. */
function closes(line: string | undefined): boolean {
  const entry = findEntry(line ?? "");
  return entry !== undefined && closesLog(entry.event);
}

/** A log that is gone altogether goes on from where the vault has seen it, so one need not begin with 1. */
function startOf(first: StoredLine | undefined): ChainHead {
  const entry = first === undefined ? undefined : findEntry(first.line);
  return { sequence: (first?.sequence ?? 1) - 1, hash: entry?.prev ?? "" };
}

// Which proofs were seen: each is good once.
import { CLOCK_SKEW, PROOF_LIFE } from "./proof.ts";

export interface ReplayMemory {
  /**
   * True for the first that asks with this proof, which was judged good. False for all others, and where there is no room: then nobody can know.
   *
   * @param share whose room it takes: nobody fills that of others.
   * @param nowMs of a clock that is never set back.
   */
  take(name: string, share: string, nowMs: number): boolean;
}

/** What a busy broker sees in the time that a proof is good, many times over; 64 MiB or so. */
const PROOFS_MAX = 400_000;
/** Of these, one share has a quarter at most. */
const SHARES = 4;
/** The longest that a proof can be good after it was seen. */
const SPAN_MS = (PROOF_LIFE + 2 * CLOCK_SKEW) * 1000;

/** Two generations, of which the older is dropped whole: no timer, and no list to search. @param max of each, for tests. */
export function openReplayMemory(max = PROOFS_MAX): ReplayMemory {
  let recent = new Set<string>();
  let older = new Set<string>();
  let taken = new Map<string, number>();
  let begunMs = -Infinity;
  return {
    take(name, share, nowMs) {
      if (nowMs - begunMs > SPAN_MS) {
        older = nowMs - begunMs > 2 * SPAN_MS ? new Set() : recent;
        recent = new Set();
        taken = new Map();
        begunMs = nowMs;
      }
      const before = taken.get(share) ?? 0;
      if (recent.has(name) || older.has(name) || recent.size >= max || before * SHARES >= max) return false;
      recent.add(name);
      taken.set(share, before + 1);
      return true;
    },
  };
}

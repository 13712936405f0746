import type { DidKey } from "../../identity/did-key.ts";

/** Counts something for each identity; whoever has none takes no memory. */
export interface Tally {
  of(did: DidKey): number;
  /** @returns what takes this one off again: called once. */
  add(did: DidKey): () => void;
}

export function openTally(): Tally {
  const counts = new Map<DidKey, number>();
  const of = (did: DidKey): number => counts.get(did) ?? 0;
  return {
    of,
    add(did) {
      counts.set(did, of(did) + 1);
      return () => {
        if (of(did) > 1) counts.set(did, of(did) - 1);
        else counts.delete(did);
      };
    },
  };
}

// How much of its program's bodies a run holds at once. One body has its own bound; the connections that bring some are a thousand.

/** Room for four of the longest that are hashed here. */
const HELD_BYTES_MAX = 64 * 1024 * 1024;

/** The part of one body. */
export interface HeldShare {
  /** @returns false where there is no room for so many more: nothing is taken then. */
  take(bytes: number): boolean;
  /** Gives all of it back. Safe to call twice. */
  free(): void;
}

/** For one run. @returns opens the share of one body. */
export function openHeldBytes(bytesMax: number = HELD_BYTES_MAX): () => HeldShare {
  let held = 0;
  return () => {
    let own = 0;
    return {
      take(bytes) {
        if (held + bytes > bytesMax) return false;
        held += bytes;
        own += bytes;
        return true;
      },
      free() {
        held -= own;
        own = 0;
      },
    };
  };
}

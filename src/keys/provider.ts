import type { Kek } from "../vault/key-bytes.ts";
import type { KeyLocator } from "../vault/key-slot.ts";

/**
 * A KEK that is durable where its locator says, before any vault points to it.
 * Every provider's `stage…` returns one; the vault is written between `stage…` and `settle`, so that a crash leaves a vault whose key is at hand.
 * The caller wipes `kek`.
 */
export interface StagedKey {
  readonly locator: KeyLocator;
  readonly kek: Kek;
  /** Once the vault points to the key: puts it in its final place and removes the key that it replaces. Safe to repeat. */
  settle(): Promise<void>;
  /** When the vault was not written: removes what was staged, and nothing else. */
  discard(): Promise<void>;
}

/** Nothing to do: for keys that live in somebody's head or environment. */
export function doNothing(): Promise<void> {
  return Promise.resolve();
}

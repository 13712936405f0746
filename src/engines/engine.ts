// What a vault needs of an engine that several machines reach: names with bytes, and compare and swap. An engine understands none of what it keeps.
//
// Everything of a vault is made of this: the vault file is one entry, each line of the audit log is one, each piece of a run's log, each lease. So an engine is small, and any store that can
// compare and swap will do.

import { hash } from "node:crypto";

/** SHA-256 of an entry's bytes, in lower-case hex. By it a state of an entry is told from another: no engine's own version numbers, which mean something else in each. */
export type Digest = string & { readonly __brand: "Digest" };

export function digestOf(bytes: Uint8Array): Digest {
  return hash("sha256", bytes, "hex") as Digest;
}

export interface Entry {
  readonly name: string;
  readonly bytes: Uint8Array;
}

export type Found =
  | { readonly kind: "none" }
  /** It is the state that was known already; nothing was carried over. */
  | { readonly kind: "same" }
  | { readonly kind: "bytes"; readonly bytes: Uint8Array };

/**
 * `changed`: the entry was not in the state that was expected, and nothing was done. `unknown`: the connection was lost between the question and its answer, and it may have been done or not;
 * it is not going to be done later.
 */
export type Replaced = "done" | "changed" | "unknown";

/** What is heard of an entry. A hint, and no more: it may come late, twice, or for nothing. */
export interface Watch {
  close(): void;
}

/**
 * A connection to one vault's place on an engine. It is made at the first call and again where it was lost. It keeps no process alive.
 *
 * Names are parts of lower-case letters, digits and `-`, with `/` between them, 200 bytes at most.
 *
 * Every call but `close` throws VaultError `store-unavailable` where the engine cannot be reached, does not answer in time, refuses the login or has no room; with what it said, and never a password.
 */
export interface Engine {
  /** The locator, without any password: for messages. */
  readonly where: string;

  /** @param known the state that the caller has already. */
  read(name: string, known?: Digest): Promise<Found>;

  /**
   * Compare and swap of one entry, durable when it is `done`.
   *
   * @param bytes undefined removes the entry.
   * @param expected undefined where there must be none.
   */
  replace(name: string, bytes: Uint8Array | undefined, expected: Digest | undefined): Promise<Replaced>;

  /**
   * Entries whose name begins with `prefix` and comes after `after`, by the order of their bytes: a page of at most `max`, and of few enough bytes to hold. An empty page is the end.
   * What was replaced before the call is in it.
   */
  list(prefix: string, after: string, max: number): Promise<readonly Entry[]>;

  /** Calls `onChange` within a second of each change to the entry, by whomever, and once after a connection was lost, since nobody knows what was missed. */
  watch(name: string, onChange: () => void): Watch;

  close(): Promise<void>;
}

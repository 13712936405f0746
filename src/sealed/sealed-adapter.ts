// lowdb's two-method seam with sealed fields in between: the program sees plain data, and the adapter below it stores sealed data.
import { VaultError } from "../errors.ts";
import type { SealedStore, SealedStoreOptions } from "./sealed-store.ts";
import { holdsSealed, makeSealedStore } from "./sealed-store.ts";
import type { SealingKeys } from "./sealing-key.ts";

/** What lowdb calls an Adapter. */
export interface StoreAdapter<T> {
  read(): Promise<T | null>;
  write(data: T): Promise<void>;
}

/** What lowdb calls a SyncAdapter. */
export interface SyncStoreAdapter<T> {
  read(): T | null;
  write(data: T): void;
}

/** Called after each field. */
export type Progress = (done: number, total: number) => void;

export interface SealedAdapter<T> extends StoreAdapter<T> {
  /** Reads the store and writes it with every declared field sealed anew by the newest key. @returns how many. */
  reseal(onProgress?: Progress): Promise<number>;
}

export interface SealedSyncAdapter<T> extends SyncStoreAdapter<T> {
  /** Reads the store and writes it with every declared field sealed anew by the newest key. @returns how many. */
  reseal(onProgress?: Progress): number;
}

/**
 * Wraps a lowdb adapter, so that declared fields are sealed when they are written and opened when they are read. Plain values that were there before are
 * read as they are, and sealed at the next write. All keys open, and the newest seals.
 *
 * @param keys undefined: nothing is sealed, and a store that has sealed fields is neither read nor overwritten.
 * @throws VaultError (from the methods) `key-unavailable` without a key for sealed fields; `wrong-key`; `bad-seal` for a value that was changed, moved, or only looks sealed; `usage`.
 */
export function sealedAdapter<T>(inner: StoreAdapter<T>, keys: SealingKeys | undefined, options: SealedStoreOptions): SealedAdapter<T>;
export function sealedAdapter<T>(inner: SyncStoreAdapter<T>, keys: SealingKeys | undefined, options: SealedStoreOptions): SealedSyncAdapter<T>;
export function sealedAdapter<T>(inner: StoreAdapter<T> | SyncStoreAdapter<T>, keys: SealingKeys | undefined, options: SealedStoreOptions): SealedAdapter<T> | SealedSyncAdapter<T> {
  const passage = keys === undefined ? plainPassage<T>(options) : sealingPassage<T>(keys, options);
  const read = (): Maybe<T | null> => then(inner.read(), passage.open);
  const write = (data: T): Maybe<void> => {
    if (!passage.isProven()) return then(then(inner.read(), passage.prove), () => inner.write(data));
    let stored: T;
    try {
      stored = passage.seal(data);
    } catch (error) {
      // Thrown at once, or later: as the adapter below does.
      return then(inner.read(), () => {
        throw error;
      });
    }
    return inner.write(stored);
  };
  const reseal = (onProgress: Progress = () => undefined): Maybe<number> => then(read(), (data) => {
    if (data === null) return 0;
    const total = passage.startAnew(data, onProgress);
    return then(write(data), () => total);
  });
  // Whether these wait is the inner adapter's to say, and the overloads above repeat what it says.
  return { read, write, reseal } as SealedAdapter<T> | SealedSyncAdapter<T>;
}

/** At once, or later. */
type Maybe<T> = T | Promise<T>;

function then<T, U>(value: Maybe<T>, next: (value: T) => Maybe<U>): Maybe<U> {
  return isPending(value) ? value.then(next) : next(value);
}

/** Not `instanceof`: an adapter may bring promises of its own. Data as JSON has it holds no functions. */
function isPending<T>(value: Maybe<T>): value is Promise<T> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}

interface Passage<T> {
  readonly open: (stored: T | null) => T | null;
  readonly seal: (data: T) => T;
  /** Whether a write may go ahead without a look at what it replaces. */
  readonly isProven: () => boolean;
  /** @throws VaultError where what is stored must not be replaced. */
  readonly prove: (stored: T | null) => null;
  /** @returns how many fields there are. */
  readonly startAnew: (data: T, onProgress: Progress) => number;
}

/** Without a key: a store with sealed fields is not for this program. */
function plainPassage<T>(options: SealedStoreOptions): Passage<T> {
  let isProven = false;
  const prove = (stored: T | null): null => {
    if (holdsSealed(stored, options)) throw noKey(options);
    isProven = true;
    return null;
  };
  return {
    open: (stored) => {
      isProven = false;
      prove(stored);
      return stored;
    },
    seal: (data) => data,
    isProven: () => isProven,
    prove,
    startAnew: () => {
      throw noKey(options);
    },
  };
}

function sealingPassage<T>(keys: SealingKeys, options: SealedStoreOptions): Passage<T> {
  let onSealed = (): void => undefined;
  const store: SealedStore = makeSealedStore(keys, options, () => { onSealed(); });
  // The fields' values change, and the shape of the data does not.
  const keepType = (data: unknown): T => data as T;
  return {
    open: (stored) => (stored === null ? null : keepType(store.open(stored))),
    seal: (data) => {
      const stored = keepType(store.seal(data));
      onSealed = () => undefined;
      return stored;
    },
    isProven: () => true,
    prove: () => null,
    startAnew: (data, onProgress) => {
      const total = store.count(data);
      let done = 0;
      store.forget();
      onSealed = () => { onProgress((done += 1), total); };
      return total;
    },
  };
}

function noKey({ name }: SealedStoreOptions): VaultError {
  return new VaultError("key-unavailable", `"${name}" has sealed fields, and no key was given`, "set the variable that holds the key; nothing was read or written");
}

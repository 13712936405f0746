// A watch that outlives its connections.
import { LIMITS } from "./connection.ts";
import type { Watch } from "./engine.ts";

const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 4_000;

/** One subscription on one connection. */
export interface Subscription {
  close(): void;
}

/** The watches of an engine, which end with it. */
export class Watches {
  readonly #open = new Set<Watch>();

  add(watch: Watch): Watch {
    this.#open.add(watch);
    return { close: () => { watch.close(); this.#open.delete(watch); } };
  }

  close(): void {
    for (const watch of this.#open) watch.close();
    this.#open.clear();
  }
}

/**
 * Subscribes, and again whenever the subscription is lost. After each time `onChange` is called, since what happened before it was in force was not heard.
 *
 * @param subscribe calls `onLost` once when a subscription that stood is gone; rejects when none can be had.
 */
export function keepWatching(subscribe: (onLost: () => void) => Promise<Subscription>, onChange: () => void): Watch {
  let current: Subscription | undefined;
  let timer: NodeJS.Timeout | undefined;
  let isClosed = false;
  let wait = FIRST_WAIT_MS;

  const later = (): void => {
    current = undefined;
    if (isClosed) return;
    timer = setTimeout(() => void begin(), wait).unref();
    wait = Math.min(wait * 2, LONGEST_WAIT_MS);
  };
  const begin = async (): Promise<void> => {
    // Lost before it is known is lost as well.
    const state: { made: Subscription | undefined; isLost: boolean } = { made: undefined, isLost: false };
    try {
      state.made = await subscribe(() => {
        state.isLost = true;
        if (current !== undefined && current === state.made) later();
      });
    } catch {
      later();
      return;
    }
    if (isClosed) state.made.close();
    else if (state.isLost) later();
    else {
      current = state.made;
      wait = FIRST_WAIT_MS;
      onChange();
    }
  };
  void begin();
  return {
    close() {
      isClosed = true;
      clearTimeout(timer);
      current?.close();
      current = undefined;
    },
  };
}

/** Calls `ask` every so often, and `onDead` when it fails or is not answered in time: a line that was cut without a word is not heard of otherwise. Returns what ends it. */
export function keepAsking(ask: () => Promise<unknown>, everyMs: number, onDead: () => void): () => void {
  let isAsked = false;
  let askedAt = 0;
  const timer = setInterval(() => {
    if (isAsked) {
      if (performance.now() - askedAt > LIMITS.connectMs) onDead();
      return;
    }
    [isAsked, askedAt] = [true, performance.now()];
    ask().then(() => { isAsked = false; }, onDead);
  }, everyMs).unref();
  return () => { clearInterval(timer); };
}

/** For a store that tells nobody anything: asks for a mark of the entry every so often, and tells when it is another, or when it could not be had meanwhile. The first time is told too, as above. */
export function keepPolling(ask: () => Promise<string>, everyMs: number, onChange: () => void): Watch {
  let last: string | undefined;
  let timer: NodeJS.Timeout | undefined;
  let isClosed = false;
  const look = async (): Promise<void> => {
    const mark = await ask().catch(() => undefined);
    if (isClosed) return;
    if (mark !== undefined && mark !== last) onChange();
    last = mark;
    timer = setTimeout(() => void look(), everyMs).unref();
  };
  void look();
  return {
    close() {
      isClosed = true;
      clearTimeout(timer);
    },
  };
}

// Which other brokers are still there: by their signs of life, and a clock of one's own.
import { readBeat } from "../../audit/heartbeat.ts";
import type { Engine } from "../../engines/engine.ts";

export interface BrokerBeats {
  /** Looks at each. @throws VaultError `store-unavailable`: then of nobody a silence is counted on. */
  look(brokers: Iterable<string>): Promise<void>;
  /** Whether nothing was heard of it for that long; of one that was not looked at, that is not known. */
  isSilent(broker: string, ms: number): boolean;
}

/** The store is taken at its word: whoever can write there can take sessions away in any case. */
export function openBrokerBeats(engine: Engine): BrokerBeats {
  const heard = new Map<string, { readonly count: number | undefined; readonly sinceMs: number }>();
  let lookedMs = performance.now();
  return {
    async look(brokers) {
      const nowMs = performance.now();
      const wanted = new Set(brokers);
      for (const broker of heard.keys()) if (!wanted.has(broker)) heard.delete(broker);
      // While nobody looked, or the store was away, nobody could be heard.
      if (nowMs - lookedMs > GAP_MS) heard.clear();
      for (const broker of wanted) {
        const count = await readBeat(engine, broker, undefined);
        const before = heard.get(broker);
        // It only ever counts up: an old one that somebody has put back is no news.
        if (before === undefined || (count !== undefined && count > (before.count ?? -1))) heard.set(broker, { count, sinceMs: performance.now() });
      }
      lookedMs = performance.now();
    },
    isSilent(broker, ms) {
      const last = heard.get(broker);
      return last !== undefined && performance.now() - last.sinceMs >= ms;
    },
  };
}

/** Longer than one look is behind the other on a busy machine. */
const GAP_MS = 60_000;

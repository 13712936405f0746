// Reads the main log as it grows in a store.
import { findEntry } from "./entry.ts";
import type { ChainHead } from "./entry.ts";
import type { LogStore } from "./log-store.ts";
import { lineName } from "./log-store.ts";
import { readNewer, readWithStore } from "./pull.ts";
import { VaultError } from "../errors.ts";

/** A store tells of changes by itself; what it should miss is seen this much later. */
const LOOK_MS = 10_000;
/** A store that is away is asked again, for as long as somebody follows. */
const RETRY_MS = 1000;

/**
 * The lines of the log, in batches: first all that there are, then what any machine appends, within a second. They are followed, and not authenticated.
 *
 * @param vouched the head that the vault file knows. @param signal ends the iteration.
 * @throws VaultError as `readWithStore`; a store that cannot be reached ends nothing that has begun.
 */
export async function* followStore(folder: string, store: LogStore, vouched: ChainHead, signal: AbortSignal): AsyncGenerator<readonly string[]> {
  let lines: readonly string[] = await readWithStore(folder, store, vouched);
  let last = lines.at(-1);
  while (!signal.aborted) {
    if (lines.length > 0) yield lines;
    lines = await nextLines(store, last, vouched, signal);
    last = lines.at(-1) ?? last;
  }
}

async function nextLines(store: LogStore, last: string | undefined, vouched: ChainHead, signal: AbortSignal): Promise<readonly string[]> {
  const change = watchNext(store, (findEntry(last ?? "")?.seq ?? 0) + 1, signal);
  try {
    // After the watch has begun: what was appended before is not told of.
    const lines = await readNewer(store, last, vouched, undefined);
    if (lines.length > 0 || signal.aborted) return lines;
    await change.within(LOOK_MS);
    return [];
  } catch (error) {
    if (!(error instanceof VaultError) || error.code !== "store-unavailable") throw error;
    await change.within(RETRY_MS);
    return [];
  } finally {
    change.close();
  }
}

function watchNext({ engine, ...store }: LogStore, sequence: number, signal: AbortSignal): { within(ms: number): Promise<void>; close(): void } {
  let wake: () => void = () => undefined;
  let hasChanged = signal.aborted;
  const onChange = (): void => { hasChanged = true; wake(); };
  const watch = engine.watch(lineName(store, sequence), onChange);
  signal.addEventListener("abort", onChange, { once: true });
  return {
    async within(ms) {
      if (hasChanged) return;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        wake = () => { clearTimeout(timer); resolve(); };
      });
    },
    close() {
      signal.removeEventListener("abort", onChange);
      watch.close();
    },
  };
}

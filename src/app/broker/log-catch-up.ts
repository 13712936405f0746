// The log of a shared vault, fetched for whoever asks: one fetch at a time, with a pause after each, however many ask.
import { setTimeout as sleep } from "node:timers/promises";
import { VaultError } from "../../errors.ts";

export interface LogCatchUp {
  /** Done when all is here that the log had when this was called. @throws what the fetch says. */
  readonly catchUp: () => Promise<void>;
  close(): void;
}

/** A line of another broker's is heard of this much later, where nobody asks. */
const PULL_MS = 400;
/** Between two. */
const PAUSE_MS = 100;

/** @param pull fetches what the store has more than this disk. */
export function openLogCatchUp(pull: () => Promise<void>): LogCatchUp {
  /** The fetch that has not begun: whoever asks now is served by it. */
  let waiting: Promise<void> | undefined;
  let pulling = Promise.resolve();
  let pulledMs = -Infinity;
  const pullNext = async (): Promise<void> => {
    await pulling;
    await sleep(Math.max(0, pulledMs + PAUSE_MS - performance.now()), undefined, { ref: false });
    [waiting, pulledMs] = [undefined, performance.now()];
    const pulled = pull();
    pulling = pulled.catch(passVaultError);
    await pulled;
  };
  const catchUp = (): Promise<void> => (waiting ??= pullNext());
  // Locked, or the store is away: once more the next time.
  const timer = setInterval(() => { catchUp().catch(passVaultError); }, PULL_MS).unref();
  return { catchUp, close: () => { clearInterval(timer); } };
}

/** For what is tried once more by itself. @throws anything else. */
export function passVaultError(error: unknown): void {
  if (!(error instanceof VaultError)) throw error;
}

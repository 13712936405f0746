// Waits for a store that is away for a moment, where what is to be written there has happened already.
import { setTimeout as sleep } from "node:timers/promises";
import { VaultError } from "../errors.ts";

const RETRY_MS = 1000;

/**
 * Tries again while the store is away. What was lost on the way to an answer may be done twice.
 *
 * @throws VaultError `store-unavailable` when it took longer than `ms`; whatever else `work` throws, at once.
 */
export async function untilBack<T>(ms: number, work: () => Promise<T>): Promise<T> {
  for (const deadline = performance.now() + ms; ; ) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof VaultError) || error.code !== "store-unavailable" || performance.now() > deadline) throw error;
      await sleep(RETRY_MS);
    }
  }
}

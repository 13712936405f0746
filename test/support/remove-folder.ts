import { rmSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

const TRIES = 60;
const PAUSE_MS = 100;

/** Removes a folder in which a process that is ending may still put a file. @throws the system's error where it goes on doing so. */
export async function removeFolder(path: string): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      rmSync(path, { recursive: true, force: true });
      return;
    } catch (error) {
      if (tries === TRIES) throw error;
      await sleep(PAUSE_MS);
    }
  }
}

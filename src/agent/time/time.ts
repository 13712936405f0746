import { setTimeout as sleep } from "node:timers/promises";
import type { Instant } from "./lifetime.ts";

/** Time, as whoever asks is to have it. */
export interface Time {
  now(): Instant;
  sleep(ms: number): Promise<void>;
}

/** The process's own clocks. A sleeper keeps no process alive. */
export const systemTime: Time = {
  now: () => ({ monotonicMs: performance.now(), wallMs: Date.now() }),
  sleep: (ms) => sleep(ms, undefined, { ref: false }),
};

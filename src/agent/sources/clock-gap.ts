// What a server's own clock says of ours: signatures and tokens have a time in them, and a server that takes it for wrong seldom says why.
import { SourceFailure } from "./source-maker.ts";

/** Servers allow for a few minutes. */
const GAP_MS_MIN = 60_000;

/** Milliseconds that the server is ahead of us; 0 where it does not say. @param headers of its answer. */
export function clockGapOf(headers: Headers, nowMs: number): number {
  const dateMs = Date.parse(headers.get("date") ?? "");
  return Number.isFinite(dateMs) ? dateMs - nowMs : 0;
}

/** What to add to a server's refusal; nothing where the clocks agree. */
export function tellClockGap(gapMs: number): string {
  if (Math.abs(gapMs) < GAP_MS_MIN) return "";
  return ` (this machine's clock is ${Math.round(Math.abs(gapMs) / 1000)} seconds ${gapMs > 0 ? "behind" : "ahead of"} the server's)`;
}

/** When something ends that the server ends at a time of its own clock, by ours. */
export function byOurClock(expiresMs: number, gapMs: number): number {
  return expiresMs - (Math.abs(gapMs) < GAP_MS_MIN ? 0 : gapMs);
}

/** What the act gives; a refusal of the server's says how far the clocks are apart, if they are. @param headers of its answer. @throws SourceFailure. */
export function toldByClock<T>(headers: Headers, nowMs: number, act: () => T): T {
  try {
    return act();
  } catch (error) {
    if (!(error instanceof SourceFailure) || (error.failure.reason !== "denied" && error.failure.reason !== "over")) throw error;
    throw new SourceFailure({ ...error.failure, said: `${error.failure.said}${tellClockGap(clockGapOf(headers, nowMs))}` });
  }
}

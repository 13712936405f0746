// How long the agent may keep a key. Pure: both clocks come in as an argument.

export interface Limits {
  /** From the unlocking on, whatever happens. */
  readonly ttlMs: number;
  /** From the last use on. */
  readonly idleMs: number;
}

/** 25 days: more than the command line lets anyone ask for. */
export const LIMIT_MS_MAX = 25 * 24 * 60 * 60 * 1000;

/**
 * The monotonic clock stands still while a laptop sleeps, and the wall clock can be set back. Whichever says that more time has passed is believed:
 * sleeping stretches no limit, and neither does setting the clock.
 */
export interface Instant {
  readonly monotonicMs: number;
  readonly wallMs: number;
}

export interface Lifetime {
  readonly limits: Limits;
  readonly start: Instant;
  readonly lastUse: Instant;
}

export function startLifetime(limits: Limits, now: Instant): Lifetime {
  return { limits, start: now, lastUse: now };
}

export function noteUse(lifetime: Lifetime, now: Instant): Lifetime {
  return { ...lifetime, lastUse: now };
}

/** Whole milliseconds, rounded up. Either of them at 0: the key has to go. */
export interface TimeLeft {
  readonly ttlLeftMs: number;
  /** Never more than what is left in all. */
  readonly idleLeftMs: number;
}

export function timeLeft({ limits, start, lastUse }: Lifetime, now: Instant): TimeLeft {
  const ttlLeftMs = Math.max(0, Math.ceil(limits.ttlMs - elapsedMs(start, now)));
  const idleLeftMs = Math.max(0, Math.ceil(limits.idleMs - elapsedMs(lastUse, now)));
  return { ttlLeftMs, idleLeftMs: Math.min(ttlLeftMs, idleLeftMs) };
}

export function isExpired(lifetime: Lifetime, now: Instant): boolean {
  return timeLeft(lifetime, now).idleLeftMs === 0;
}

/** Whichever clock says that more has passed. */
export function elapsedMs(from: Instant, to: Instant): number {
  return Math.max(to.monotonicMs - from.monotonicMs, to.wallMs - from.wallMs);
}

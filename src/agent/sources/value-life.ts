// How long a value is good, and when it is made anew. Pure: both clocks come in as an argument.
import type { Instant } from "../time/lifetime.ts";
import { elapsedMs, LIMIT_MS_MAX } from "../time/lifetime.ts";

/** Made anew so long before its end, or a tenth of its life before it where that is less. */
const MARGIN_MS = 5 * 60_000;
/** But no later than this before its end, or half of its life where that is less: a request that takes the value along has to arrive with it, on a busy machine as well. */
const WAY_MS = 3000;
/** However short a life is, it is not made more often than this. */
const FRESH_MS_MIN = 1000;

export interface ValueLife {
  readonly made: Instant;
  /** From then on it is made anew when it is next asked for. */
  readonly freshMs: number;
  /** From then on it is worth nothing. */
  readonly goodMs: number;
}

/** @param ttlMs how long it is good where its source did not say; undefined: nobody knows. @returns undefined for a value that is over already. */
export function startValueLife(made: Instant, expiresMs: number | undefined, ttlMs: number | undefined): ValueLife | undefined {
  const goodMs = Math.min(expiresMs === undefined ? (ttlMs ?? LIMIT_MS_MAX) : expiresMs - made.wallMs, LIMIT_MS_MAX);
  if (goodMs <= 0) return undefined;
  return { made, freshMs: Math.max(goodMs - Math.max(Math.min(MARGIN_MS, goodMs / 10), Math.min(WAY_MS, goodMs / 2)), Math.min(goodMs, FRESH_MS_MIN)), goodMs };
}

/** Whole milliseconds for which it is as yet fresh, and good. */
export function valueLifeLeft({ made, freshMs, goodMs }: ValueLife, now: Instant): { readonly freshMs: number; readonly goodMs: number } {
  const age = elapsedMs(made, now);
  return { freshMs: Math.max(0, Math.ceil(freshMs - age)), goodMs: Math.max(0, Math.ceil(goodMs - age)) };
}

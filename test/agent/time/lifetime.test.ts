import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Instant } from "../../../src/agent/time/lifetime.ts";
import { isExpired, noteUse, startLifetime, timeLeft } from "../../../src/agent/time/lifetime.ts";

const HOUR = 3_600_000;
const start: Instant = { monotonicMs: 5000, wallMs: 1_700_000_000_000 };
const after = (ms: number, wallMs = ms): Instant => ({ monotonicMs: start.monotonicMs + ms, wallMs: start.wallMs + wallMs });

describe("a key's lifetime", () => {
  const limits = { ttlMs: 8 * HOUR, idleMs: HOUR };

  it("ends after a while without use", () => {
    const lifetime = startLifetime(limits, start);
    expect(isExpired(lifetime, after(HOUR - 1))).toBe(false);
    expect(isExpired(lifetime, after(HOUR))).toBe(true);
  });

  it("goes on with use, up to the absolute limit", () => {
    const lifetime = noteUse(startLifetime(limits, start), after(7.5 * HOUR));
    expect(timeLeft(lifetime, after(7.5 * HOUR))).toEqual({ ttlLeftMs: HOUR / 2, idleLeftMs: HOUR / 2 });
    expect(isExpired(lifetime, after(8 * HOUR))).toBe(true);
  });

  it("is not stretched by sleep, for which the monotonic clock stands still", () => {
    expect(isExpired(startLifetime(limits, start), after(10, HOUR))).toBe(true);
  });

  it("is not stretched by setting the wall clock back", () => {
    expect(isExpired(startLifetime(limits, start), after(HOUR, -24 * HOUR))).toBe(true);
  });

  it("never grows but by use, and is over exactly when nothing is left", () => {
    const moment = fc.record({ ms: fc.double({ min: 0, max: 2 * HOUR, noNaN: true }), wallMs: fc.integer({ min: -HOUR, max: 2 * HOUR }) });
    fc.assert(
      fc.property(moment, fc.nat(HOUR), (first, more) => {
        const lifetime = startLifetime(limits, start);
        const before = timeLeft(lifetime, after(first.ms, first.wallMs));
        const later = timeLeft(lifetime, after(first.ms + more, first.wallMs + more));
        expect(later.ttlLeftMs).toBeLessThanOrEqual(before.ttlLeftMs);
        expect(later.idleLeftMs).toBeLessThanOrEqual(before.idleLeftMs);
        expect(later.idleLeftMs).toBeLessThanOrEqual(later.ttlLeftMs);
        expect(Number.isInteger(later.ttlLeftMs) && later.ttlLeftMs >= 0).toBe(true);
        expect(isExpired(lifetime, after(first.ms, first.wallMs))).toBe(before.ttlLeftMs === 0 || before.idleLeftMs === 0);
      }),
    );
  });
});

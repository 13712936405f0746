import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import type { StrangerPool } from "../../../src/proxy/port/stranger-pool.ts";
import { openStrangerPool, STRANGERS_MAX } from "../../../src/proxy/port/stranger-pool.ts";

let nowMs = 0;

function addMany(pool: StrangerPool, count: number): PassThrough[] {
  return Array.from({ length: count }, () => {
    const socket = new PassThrough();
    pool.add(socket);
    return socket;
  });
}

const ended = (sockets: readonly PassThrough[]): boolean[] => sockets.map(({ destroyed }) => destroyed);

describe("strangers", () => {
  it("who come at once may be many, and beyond that the oldest goes", () => {
    const pool = openStrangerPool(() => 0);
    const sockets = addMany(pool, STRANGERS_MAX + 3);
    expect(ended(sockets)).toEqual(sockets.map((_, index) => index < 3));
  });

  it("who have waited are 32 at most as soon as others come, and the oldest goes first", () => {
    nowMs = 0;
    const pool = openStrangerPool(() => nowMs);
    const first = addMany(pool, 40);
    expect(ended(first)).not.toContain(true);
    nowMs = 1_001;
    const [next] = addMany(pool, 1);
    expect(ended(first)).toEqual(first.map((_, index) => index < 9));
    expect(next?.destroyed).toBe(false);
    nowMs = 5_000;
    addMany(pool, 2);
    expect(ended(first).filter(Boolean)).toHaveLength(11);
  });

  it("who have shown the token, or are gone, count no more", async () => {
    nowMs = 0;
    const pool = openStrangerPool(() => nowMs);
    const [child, gone, ...rest] = addMany(pool, 34);
    if (child === undefined || gone === undefined) throw new Error("none");
    pool.release(child);
    const closed = new Promise((resolve) => gone.once("close", resolve));
    gone.destroy();
    await closed;
    nowMs = 10_000;
    addMany(pool, 1);
    expect([child.destroyed, ...ended(rest)].filter(Boolean)).toHaveLength(1);
    expect([child.destroyed, rest[0]?.destroyed]).toEqual([false, true]);
  });
});

// A lease among machines, without a clock that they share.
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import type { VaultError } from "../../src/errors.ts";
import { acquireLease, findLeaseHolder } from "../../src/store/lease.ts";
import type { MemoryEngine } from "../support/memory-engine.ts";
import { openMemoryEngine } from "../support/memory-engine.ts";

const NAME = "lease/vault";
const TIMES = { ttlMs: 1500, waitMs: 20_000 };

/** The holder of another machine, about whose processes nobody here knows anything. */
function putForeign(engine: MemoryEngine, count = 0): void {
  engine.put(NAME, `${JSON.stringify({ pid: 7, start: "1", boot: "b", host: "elsewhere", ticket: "t", count })}\n`);
}

describe("a lease", () => {
  test("is one's alone, until it is given back", async () => {
    const engine = openMemoryEngine();
    const [first, order] = [await acquireLease(engine, NAME, TIMES), [] as string[]];
    const second = acquireLease(engine, NAME, TIMES).then((lease) => { order.push("second"); return lease; });
    // Longer than it stands without being renewed.
    await sleep(1.5 * TIMES.ttlMs);
    order.push("first");
    expect(first.isLost()).toBe(false);
    await first.release();
    await (await second).release();
    expect(order).toEqual(["first", "second"]);
    expect([...engine.entries.keys()]).toEqual([]);
  });

  test("of a machine that is gone runs out, and one that is renewed does not", async () => {
    const engine = openMemoryEngine();
    putForeign(engine);
    let count = 0;
    const renewing = setInterval(() => { putForeign(engine, (count += 1)); }, TIMES.ttlMs / 8);
    let isTaken = false;
    const waiting = acquireLease(engine, NAME, TIMES).then((lease) => { isTaken = true; return lease; });
    await sleep(1.5 * TIMES.ttlMs);
    expect(isTaken).toBe(false);
    clearInterval(renewing);
    await (await waiting).release();
  });

  test("of a process of this machine that has ended is taken over at once, whatever time it stands for", async () => {
    const engine = openMemoryEngine();
    const lease = await acquireLease(engine, NAME, TIMES);
    const ticket = JSON.parse(engine.textOf(NAME)) as Record<string, unknown>;
    await lease.release();
    engine.put(NAME, `${JSON.stringify({ ...ticket, start: "another" })}\n`);
    expect(await findLeaseHolder(engine, NAME)).toMatchObject({ pid: process.pid, isDead: process.platform === "linux" });
    if (process.platform === "linux") await (await acquireLease(engine, NAME, { ttlMs: 10 ** 9, waitMs: 20_000 })).release();
  });

  test("that another has taken is known to be lost, and is left to the other", async () => {
    const engine = openMemoryEngine();
    const lease = await acquireLease(engine, NAME, TIMES);
    putForeign(engine);
    for (let waited = 0; !lease.isLost() && waited < 20_000; waited += 20) await sleep(20);
    expect(lease.isLost()).toBe(true);
    await lease.release();
    expect(engine.textOf(NAME)).toContain("elsewhere");
  });

  test("that cannot be renewed is lost when it has run out for the others", async () => {
    const engine = openMemoryEngine();
    const lease = await acquireLease(engine, NAME, TIMES);
    engine.isAway = true;
    for (let waited = 0; !lease.isLost() && waited < 20_000; waited += 20) await sleep(20);
    expect(lease.isLost()).toBe(true);
    await lease.release();
  });

  test("is taken and given back, though answers are lost", async () => {
    const engine = openMemoryEngine();
    let calls = 0;
    engine.fate = () => ["lost", "never", "answered"][(calls += 1) % 3] as "lost" | "never" | "answered";
    for (let time = 0; time < 5; time += 1) await (await acquireLease(engine, NAME, TIMES)).release();
    expect([...engine.entries.keys()]).toEqual([]);
  });

  test("whose holder does not let go is no reason to wait for ever", async () => {
    const engine = openMemoryEngine();
    putForeign(engine);
    await expect(acquireLease(engine, NAME, { ttlMs: 10 ** 9, waitMs: 100 })).rejects.toThrow(expect.objectContaining({ code: "busy", message: expect.stringContaining("process 7 on elsewhere") as string }) as VaultError);
  });

  test("of bytes that are no ticket runs out as well", async () => {
    const engine = openMemoryEngine();
    engine.put(NAME, "\u{1F680} not a ticket");
    await (await acquireLease(engine, NAME, TIMES)).release();
  });
});

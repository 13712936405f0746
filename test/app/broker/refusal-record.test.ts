import { expect, it, vi } from "vitest";
import type { AuditEvent } from "../../../src/audit/entry.ts";
import { openRefusalRecord } from "../../../src/app/broker/refusal-record.ts";
import { drawIdentityKey, parseIdentityKey } from "../../../src/identity/identity-key.ts";

const { did } = parseIdentityKey(drawIdentityKey(), "this test");

it("tells of the first at once, of a flood in a line a minute, and of the rest at its end", async () => {
  vi.useFakeTimers();
  try {
    const told: AuditEvent[] = [];
    const record = openRefusalRecord((event) => { told.push(event); return Promise.resolve(); });
    record.refused("not-accepted", did);
    await vi.advanceTimersByTimeAsync(1);
    expect(told).toEqual([{ kind: "identity.refused", did, why: "not-accepted" }]);
    for (let count = 0; count < 100_000; count += 1) record.refused("proof", undefined);
    await vi.advanceTimersByTimeAsync(30_000);
    expect(told).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(30_000);
    expect(told.slice(1)).toEqual([{ kind: "identity.refused", did: null, why: "proof", count: 100_000 }]);
    record.refused("not-accepted", did);
    record.refused("not-accepted", did);
    await record.close();
    expect(told.slice(2)).toEqual([{ kind: "identity.refused", did, why: "not-accepted", count: 2 }]);
    // Nothing is left to be told.
    await vi.advanceTimersByTimeAsync(600_000);
    expect(told).toHaveLength(3);
  } finally {
    vi.useRealTimers();
  }
});

// A broker that knows less of the log than the others (its vault is locked, its copy was changed) leaves their sessions in the store.
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { FollowedAcceptances } from "../../../src/app/broker/acceptances.ts";
import { openProofEntries } from "../../../src/app/broker/proof-entries.ts";
import { makeSessionEntry } from "../../../src/app/broker/session-entries.ts";
import { openSweeper } from "../../../src/app/broker/session-sweep.ts";
import type { Surroundings } from "../../../src/app/surroundings.ts";
import { VaultError } from "../../../src/errors.ts";
import { openMemoryEngine } from "../../support/memory-engine.ts";

beforeEach(() => { vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "performance", "Date"] }); });
afterEach(() => { vi.useRealTimers(); });

const SESSION = "ab".repeat(16);

async function isLeft(log: Partial<FollowedAcceptances>, catchUp: () => Promise<void>): Promise<boolean> {
  const engine = openMemoryEngine();
  await makeSessionEntry(engine, SESSION, "0123456789abcdef", "c2VhbGVk");
  const followed: FollowedAcceptances = { find: () => undefined, findSession: () => undefined, sessions: () => [], length: () => 7, isWhole: () => true, look: () => undefined, close: () => undefined, ...log };
  // Nothing in this test is told to a vault.
  const sweeper = openSweeper({} as Surroundings, { engine, broker: "fedcba9876543210", log: followed, proofs: openProofEntries(engine), catchUp, isHeld: () => false, keep: () => Promise.resolve() });
  for (let second = 0; second < 200; second += 5) {
    await vi.advanceTimersByTimeAsync(5000);
    // The engine answers by turns of the loop.
    for (let turn = 0; turn < 40; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  }
  await sweeper.close();
  return engine.entries.get(`session/${SESSION}`) !== undefined;
}

const done = (): Promise<void> => Promise.resolve();

it("a session that the log does not have is removed, by whoever knows the log", async () => {
  expect(await isLeft({}, done)).toBe(false);
});

it("and by nobody who cannot read it, since the vault is locked there", async () => {
  expect(await isLeft({}, () => Promise.reject(new VaultError("locked", "the vault is locked")))).toBe(true);
});

it("nor by one whose copy of the log was changed", async () => {
  expect(await isLeft({ isWhole: () => false }, done)).toBe(true);
});

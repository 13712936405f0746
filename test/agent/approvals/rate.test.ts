import { createHmac } from "node:crypto";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fill, waitFor } from "../../../src/agent/approvals/rate-bucket.ts";
import { RateKeeper } from "../../../src/agent/approvals/rate-keeper.ts";

const authenticate = (hash: Uint8Array): Promise<Uint8Array> => Promise.resolve(new Uint8Array(createHmac("sha256", "key").update(hash).digest()));
const other = (hash: Uint8Array): Promise<Uint8Array> => Promise.resolve(new Uint8Array(createHmac("sha256", "another key").update(hash).digest()));
const use = { key: "TOKEN", perMinute: 60, burst: 5 };

let folder: string;
let nowMs: number;
const keeper = (boot = "boot"): RateKeeper => new RateKeeper(folder, { boot, nowMs: () => nowMs });
const file = (): string => join(folder, "rates.json");
/** How many can be taken at this moment. */
const drain = async (rates: RateKeeper, most = 1000): Promise<number> => {
  for (let count = 0; count < most; count += 1) if ((await rates.take([use], authenticate)) > 0) return count;
  return most;
};

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "vault-rate-test-"));
  nowMs = 100_000;
});
afterEach(() => { rmSync(folder, { recursive: true, force: true }); });

describe("a bucket", () => {
  it("fills at its rate up to its burst, and gives no more than both say, whenever it is asked", () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 6000 }), fc.integer({ min: 1, max: 50 }), fc.array(fc.integer({ min: 0, max: 5000 }), { maxLength: 200 }), (perMinute, burst, pauses) => {
      let level = { tokens: burst, atMs: 0 };
      let [now, taken] = [0, 0];
      for (const pause of pauses) {
        now += pause;
        level = fill(level, { perMinute, burst }, now);
        if (waitFor(level, { perMinute }) > 0) continue;
        level = { ...level, tokens: level.tokens - 1 };
        taken += 1;
        expect(taken).toBeLessThanOrEqual(burst + (now * perMinute) / 60_000 + 1e-6);
      }
    }));
  });

  it("says how long until there is one", () => {
    expect(waitFor({ tokens: 0, atMs: 0 }, { perMinute: 60 })).toBe(1000);
    expect(waitFor(fill({ tokens: 0, atMs: 0 }, { perMinute: 60, burst: 1 }, 1000), { perMinute: 60 })).toBe(0);
  });

  it("gains nothing by a clock that goes back", () => {
    const level = fill({ tokens: 0, atMs: 5000 }, use, 1000);
    expect(level).toEqual({ tokens: 0, atMs: 5000 });
  });
});

describe("what is kept", () => {
  it("begins empty where nothing is, and is full a burst later", async () => {
    const rates = keeper();
    expect(await rates.take([use], authenticate)).toBe(1000);
    nowMs += 60_000;
    expect(await drain(rates)).toBe(5);
  });

  it("goes on where the agent before has left it", async () => {
    const rates = keeper();
    expect(await drain(rates)).toBe(0);
    nowMs += 60_000;
    await rates.take([use], authenticate);
    await rates.take([use], authenticate);
    expect(await drain(keeper())).toBe(3);
    expect(await drain(keeper())).toBe(0);
    nowMs += 2000;
    expect(await drain(keeper())).toBe(2);
  });

  it.each<[string, (path: string) => void]>([
    ["removed", (path) => { rmSync(path); }],
    ["cut", (path) => { writeFileSync(path, readFileSync(path).subarray(0, 60)); }],
    ["emptied", (path) => { writeFileSync(path, ""); }],
    ["changed in one number", (path) => { writeFileSync(path, readFileSync(path, "utf8").replace(/,3,/, ",4,")); }],
    ["open to others", (path) => { rmSync(path); writeFileSync(path, "", { mode: 0o644 }); }],
    ["a folder", (path) => { rmSync(path); mkdtempSync(`${path}-`); }],
  ])("counts as empty where the file was %s", async (_name, harm) => {
    const first = keeper();
    await drain(first);
    nowMs += 60_000;
    await first.take([use], authenticate);
    await first.take([use], authenticate);
    const before = readFileSync(file(), "utf8");
    harm(file());
    const next = keeper();
    expect(await next.take([use], authenticate), before).toBe(1000);
    nowMs += 1000;
    expect(await drain(next)).toBe(1);
  });

  it("counts as empty where another vault's agent has written it, or it is of an earlier start of the machine", async () => {
    const first = keeper();
    await first.take([use], other);
    nowMs += 60_000;
    await first.take([use], other);
    expect(await drain(keeper())).toBe(0);
    nowMs += 60_000;
    expect(await drain(keeper("boot"))).toBe(5);
    copyFileSync(file(), `${file()}.kept`);
    expect(await drain(keeper("next boot"))).toBe(0);
  });

  it("takes from all buckets or from none", async () => {
    const rates = keeper();
    const narrow = { key: "TOKEN of a run", perMinute: 60, burst: 1 };
    await rates.take([use, narrow], authenticate);
    nowMs += 60_000;
    expect(await rates.take([use, narrow], authenticate)).toBe(0);
    expect(await rates.take([use, narrow], authenticate)).toBe(1000);
    expect(await drain(rates)).toBe(4);
  });

  it("allows nothing that cannot be written down", async () => {
    const rates = keeper();
    await rates.take([use], authenticate);
    nowMs += 60_000;
    rmSync(folder, { recursive: true });
    writeFileSync(folder, "");
    await expect(rates.take([use], authenticate)).rejects.toMatchObject({ code: "io" });
    rmSync(folder);
    expect(await drain(rates)).toBe(5);
  });

  it("is one for all that ask at once", async () => {
    const rates = keeper();
    await drain(rates);
    nowMs += 60_000;
    const waits = await Promise.all(Array.from({ length: 50 }, () => rates.take([use], authenticate)));
    expect(waits.filter((wait) => wait === 0)).toHaveLength(5);
  });
});

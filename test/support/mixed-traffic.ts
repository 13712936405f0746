// Every kind of traffic at once, good and hostile, through a run: each good request is answered right, and neither memory nor descriptors grow.
import { afterAll, beforeAll, expect, it } from "vitest";
import type { MixedServer } from "./mixed-server.ts";
import { openMixedServer } from "./mixed-server.ts";
import { canWeigh, descriptorCount } from "./process-weight.ts";
import type { RunningVault } from "./running-vault.ts";
import { openRunningVault } from "./running-vault.ts";
import { soak } from "./soak.ts";
import { goodActs, hostileActs } from "./traffic.ts";

const VALUE = "sk-live-Zx81~qT/7+hN3vWc0pLr";
/** Connections under way at a time vary by a few. */
const DESCRIPTORS_MAX = 20;
const MARGIN_MS = 120_000;

/** @param growthMax in bytes. */
export function testMixedTraffic({ durationMs, warmMs, growthMax }: { readonly durationMs: number; readonly warmMs: number; readonly growthMax: number }): void {
  let server: MixedServer;
  let vault: RunningVault;

  beforeAll(async () => {
    server = await openMixedServer(VALUE);
    vault = await openRunningVault({ value: VALUE, hosts: [server.host, server.broken], places: "header,basic,body", upstreamCertificate: server.certificate });
  });

  afterAll(async () => {
    await vault.close();
    await server.close();
  });

  it.skipIf(!canWeigh)("all kinds of traffic at once leave nothing behind (weighed on Linux)", async () => {
    const before = descriptorCount(vault.pid);
    const { done, failures, grownBytes, grownDescriptors } = await soak({ vault, server }, durationMs, warmMs);
    expect(failures).toEqual([]);
    expect(Object.keys(done).sort()).toEqual([...Object.keys(goodActs), ...Object.keys(hostileActs)].sort());
    expect(grownBytes).toBeLessThan(growthMax);
    expect(grownDescriptors).toBeLessThan(DESCRIPTORS_MAX);
    // The segment of the audit log stays open; everything else has ended.
    await expect.poll(() => descriptorCount(vault.pid), { timeout: 15_000 }).toBeLessThanOrEqual(before + 1);
    expect(vault.complaints()).toBe("");
  }, durationMs + MARGIN_MS);
}

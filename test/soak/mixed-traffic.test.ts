// Ten minutes of every kind of traffic at once, good and hostile: each good request is answered right, and neither memory nor descriptors grow. `npm run test:soak` runs it.
import { afterAll, beforeAll, expect, it } from "vitest";
import type { MixedServer } from "../support/mixed-server.ts";
import { openMixedServer } from "../support/mixed-server.ts";
import { canWeigh, descriptorCount } from "../support/process-weight.ts";
import type { RunningVault } from "../support/running-vault.ts";
import { openRunningVault } from "../support/running-vault.ts";
import { soak } from "../support/soak.ts";
import { goodActs, hostileActs } from "../support/traffic.ts";

const VALUE = "sk-live-Zx81~qT/7+hN3vWc0pLr";
const MINUTES = 10;
const WARM_MS = 30_000;
/** Thousands of requests of each kind that left 2 KB behind would show. */
const GROWTH_MAX = 24 * 1_048_576;
/** Connections under way at a time vary by a few. */
const DESCRIPTORS_MAX = 20;

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
  const { done, failures, grownBytes, grownDescriptors } = await soak({ vault, server }, MINUTES * 60_000, WARM_MS);
  expect(failures).toEqual([]);
  expect(Object.keys(done).sort()).toEqual([...Object.keys(goodActs), ...Object.keys(hostileActs)].sort());
  expect(grownBytes).toBeLessThan(GROWTH_MAX);
  expect(grownDescriptors).toBeLessThan(DESCRIPTORS_MAX);
  // The segment of the audit log stays open; everything else has ended.
  await expect.poll(() => descriptorCount(vault.pid), { timeout: 15_000 }).toBeLessThanOrEqual(before + 1);
  expect(vault.complaints()).toBe("");
}, (MINUTES + 2) * 60_000);

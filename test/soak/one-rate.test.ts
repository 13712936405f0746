// Sixteen runs of the shipped program at once, whose one secret has a rate: the server counts what arrives.
import { afterAll, beforeAll, expect, it } from "vitest";
import type { BuiltVault } from "../support/built-vault.ts";
import { openBuiltVault } from "../support/built-vault.ts";
import { VALUE } from "../support/proxy-run.ts";
import type { RawUpstream } from "../support/raw-upstream.ts";
import { openRawUpstream } from "../support/raw-upstream.ts";

const RUNS = 16;
const PER_MINUTE = 120;
const BURST = 5;

let upstream: RawUpstream;
let built: BuiltVault;
beforeAll(async () => {
  upstream = await openRawUpstream();
  built = openBuiltVault(`localhost:${upstream.port}`, VALUE, upstream.certificate);
  built.vault(["secrets", "update", "API_KEY", "--rate", `${PER_MINUTE}/m`, "--burst", String(BURST)]);
  built.vault(["unlock"]);
});
afterAll(async () => {
  built.vault(["lock"]);
  built.close();
  await upstream.close();
});

it("sixteen runs at once have what the rate says, and one use more at the most", async () => {
  const startedMs = performance.now();
  const curl = `curl -s -o /dev/null https://localhost:${upstream.port}/used -H "Authorization: Bearer $API_KEY"`;
  const runs = Array.from({ length: RUNS }, () => built.run(`end=$(($(date +%s) + 20)); while [ $(date +%s) -lt $end ]; do ${curl}; done`));
  await Promise.all(runs.map(({ ended }) => ended));
  const elapsedMs = performance.now() - startedMs;
  const used = upstream.received().split(`Bearer ${VALUE}`).length - 1;
  expect(used).toBeGreaterThan(10);
  // The bucket was empty when it was first asked for.
  expect(used).toBeLessThanOrEqual((elapsedMs * PER_MINUTE) / 60_000 + 1);
}, 300_000);

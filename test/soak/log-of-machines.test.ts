// The audit log over each engine, at length: three machines at once through a server that goes and comes, and a machine that joins a log of thousands of lines.
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import type { Surroundings } from "../../src/app/surroundings.ts";
import { verifyTrail } from "../../src/app/auditing/verify-trail.ts";
import { withOpenVault } from "../../src/app/keys/open-vault.ts";
import { openRunTrail } from "../../src/app/runs/run-trail.ts";
import type { ChainHead } from "../../src/audit/entry.ts";
import { EMPTY_CHAIN, encodeEntry, findEntry } from "../../src/audit/entry.ts";
import { PACK_LINES, putPack } from "../../src/audit/log-packs.ts";
import type { LogStore } from "../../src/audit/log-store.ts";
import { putLine } from "../../src/audit/log-store.ts";
import { appendToLog, pullLog, readLog } from "../../src/audit/log.ts";
import { verifyLog } from "../../src/audit/verify.ts";
import { identifyThisProcess } from "../../src/disk/process-identity.ts";
import { credentialsFor } from "../../src/engines/credentials.ts";
import { parseLocator } from "../../src/engines/locator.ts";
import { openEngine } from "../../src/engines/open-engine.ts";
import type { EnginePlace } from "../support/engine-places.ts";
import { describeEngines } from "../support/engine-places.ts";
import { makeManyHomes } from "../support/many-homes.ts";
import { openMemoryEngine } from "../support/memory-engine.ts";
import { makeFolder } from "../support/temporary.ts";

const isSoak = process.env["VAULT_SOAK"] !== undefined;
const key = new Uint8Array(32).fill(1);

async function openStore({ url, environment }: EnginePlace): Promise<LogStore> {
  const { locator } = parseLocator(url);
  const engine = await openEngine(locator, credentialsFor(locator, environment));
  onTestFinished(() => engine.close());
  return { engine, vaultId: new Uint8Array(16).fill(7) };
}

test.skipIf(!isSoak)("a run on another machine that nothing is heard of for twenty seconds is in doubt, and one that is heard of again is not", async () => {
  const engine = openMemoryEngine();
  const [first, second] = await makeManyHomes(engine, 2) as [Surroundings, Surroundings];
  const trail = await withOpenVault(first, (vault) => openRunTrail(first, vault, "00aa", { kind: "run.start", program: "sh" }, { ...identifyThisProcess(), host: "tower 1234 pid:[1]" }));
  engine.fate = (name) => (name.endsWith("/alive") ? "away" : "answered");
  expect((await verifyTrail(second)).doubts).toMatchObject([{ entry: 2, why: expect.stringMatching(/has no end, and nothing was heard of it in the store for 20 seconds: it was killed, its machine \(tower\) does not reach the store, or its end was cut off/) as string }]);
  engine.fate = () => "answered";
  expect(await verifyTrail(second)).toMatchObject({ running: [{ id: "00aa", elsewhere: "tower" }], doubts: [] });
  await trail.close({ kind: "run.end" });
}, 120_000);

describeEngines("the log in a store, at length", (stage, kind) => {
  // The folder of an S3 server of this machine, with a file for each line, takes minutes to remove.
  const lineCount = kind === "s3" ? 5_000 : 50_000;

  test.skipIf(!isSoak)("three machines append a hundred entries each, through a server that is killed five times", async () => {
    const place = stage().place();
    const machines = await Promise.all([0, 1, 2].map(async (machine) => ({ machine, store: await openStore(place), folder: join(makeFolder(), "audit") })));
    const refused = { count: 0 };
    const writing = Promise.all(machines.map(async ({ machine, store, folder }) => {
      for (let left = 100; left > 0; ) {
        try {
          await appendToLog(folder, { kind: `m${machine}` }, { key, vouched: EMPTY_CHAIN, now: new Date(), store });
          left -= 1;
        } catch (error) {
          expect(error).toMatchObject({ code: "store-unavailable" });
          refused.count += 1;
          await sleep(50);
        }
      }
    }));
    for (let time = 0; time < 5; time += 1) {
      await sleep(400);
      await stage().stop("SIGKILL");
      await stage().start();
    }
    await writing;
    for (const { store, folder } of machines) await pullLog(folder, store, { key, vouched: EMPTY_CHAIN });
    const [first, ...others] = machines.map(({ folder }) => readLog(folder));
    expect(verifyLog(first ?? [], [], key)).toMatchObject({ kind: "intact", entries: first?.length });
    for (const other of others) expect(other).toEqual(first);
    for (const { machine } of machines) expect(first?.filter((line) => findEntry(line)?.event.kind === `m${machine}`).length).toBeGreaterThanOrEqual(100);
    expect(first?.length).toBeLessThanOrEqual(300 + refused.count);
  }, 300_000);

  test.skipIf(!isSoak)("a run whose store goes away lets something out for thirty seconds, and nothing from then on; one whose store comes back in time goes on", async () => {
    const { engine } = await openStore(stage().place());
    const [home] = await makeManyHomes(engine, 1);
    const warnings: string[] = [];
    const trail = await withOpenVault(home, (vault) => openRunTrail({ ...home, warn: (line) => warnings.push(line) }, vault, "00aa", { kind: "run.start", program: "sh" }));
    const use = (): void => { trail.enter({ kind: "use" }); trail.flush(); };
    use();
    await stage().stop("SIGKILL");
    for (let second = 0; second < 10; second += 1) { use(); await sleep(1000); }
    await stage().start();
    await sleep(12_000);
    use();
    await stage().stop("SIGKILL");
    const beganMs = performance.now();
    const failed = await (async () => {
      for (;;) {
        try { use(); } catch (error) { return error; }
        await sleep(200);
      }
    })();
    const tookMs = performance.now() - beganMs;
    await stage().start();
    expect(failed).toMatchObject({ code: "audit-unwritable", message: expect.stringMatching(/cannot be carried into the store: .* for 30 seconds by now$/) as string });
    expect(tookMs).toBeGreaterThan(29_000);
    expect(tookMs).toBeLessThan(90_000);
    expect(warnings).toEqual([expect.stringMatching(/no secret of this run goes out any more$/)]);
    await trail.close({ kind: "run.end" });
    expect(await verifyTrail(home)).toMatchObject({ segments: 1, doubts: [] });
  }, 300_000);

  test.skipIf(!isSoak)(`a machine joins a log of ${lineCount} lines`, async () => {
    const store = await openStore(stage().place());
    const lines: string[] = [];
    for (let head: ChainHead = EMPTY_CHAIN; head.sequence < lineCount; ) {
      const next = encodeEntry(head, { kind: "run.start", program: "node", secrets: ["GITHUB_TOKEN", "STRIPE_KEY"], run: "0011223344556677" }, new Date(), key);
      lines.push(next.line.slice(0, -1));
      head = next.head;
    }
    for (let from = 0; from < lineCount; from += 32) await Promise.all(lines.slice(from, from + 32).map((line, index) => putLine(store, from + index + 1, line)));
    for (let last = PACK_LINES; last <= lineCount; last += PACK_LINES) await putPack(store, last, () => lines.slice(0, last));
    const folder = join(makeFolder(), "audit");
    const [beganMs, used] = [performance.now(), process.cpuUsage()];
    await pullLog(folder, store, { key, vouched: EMPTY_CHAIN });
    const { user, system } = process.cpuUsage(used);
    console.log(`${store.engine.where}: ${lineCount} lines joined in ${Math.round(performance.now() - beganMs)} ms, ${Math.round((user + system) / 1000)} ms of processor time`);
    expect(readLog(folder)).toEqual(lines);
  }, 600_000);
});

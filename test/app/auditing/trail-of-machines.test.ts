// The audit log of a vault that several machines share: homes stand for machines.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, onTestFinished, test } from "vitest";
import { readReport } from "../../../src/app/auditing/audit-report.ts";
import { followTrail, readTrail } from "../../../src/app/auditing/audit-trail.ts";
import { acceptDoubts, verifyTrail } from "../../../src/app/auditing/verify-trail.ts";
import { acceptVault } from "../../../src/app/keys/accept-vault.ts";
import { appendAudited } from "../../../src/app/keys/change-vault.ts";
import { requireVault, withOpenVault } from "../../../src/app/keys/open-vault.ts";
import type { RunTrail } from "../../../src/app/runs/run-trail.ts";
import { openRunTrail } from "../../../src/app/runs/run-trail.ts";
import type { Surroundings } from "../../../src/app/surroundings.ts";
import { encodeEntry, findEntry, hashLine } from "../../../src/audit/entry.ts";
import { lineName } from "../../../src/audit/log-store.ts";
import { readLog } from "../../../src/audit/log.ts";
import { encodeBase64 } from "../../../src/bytes.ts";
import { identifyThisProcess } from "../../../src/disk/process-identity.ts";
import { credentialsFor } from "../../../src/engines/credentials.ts";
import type { Engine } from "../../../src/engines/engine.ts";
import { parseLocator } from "../../../src/engines/locator.ts";
import { openEngine } from "../../../src/engines/open-engine.ts";
import { openCuttingRelay } from "../../support/cutting-relay.ts";
import type { EnginePlace } from "../../support/engine-places.ts";
import { describeEngines } from "../../support/engine-places.ts";
import { openMemoryEngine } from "../../support/memory-engine.ts";
import { makeManyHomes } from "../../support/many-homes.ts";

const RUN = "0011223344556677";
const elsewhere = { ...identifyThisProcess(), host: "tower 1234 pid:[1]" };

const append = (surroundings: Surroundings, kind: string): Promise<unknown> => withOpenVault(surroundings, ({ holder, file }) => appendAudited(surroundings, holder, file.contents, { kind }));
const startRun = (surroundings: Surroundings, process?: Readonly<Record<string, string | number>>): Promise<RunTrail> => withOpenVault(surroundings, (vault) => openRunTrail(surroundings, vault, RUN, { kind: "run.start", program: "sh", secrets: [] }, process));
const kindsOf = async (surroundings: Surroundings): Promise<string[]> => (await readTrail(surroundings, { limit: 1000, before: undefined })).map(({ event }) => event.kind);
const mirrored = ({ paths }: Surroundings): (string | undefined)[] => readLog(paths.auditFolder).map((line) => findEntry(line)?.event.kind);

describe("on each machine", () => {
  test("the entries of all are shown, without the key too, and verified with it", async () => {
    const [first, second, third] = await makeManyHomes(openMemoryEngine(), 3);
    await append(first, "a");
    await append(second as Surroundings, "b");
    for (const home of [first, second, third] as Surroundings[]) {
      expect(await kindsOf(home)).toEqual(["vault.init", "a", "b"]);
      expect(await verifyTrail(home)).toMatchObject({ entries: 3, doubts: [] });
      expect(mirrored(home)).toEqual(["vault.init", "a", "b"]);
    }
  });

  test("what others append is followed as it comes, also behind a store that was away", async () => {
    const engine = openMemoryEngine();
    const [first, second] = await makeManyHomes(engine, 2) as [Surroundings, Surroundings];
    const controller = new AbortController();
    onTestFinished(() => { controller.abort(); });
    const seen: string[] = [];
    const following = (async () => {
      for await (const { event } of followTrail(second, 10, controller.signal)) seen.push(event.kind);
    })();
    const until = async (count: number): Promise<void> => { for (const deadline = performance.now() + 8000; seen.length < count && performance.now() < deadline; ) await sleep(5); };
    await until(1);
    await append(first, "a");
    await until(2);
    engine.isAway = true;
    await sleep(20);
    engine.isAway = false;
    await append(first, "b");
    await until(3);
    expect(seen).toEqual(["vault.init", "a", "b"]);
    controller.abort();
    await following;
  });
});

describe("a run on another machine", () => {
  test("is followed with its log, while it goes on and when it has ended; the report has it too", async () => {
    const engine = openMemoryEngine();
    const [first, second] = await makeManyHomes(engine, 2) as [Surroundings, Surroundings];
    const trail = await startRun(first, elsewhere);
    trail.enter({ kind: "refused", request: "1", authority: "evil.example:443", method: "GET", secrets: ["A"], code: "host" });
    trail.flush();
    for (const deadline = performance.now() + 8000; !engine.entries.has(`runs/${RUN}/0000000000000000`) && performance.now() < deadline; ) await sleep(10);
    expect(await verifyTrail(second)).toMatchObject({ segments: 1, running: [{ id: RUN, program: "sh", elsewhere: "tower" }], doubts: [] });
    expect((await readReport(second, { limit: 100, before: undefined })).refusals).toMatchObject([{ program: "sh", host: "evil.example:443" }]);
    await trail.close({ kind: "run.end", status: 0 });
    for (const home of [first, second]) expect(await verifyTrail(home)).toMatchObject({ segments: 1, running: [], doubts: [] });
    expect(readFileSync(join(second.paths.auditFolder, "copies", `${RUN}.jsonl`))).toEqual(readFileSync(join(first.paths.auditFolder, "runs", `${RUN}.jsonl`)));
  });

  test("that was killed is in doubt on all of them, until one of them accepts what there is", async () => {
    const engine = openMemoryEngine();
    const [first, second] = await makeManyHomes(engine, 2) as [Surroundings, Surroundings];
    const trail = await startRun(first, { ...identifyThisProcess(), pid: 2 ** 22 + 7 });
    for (let use = 0; use < 3; use += 1) trail.enter({ kind: "use", use });
    // Killed before anything of it was in the store: the next to verify on that machine carries it over.
    engine.fate = (name) => (name.startsWith("runs/") ? "away" : "answered");
    trail.flush();
    await sleep(700);
    engine.fate = () => "answered";
    expect((await verifyTrail(first)).doubts).toMatchObject([{ entry: 2, run: { id: RUN, head: { sequence: 3 } } }]);
    expect((await verifyTrail(second)).doubts).toMatchObject([{ entry: 2, run: { id: RUN, head: { sequence: 3 } } }]);
    expect(await acceptDoubts(second, [2])).toMatchObject({ doubts: [] });
    expect(await verifyTrail(first)).toMatchObject({ doubts: [] });
    await trail.close({ kind: "run.end" });
  });
});

describe("a log that was cut in the store", () => {
  test("in its middle is named by verification on a machine that has it all, and by a machine that joins", async () => {
    const engine = openMemoryEngine();
    const [first, second] = await makeManyHomes(engine, 2) as [Surroundings, Surroundings];
    for (const kind of ["a", "b", "c"]) await append(first, kind);
    const { contents } = await requireVault(first);
    const name = lineName({ vaultId: contents.id }, 2);
    const line = engine.textOf(name);
    engine.entries.delete(name);
    await append(first, "d");
    await expect(verifyTrail(first)).rejects.toMatchObject({ code: "rolled-back", message: expect.stringMatching(/has no entry 2 any more/) as string });
    await expect(verifyTrail(second)).rejects.toMatchObject({ code: "rolled-back", message: expect.stringMatching(/has no entry 2, and has later ones/) as string });
    engine.put(name, line.replace('"a"', '"x"'));
    await expect(verifyTrail(first)).rejects.toMatchObject({ code: "rolled-back", message: expect.stringMatching(/has another entry 2/) as string });
    // Before it has the key, which would name the entry itself.
    await expect(verifyTrail(second)).rejects.toMatchObject({ code: "audit-broken", message: expect.stringMatching(/^entry 3 of the log in the store .*: it is not chained to the one before$/) as string });
    engine.put(name, line);
    for (const home of [first, second]) expect(await verifyTrail(home)).toMatchObject({ entries: 5, doubts: [] });
  });

  test("is refused by whoever has seen more, with what to type; vault accept takes it as it is", async () => {
    const engine = openMemoryEngine();
    const [first, second] = await makeManyHomes(engine, 2) as [Surroundings, Surroundings];
    await append(first, "a");
    const { contents } = await requireVault(first);
    engine.entries.delete(lineName({ vaultId: contents.id }, 2));
    const id = encodeBase64(contents.id);
    for (const act of [() => append(first, "b"), () => kindsOf(first), () => verifyTrail(first)]) await expect(act()).rejects.toMatchObject({ code: "rolled-back", message: expect.stringMatching(/ends before entry 2/) as string, hint: expect.stringContaining(`vault accept ${id}`) as string });
    await append(second, "c");
    await acceptVault(first, id);
    for (const home of [first, second]) {
      expect(await kindsOf(home)).toEqual(["vault.init", "c", "vault.accept"]);
      expect(await verifyTrail(home)).toMatchObject({ entries: 3, doubts: [] });
    }
  });
});

const openPlace = ({ url, environment }: EnginePlace): Promise<Engine> => {
  const { locator } = parseLocator(url);
  return openEngine(locator, credentialsFor(locator, environment));
};

describeEngines("three machines on one store", (stage, kind) => {
  test("write one chain, one of them behind a connection that is cut at answers, through a server that is killed and started again; what is forged there is found", async () => {
    const place = stage().place();
    const relay = await openCuttingRelay(stage().port);
    const behindRelay = { ...place, url: place.url.replaceAll(String(stage().port), String(relay.port)) };
    const engines = await Promise.all([place, place, behindRelay].map(openPlace));
    onTestFinished(async () => {
      for (const engine of engines) await engine.close();
      await relay.close();
    });
    const [engine] = engines as [Engine];
    const shared = await makeManyHomes(engine, 3);
    const homes = shared.map((home, index): Surroundings => ({ ...home, paths: { ...home.paths, engine: () => Promise.resolve(engines[index] ?? engine) } }));
    const trail = await startRun(shared[0], elsewhere);
    for (let use = 0; use < 50; use += 1) trail.enter({ kind: "use", use });
    trail.flush();
    const refused = { count: 0 };
    const appendOn = async (home: Surroundings, index: number): Promise<void> => {
      for (let left = 12; left > 0; ) {
        try {
          await append(home, `m${index}`);
          left -= 1;
        } catch (error) {
          expect(error).toMatchObject({ code: "store-unavailable" });
          refused.count += 1;
          await sleep(50);
        }
      }
    };
    const writing = Promise.all(homes.map(appendOn));
    const cutting = setInterval(() => {
      relay.set("cut-answer");
      setTimeout(() => { relay.set("pass"); }, 20);
    }, 150);
    await sleep(50);
    await stage().stop("SIGKILL");
    await stage().start();
    await writing.finally(() => { clearInterval(cutting); });
    await sleep(30);
    await trail.close({ kind: "run.end" });
    const entries = await Promise.all(homes.map(kindsOf));
    // One whose answer was lost for good may stand there as well: it tells of an act that did not come about.
    for (const index of homes.keys()) expect(entries[0]?.filter((entry) => entry === `m${index}`).length).toBeGreaterThanOrEqual(12);
    expect(entries[0]?.length).toBeLessThanOrEqual(3 + 36 + refused.count);
    for (const home of homes) expect(await verifyTrail(home)).toMatchObject({ entries: entries[0]?.length, segments: 1, running: [], doubts: [] });
    expect(entries[1]).toEqual(entries[0]);

    const { contents } = await requireVault(shared[0]);
    const last = readLog(shared[0].paths.auditFolder).at(-1) ?? "";
    const head = { sequence: findEntry(last)?.seq ?? 0, hash: hashLine(last) };
    const name = lineName({ vaultId: contents.id }, head.sequence + 1);
    const forged = Buffer.from(encodeEntry(head, { kind: "forged" }, new Date(), new Uint8Array(32)).line.trimEnd());
    expect(await engine.replace(name, forged, undefined)).toBe("done");
    for (const home of homes) await expect(verifyTrail(home)).rejects.toMatchObject({ code: "audit-broken", message: expect.stringMatching(new RegExp(`entry ${head.sequence + 1} of the log in the store ${kind}.* was not written with this vault's key`)) as string });
    expect(homes.every((home) => !mirrored(home).includes("forged"))).toBe(true);
  });
});

import { execFileSync } from "node:child_process";
import { appendFileSync, copyFileSync, lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, renameSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import type { AuditEvent, ChainHead } from "../../src/audit/entry.ts";
import { EMPTY_CHAIN, findEntry, hashLine } from "../../src/audit/entry.ts";
import { readSegment } from "../../src/audit/log.ts";
import { segmentPath } from "../../src/audit/segment-file.ts";
import type { AuditSegment } from "../../src/audit/segment.ts";
import { openSegment } from "../../src/audit/segment.ts";
import { verifyChain } from "../../src/audit/verify.ts";
import { can } from "../support/machine.ts";
import { refusalOf } from "../support/refusal.ts";
import { makeFolder } from "../support/temporary.ts";
import type { WorkerScript } from "../support/workers.ts";
import { bundleWorker } from "../support/workers.ts";

let script: WorkerScript;
beforeAll(async () => {
  script = await bundleWorker("audit");
});
afterAll(() => {
  script.close();
});

const makeKey = (): Uint8Array => new Uint8Array(32).fill(1);
const start = hashLine("the entry that the run began with");

function open(folder = join(makeFolder(), "audit")) {
  return { folder, segment: openSegment(folder, "run", start, makeKey()) };
}

function readLink(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}

/** Enters an event and writes it. */
function record(segment: AuditSegment, event: AuditEvent): void {
  segment.enter(event);
  segment.flush();
}

const numbersOf = (folder: string): unknown[] => [...readSegment(folder, "run")].map((line) => findEntry(line)?.event["index"]);
const verdictOf = (folder: string, ends: Parameters<typeof verifyChain>[2] = [], from = start) => verifyChain(readSegment(folder, "run"), { sequence: 0, hash: from }, ends, makeKey());

describe("recording", () => {
  test("keeps the order of the calls, in one chain tied to its start", () => {
    const { folder, segment } = open();
    for (let index = 0; index < 500; index += 1) segment.enter({ kind: "use", index });
    expect(numbersOf(folder)).toEqual([]);
    record(segment, { kind: "use", index: 500 });
    const end = segment.close();
    expect(numbersOf(folder)).toEqual(Array.from({ length: 501 }, (_, index) => index));
    expect(verdictOf(folder, [end])).toEqual({ kind: "intact", head: end, entries: 501 });
    expect(verdictOf(folder, [end], EMPTY_CHAIN.hash)).toMatchObject({ bad: { line: 1 } });
  });

  test("is written, as far as this process goes, when it returns", () => {
    const { folder, segment } = open();
    for (let index = 0; index < 20; index++) {
      record(segment, { kind: "use", index });
      expect(numbersOf(folder)).toHaveLength(index + 1);
    }
    segment.close();
  });

  test("makes a file of our own with the first entry, and none without", () => {
    const { folder, segment } = open();
    const unused = openSegment(folder, "unused", start, makeKey());
    expect(unused.close()).toEqual({ sequence: 0, hash: start });
    record(segment, { kind: "use" });
    segment.close();
    expect(lstatSync(segmentPath(folder, "run")).mode & 0o777).toBe(0o600);
    expect(lstatSync(join(folder, "runs")).mode & 0o777).toBe(0o700);
    expect([...readSegment(folder, "unused")]).toEqual([]);
  });

  test.runIf(can.strace)("is flushed within a second, the file's name as well", async () => {
    const folder = makeFolder();
    const log = join(folder, "calls");
    expect(await script.run(["once", join(folder, "audit"), "run"], { under: ["strace", "-f", "-qq", "-y", "-o", log, "-e", "trace=fsync,fdatasync"] })).toEqual(["1"]);
    const calls = readFileSync(log, "utf8");
    expect(calls).toMatch(/sync\(\d+<.*\/runs\/run\.jsonl>\)/);
    expect(calls).toMatch(/sync\(\d+<.*\/runs>\)/);
  });
});

describe("closing", () => {
  test("writes what is still waiting, and can be repeated", () => {
    const { folder, segment } = open();
    for (const index of [0, 1, 2]) segment.enter({ kind: "use", index });
    const end = segment.close();
    expect(segment.close()).toEqual(end);
    expect(numbersOf(folder)).toEqual([0, 1, 2]);
    expect(verdictOf(folder, [end])).toMatchObject({ kind: "intact", entries: 3 });
  });

  test.runIf(process.platform === "linux")("keeps no descriptor, also where a flush is under way", async () => {
    const openOnes = (folder: string): string[] => readdirSync("/proc/self/fd").map((fd) => readLink(`/proc/self/fd/${fd}`)).filter((path) => path.startsWith(folder));
    const { folder, segment } = open();
    record(segment, { kind: "use" });
    expect(openOnes(folder)).toHaveLength(1);
    segment.close();
    expect(openOnes(folder)).toEqual([]);
    const second = open();
    record(second.segment, { kind: "use" });
    // The timer of the first flush and ours are both late then, and come in one turn.
    await new Promise<void>((resolve) => {
      setTimeout(resolve, 1001);
      setTimeout(() => { for (const end = performance.now() + 50; performance.now() < end; ); }, 980);
    });
    second.segment.close();
    await expect.poll(() => openOnes(second.folder)).toEqual([]);
  });

  test("comes after any number of flushes, behind which the same file is written on", async () => {
    const { folder, segment } = open();
    record(segment, { kind: "use", index: 0 });
    await sleep(1200);
    record(segment, { kind: "use", index: 1 });
    segment.close();
    expect(numbersOf(folder)).toEqual([0, 1]);
  });

  test("wipes the key and refuses what comes after", async () => {
    const key = makeKey();
    const segment = openSegment(join(makeFolder(), "audit"), "run", start, key);
    record(segment, { kind: "use" });
    const end = segment.close();
    expect(key).toEqual(new Uint8Array(32));
    expect(await refusalOf(() => { record(segment, { kind: "late" }); })).toBe("audit-unwritable");
    expect(segment.close()).toEqual(end);
  });
});

describe("what cannot be written", () => {
  test("is said, of all that waits together and of all that follows, and the end tells of none of it", async () => {
    const { folder, segment } = open();
    mkdirSync(folder, { mode: 0o700 });
    writeFileSync(join(folder, "runs"), "a file in the folder's place");
    for (const index of [0, 1, 2]) segment.enter({ kind: "use", index });
    expect(await refusalOf(() => { segment.flush(); })).toBe("audit-unwritable");
    expect(await refusalOf(() => { record(segment, { kind: "use" }); })).toBe("audit-unwritable");
    expect(segment.close()).toEqual({ sequence: 0, hash: start });
  });

  test("a segment that another run has written is not written to", async () => {
    const { folder, segment } = open();
    record(segment, { kind: "use" });
    segment.close();
    const before = readFileSync(segmentPath(folder, "run"), "utf8");
    const second = open(folder).segment;
    expect(await refusalOf(() => { record(second, { kind: "use" }); })).toBe("audit-unwritable");
    expect(readFileSync(segmentPath(folder, "run"), "utf8")).toBe(before);
  });

  test.runIf(can.mount)("on a disk that fills up: what was recorded stays whole, and the end tells of just that", async () => {
    const folder = makeFolder();
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k,mode=700", "tmpfs", folder]);
    onTestFinished(() => { execFileSync("umount", [folder]); });
    const { segment } = open(folder);
    let recorded = 0;
    for (; await refusalOf(() => { record(segment, { kind: "use", index: recorded, detail: "x".repeat(5000) }); }) === undefined; recorded++);
    expect(recorded).toBeGreaterThan(5);
    // Room again does not mend it: what could not be told was not done, and a gap would be hidden.
    execFileSync("mount", ["-o", "remount,size=1m", folder]);
    expect(await refusalOf(() => { record(segment, { kind: "use", index: recorded }); })).toBe("audit-unwritable");
    const end = segment.close();
    expect(end.sequence).toBe(recorded);
    expect(verdictOf(folder, [end])).toEqual({ kind: "intact", head: end, entries: recorded });
  });
});

describe("who listens", () => {
  test("is told how far it has come, the newest of many writes", async () => {
    const heads: ChainHead[] = [];
    const folder = join(makeFolder(), "audit");
    const segment = openSegment(folder, "run", start, makeKey(), { onProgress: (head) => heads.push(head) });
    for (let index = 0; index < 20; index += 1) record(segment, { kind: "use", index });
    await expect.poll(() => heads.at(-1)?.sequence).toBe(20);
    expect(heads.at(-1)).toEqual(segment.close());
    expect(heads.length).toBeLessThan(20);
  });

  test.each<[string, (path: string) => void]>([
    ["cut", (path) => { truncateSync(path, 10); }],
    ["made longer", (path) => { appendFileSync(path, "x"); }],
    ["removed", (path) => { rmSync(path); }],
    ["exchanged for a copy", (path) => { renameSync(path, `${path}.kept`); copyFileSync(`${path}.kept`, path); }],
  ])("is told once that it was %s, and nothing can be written from then on", async (_what, mess) => {
    const failures: string[] = [];
    const folder = join(makeFolder(), "audit");
    const segment = openSegment(folder, "run", start, makeKey(), { onFailure: ({ message }) => failures.push(message) });
    record(segment, { kind: "use" });
    mess(segmentPath(folder, "run"));
    await expect.poll(() => failures, { timeout: 10_000 }).toEqual([expect.stringContaining("was cut, or put aside, by another process")]);
    expect(await refusalOf(() => { record(segment, { kind: "use" }); })).toBe("audit-unwritable");
    expect(segment.close().sequence).toBe(1);
    expect(failures).toHaveLength(1);
  });

  test("is told at the end at the latest", () => {
    const failures: string[] = [];
    const folder = join(makeFolder(), "audit");
    const segment = openSegment(folder, "run", start, makeKey(), { onFailure: ({ message }) => failures.push(message) });
    record(segment, { kind: "use" });
    rmSync(segmentPath(folder, "run"));
    segment.close();
    expect(failures).toHaveLength(1);
  });

  test("hears of no failure where a segment was closed and is asked for more", async () => {
    const failures: string[] = [];
    const segment = openSegment(join(makeFolder(), "audit"), "run", start, makeKey(), { onFailure: ({ message }) => failures.push(message) });
    record(segment, { kind: "use" });
    segment.close();
    expect(await refusalOf(() => { record(segment, { kind: "late" }); })).toBe("audit-unwritable");
    expect(failures).toEqual([]);
  });
});

test("a killed run leaves what it was told was written, and at most a torn line behind it", async () => {
  const folder = join(makeFolder(), "audit");
  const worker = script.start(["segment", folder, "run", "200"]);
  let told = 0;
  while (told < 50) told = Number(await worker.next());
  worker.kill();
  for (let line = await worker.next(); line !== undefined; line = await worker.next()) told = Math.max(told, Number(line));
  expect(verdictOf(folder, [], EMPTY_CHAIN.hash)).toMatchObject({ kind: "intact" });
  expect([...readSegment(folder, "run")].length).toBeGreaterThanOrEqual(told);
});

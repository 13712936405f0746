import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import type { ChainHead } from "../../src/audit/entry.ts";
import { findEntry, hashLine } from "../../src/audit/entry.ts";
import { listen, openHeartbeat } from "../../src/audit/heartbeat.ts";
import { readSegment } from "../../src/audit/log.ts";
import { findSegment, listSegments, reconcileSegment } from "../../src/audit/segment-copies.ts";
import { segmentPath } from "../../src/audit/segment-file.ts";
import { pieceName } from "../../src/audit/segment-pieces.ts";
import type { PushTerms } from "../../src/audit/segment-push.ts";
import { openSegmentPush } from "../../src/audit/segment-push.ts";
import { openSegment } from "../../src/audit/segment.ts";
import { verifyChain } from "../../src/audit/verify.ts";
import type { VaultError } from "../../src/errors.ts";
import type { MemoryEngine } from "../support/memory-engine.ts";
import { openMemoryEngine } from "../support/memory-engine.ts";
import { makeFolder } from "../support/temporary.ts";

const RUN = "0011223344556677";
const makeKey = (): Uint8Array => new Uint8Array(32).fill(1);
const start = hashLine("the entry that the run began with");
const piecesOf = ({ entries }: MemoryEngine): string[] => [...entries.keys()].filter((name) => /^runs\/.*\/\d{16}$/.test(name)).sort();
const storedIn = (engine: MemoryEngine): string => piecesOf(engine).map((name) => engine.textOf(name)).join("");

/** A run's log that is carried into a store; `record` writes so many entries at once. */
function openRun(engine = openMemoryEngine(), terms: Partial<PushTerms> = {}) {
  const folder = join(makeFolder(), "audit");
  const lost: VaultError[] = [];
  const push = openSegmentPush(engine, RUN, segmentPath(folder, RUN), { gatherMs: 20, onLost: (failure) => { lost.push(failure); segment.fail(failure); }, ...terms });
  const segment = openSegment(folder, RUN, start, makeKey(), { onProgress: () => { push.wake(); } });
  let count = 0;
  const record = (entries = 1): void => {
    for (let index = 0; index < entries; index += 1) segment.enter({ kind: "use", index: (count += 1) });
    segment.flush();
  };
  const close = async (): Promise<ChainHead> => {
    const head = segment.close();
    await push.close();
    return head;
  };
  return { engine, folder, segment, push, lost, record, close, text: () => readFileSync(segmentPath(folder, RUN), "utf8") };
}

async function until(isSo: () => boolean): Promise<void> {
  for (const deadline = performance.now() + 8000; !isSo() && performance.now() < deadline; ) await sleep(5);
  expect(isSo()).toBe(true);
}

describe("a run's log", () => {
  test("is in the store while the run goes on, and all of it before its end", async () => {
    const { engine, record, close, text } = openRun();
    record(3);
    await until(() => storedIn(engine) === text());
    record(2);
    await until(() => storedIn(engine) === text());
    record(40);
    const head = await close();
    expect(storedIn(engine)).toBe(text());
    expect(verifyChain(storedIn(engine).trimEnd().split("\n"), { sequence: 0, hash: start }, [head], makeKey())).toMatchObject({ kind: "intact", entries: 45 });
    expect(piecesOf(engine).length).toBeGreaterThan(2);
  });

  test("of nothing puts nothing there", async () => {
    const { engine, close } = openRun();
    await close();
    expect(piecesOf(engine)).toEqual([]);
  });

  test("is carried over once, whatever becomes of the answers", async () => {
    const { engine, record, close, text } = openRun();
    const fates = ["lost", "never", "away", "lost", "answered"] as const;
    let turn = 0;
    engine.fate = () => fates[turn++ % fates.length] ?? "answered";
    for (let index = 0; index < 6; index += 1) {
      record(2);
      await sleep(30);
    }
    await close();
    expect(storedIn(engine)).toBe(text());
  });

  test("goes on from a piece that had less to carry when its answer was lost", async () => {
    const { engine, record, close, text } = openRun();
    engine.fate = () => {
      engine.isAway = true;
      return "lost";
    };
    record(1);
    await until(() => engine.isAway);
    record(5);
    engine.fate = () => "answered";
    engine.isAway = false;
    await close();
    expect(storedIn(engine)).toBe(text());
    expect(piecesOf(engine).length).toBe(2);
  });

  test("waits for a store that is away for a while, and the run goes on meanwhile", async () => {
    const { engine, record, close, text, lost } = openRun();
    engine.isAway = true;
    record(3);
    await sleep(200);
    record(3);
    engine.isAway = false;
    await close();
    expect([storedIn(engine), lost]).toEqual([text(), []]);
  });

  test("cannot be written any more once the store was away for too long, and says so once", async () => {
    const { engine, record, lost } = openRun(undefined, { awayMs: 100 });
    record();
    engine.isAway = true;
    record();
    await until(() => lost.length > 0);
    expect(() => { record(); }).toThrow(expect.objectContaining({ code: "audit-unwritable", message: expect.stringMatching(/^the log of run 0011223344556677 cannot be carried into the store: the store memory: cannot be reached, for 0 seconds by now$/) as string }) as Error);
    expect(lost).toHaveLength(1);
  });

  test("cannot be written any more where somebody else has written in its place", async () => {
    const { engine, record, lost, close } = openRun();
    engine.put(pieceName(RUN, 0), "not ours\n");
    record();
    await until(() => lost.length > 0);
    expect(lost[0]).toMatchObject({ code: "audit-unwritable", message: expect.stringMatching(/the store memory: has another log of run 0011223344556677 than this machine, from byte 0 on/) as string });
    expect(() => { record(); }).toThrow(/another log/);
    await expect(close()).rejects.toMatchObject({ code: "audit-broken" });
    expect(engine.textOf(pieceName(RUN, 0))).toBe("not ours\n");
  });
});

describe("another machine's copy", () => {
  const judge = (lines: Iterable<string>): void => {
    const verdict = verifyChain(lines, { sequence: 0, hash: start }, [], makeKey());
    if (verdict.kind === "broken") throw new Error(`line ${verdict.bad.line}: ${verdict.bad.why}`);
  };
  const indexesOf = (folder: string): unknown[] => [...readSegment(folder, RUN)].map((line) => findEntry(line)?.event["index"]);
  const other = (): string => join(makeFolder(), "audit");

  test("is what the store has, as far as that goes, and longer the next time", async () => {
    const { engine, record, close } = openRun();
    const folder = other();
    record(2);
    await until(() => piecesOf(engine).length === 1);
    await reconcileSegment(folder, engine, RUN, judge);
    expect([indexesOf(folder), listSegments(folder)]).toEqual([[1, 2], [RUN]]);
    record(1);
    await close();
    await reconcileSegment(folder, engine, RUN, judge);
    expect(indexesOf(folder)).toEqual([1, 2, 3]);
  });

  test("never has a line that nobody vouches for; nor one behind a hole", async () => {
    const { engine, record, close } = openRun();
    const folder = other();
    record(2);
    await until(() => piecesOf(engine).length === 1);
    record(1);
    await close();
    const [first = "", second = ""] = piecesOf(engine);
    const good = engine.textOf(second);
    engine.put(second, good.replace('"index":3', '"index":4'));
    await expect(reconcileSegment(folder, engine, RUN, judge)).rejects.toThrow(/line 3: it was not written with this vault's key/);
    engine.put(second, good);
    const begin = engine.textOf(first);
    engine.entries.delete(first);
    await expect(reconcileSegment(folder, engine, RUN, judge)).rejects.toMatchObject({ code: "audit-broken", message: expect.stringContaining(`${second} where ${first} was due`) as string });
    expect(existsSync(findSegment(folder, RUN))).toBe(false);
    engine.put(first, begin);
    await reconcileSegment(folder, engine, RUN, judge);
    expect(indexesOf(folder)).toEqual([1, 2, 3]);
  });

  test("knows when the store has less, or other, than it had; what this machine's own run could not carry over is carried over now", async () => {
    const { engine, record, close, folder: own, text } = openRun();
    const folder = other();
    record(2);
    await until(() => piecesOf(engine).length === 1);
    record(1);
    await close();
    await reconcileSegment(folder, engine, RUN, judge);
    const [, second = ""] = piecesOf(engine);
    engine.entries.delete(second);
    await expect(reconcileSegment(folder, engine, RUN, judge)).rejects.toMatchObject({ code: "rolled-back", message: expect.stringMatching(/ends before byte \d+, up to which this machine has seen it/) as string });
    await reconcileSegment(own, engine, RUN, judge);
    expect(storedIn(engine)).toBe(text());
    engine.put(second, engine.textOf(second).replace(`"index":3`, `"index":4`));
    for (const machine of [own, folder]) await expect(reconcileSegment(machine, engine, RUN, judge)).rejects.toMatchObject({ code: "audit-broken" });
  });

  test("completes what a power cut has taken from this machine's own", async () => {
    const { engine, record, close, folder, text } = openRun();
    record(3);
    await close();
    const whole = text();
    writeFileSync(segmentPath(folder, RUN), whole.slice(0, whole.indexOf("\n") + 1));
    await reconcileSegment(folder, engine, RUN, judge);
    expect(text()).toBe(whole);
  });
});

describe("a run that goes on", () => {
  const keyOf = (): Uint8Array => makeKey();

  test("is heard of, and not once it has ended", async () => {
    const engine = openMemoryEngine();
    const heartbeat = openHeartbeat(engine, RUN, makeKey(), 50);
    expect(await listen(engine, [RUN, "ff"], keyOf, 1500)).toEqual(new Set([RUN]));
    await heartbeat.close();
    expect([...engine.entries.keys()]).toEqual([]);
    expect(await listen(engine, [RUN], keyOf, 600)).toEqual(new Set());
  });

  test("is heard of although the store was away, and its entry was removed", async () => {
    const engine = openMemoryEngine();
    const heartbeat = openHeartbeat(engine, RUN, makeKey(), 50);
    await until(() => engine.entries.size > 0);
    engine.isAway = true;
    await sleep(150);
    engine.isAway = false;
    engine.entries.clear();
    expect(await listen(engine, [RUN], keyOf, 8000)).toEqual(new Set([RUN]));
    await heartbeat.close();
  });

  test("is not heard of by what somebody without the run's key writes, or puts back", async () => {
    const engine = openMemoryEngine();
    const heartbeat = openHeartbeat(engine, RUN, makeKey(), 50);
    const seen: string[] = [];
    while (seen.length < 3) {
      const text = engine.textOf(`runs/${RUN}/alive`);
      if (text !== "" && seen.at(-1) !== text) seen.push(text);
      await sleep(5);
    }
    await heartbeat.close();
    const name = `runs/${RUN}/alive`;
    engine.put(name, seen[2] ?? "");
    const forger = setInterval(() => { engine.put(name, engine.textOf(name) === seen[0] ? `9 ${seen[2]?.split(" ")[1] ?? ""}` : (seen[0] ?? "")); }, 100);
    try {
      expect(await listen(engine, [RUN], keyOf, 1600)).toEqual(new Set());
    } finally {
      clearInterval(forger);
    }
  });
});

test("a run's log is nowhere but in folders of our own", async () => {
  const { engine, record, close } = openRun();
  record();
  await close();
  const folder = join(makeFolder(), "audit");
  mkdirSync(folder, { mode: 0o700 });
  await reconcileSegment(folder, engine, RUN, () => undefined);
  expect(dirname(findSegment(folder, RUN))).toBe(join(folder, "copies"));
});

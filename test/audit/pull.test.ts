import { readdirSync, readFileSync, rmSync, statSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { AuditEvent, ChainHead } from "../../src/audit/entry.ts";
import { EMPTY_CHAIN, encodeEntry, findEntry } from "../../src/audit/entry.ts";
import { readHead } from "../../src/audit/head.ts";
import { putPack } from "../../src/audit/log-packs.ts";
import type { LogStore } from "../../src/audit/log-store.ts";
import { hasEntry, lineName } from "../../src/audit/log-store.ts";
import { appendToLog, openingOf, pullLog, readLog } from "../../src/audit/log.ts";
import { listParts } from "../../src/audit/parts.ts";
import { readWithStore } from "../../src/audit/pull.ts";
import { putStoredAside } from "../../src/audit/stored-aside.ts";
import { verifyLog } from "../../src/audit/verify.ts";
import type { Fate } from "../support/memory-engine.ts";
import { openMemoryEngine } from "../support/memory-engine.ts";
import { makeFolder } from "../support/temporary.ts";

const key = new Uint8Array(32).fill(1);
const nextKey = new Uint8Array(32).fill(2);

/** One store, and folders that stand for machines. */
function setUp(machines: number) {
  const engine = openMemoryEngine();
  const store: LogStore = { engine, vaultId: new Uint8Array(16).fill(0xab) };
  const folders = Array.from({ length: machines }, () => join(makeFolder(), "audit"));
  const append = (machine: number, event: AuditEvent | string, more: { readonly vouched?: ChainHead; readonly key?: Uint8Array; readonly nextKey?: Uint8Array; readonly partBytesMax?: number } = {}): Promise<ChainHead> =>
    appendToLog(folders[machine] ?? "", typeof event === "string" ? { kind: event } : event, { key: more.key ?? key, vouched: more.vouched ?? EMPTY_CHAIN, now: new Date(), store, ...(more.nextKey === undefined ? {} : { nextKey: more.nextKey }) }, more.partBytesMax);
  const pull = (machine: number, by = key, vouched = EMPTY_CHAIN): Promise<void> => pullLog(folders[machine] ?? "", store, { key: by, vouched });
  const kinds = (machine: number): unknown[] => readLog(folders[machine] ?? "").map((line) => findEntry(line)?.event.kind);
  const stored = (): unknown[] => [...engine.entries].filter(([name]) => name.startsWith("log/")).sort().map(([, bytes]) => findEntry(Buffer.from(bytes).toString())?.event.kind);
  return { engine, store, folders, append, pull, kinds, stored, nameOf: (sequence: number) => lineName(store, sequence) };
}

const bytesOf = (folder: string): string => readdirSync(folder).filter((name) => name !== "audit.lock").sort().map((name) => `${name}: ${readFileSync(join(folder, name), "latin1")}`).join("\n");

describe("machines that share a log", () => {
  test("append at once to one chain, and none loses a line", async () => {
    const { folders, append, pull, stored } = setUp(3);
    await Promise.all(folders.map(async (_folder, machine) => {
      for (let index = 0; index < 20; index += 1) await append(machine, { kind: `m${machine}`, index });
    }));
    for (const machine of folders.keys()) await pull(machine);
    const [first, ...others] = folders.map(readLog);
    expect(verifyLog(first ?? [], [], key)).toMatchObject({ kind: "intact", entries: 60 });
    for (const other of others) expect(other).toEqual(first);
    expect(stored()).toEqual(first?.map((line) => findEntry(line)?.event.kind));
    for (const machine of folders.keys()) expect((first ?? []).map((line) => findEntry(line)?.event).filter((event) => event?.kind === `m${machine}`).map((event) => event?.["index"])).toEqual(Array.from({ length: 20 }, (_, index) => index));
  });

  test("see each other's lines without writing any, in parts as large as everywhere", async () => {
    const { folders, append, pull, kinds } = setUp(2);
    for (const kind of ["a", "b", "c", "d", "e"]) await append(0, kind);
    const folder = folders[1] ?? "";
    await pull(1);
    expect(kinds(1)).toEqual(["a", "b", "c", "d", "e"]);
    expect(readHead(folder, key)).toMatchObject({ kind: "known", head: { sequence: 5 } });
    for (let index = 0; index < 4; index += 1) await append(0, "more");
    await append(1, "last", { partBytesMax: 400 });
    expect(kinds(1)).toEqual([...kinds(0), "last"]);
    expect(listParts(folder).length).toBeGreaterThan(2);
    expect(verifyLog(readLog(folder), [], key)).toMatchObject({ kind: "intact", entries: 10 });
  });

  test("are not asked more than need be: a list, and a line that is made", async () => {
    const { engine, append } = setUp(1);
    await append(0, "a");
    const before = { ...engine.calls };
    await append(0, "b");
    expect([engine.calls.list - before.list, engine.calls.replace - before.replace, engine.calls.read - before.read]).toEqual([1, 1, 0]);
  });
});

describe("of a long log", () => {
  /** So many lines, as if they had been appended, and their packs. */
  async function makeLong(count: number) {
    const stage = setUp(2);
    let head: ChainHead = EMPTY_CHAIN;
    const lines: string[] = [];
    while (head.sequence < count) {
      const next = encodeEntry(head, { kind: "a" }, new Date(), key);
      lines.push(next.line.slice(0, -1));
      head = next.head;
      stage.engine.put(stage.nameOf(head.sequence), lines.at(-1) ?? "");
      await putPack(stage.store, head.sequence, () => lines);
    }
    return { ...stage, lines, packs: () => [...stage.engine.entries.keys()].filter((name) => name.startsWith("pack/")).sort() };
  }

  test("a machine that joins reads most in packs, which whoever appends has made", async () => {
    const { engine, folders, append, lines, packs } = await makeLong(767);
    await append(0, "b");
    expect(packs()).toHaveLength(3);
    engine.calls.list = 0;
    await append(1, "c");
    expect(readLog(folders[1] ?? "").slice(0, 767)).toEqual(lines);
    // Fifty lines, the packs and what is behind them; the engine of this test has pages of a hundred.
    expect(engine.calls.list).toBeLessThanOrEqual(6);
    expect(verifyLog(readLog(folders[1] ?? ""), [], key)).toMatchObject({ kind: "intact", entries: 769 });
  });

  test.each<[string, (stage: Awaited<ReturnType<typeof makeLong>>) => void]>([
    ["missing", ({ engine, packs }) => engine.entries.delete(packs()[1] ?? "")],
    ["all missing", ({ engine, packs }) => { for (const name of packs()) engine.entries.delete(name); }],
    ["not a pack", ({ engine, packs }) => { engine.put(packs()[0] ?? "", "what\nis this"); }],
    ["of other lines", ({ engine, packs }) => { engine.put(packs()[1] ?? "", engine.textOf(packs()[0] ?? "")); }],
  ])("a pack that is %s costs time, and nothing else", async (_what, spoil) => {
    const stage = await makeLong(800);
    spoil(stage);
    await stage.append(1, "b");
    expect(readLog(stage.folders[1] ?? "").slice(0, 800)).toEqual(stage.lines);
  });
});

describe("whatever becomes of the connection", () => {
  test("a line whose answer was lost stands there once, done or not", async () => {
    const { engine, append, kinds, stored } = setUp(1);
    const fates = ["lost", "never", "never", "lost", "answered"] as const;
    let turn = 0;
    engine.fate = () => fates[turn++ % fates.length] ?? "answered";
    for (const kind of ["a", "b", "c", "d"]) await append(0, kind);
    expect(kinds(0)).toEqual(["a", "b", "c", "d"]);
    expect(stored()).toEqual(["a", "b", "c", "d"]);
  });

  test("a line whose answer was lost, and whose place another machine has taken, goes behind that one", async () => {
    const { engine, append, stored } = setUp(2);
    await append(0, "a");
    engine.fate = async (): Promise<Fate> => {
      engine.fate = () => "answered";
      await append(1, "b");
      return "never";
    };
    await append(0, "c");
    expect(stored()).toEqual(["a", "b", "c"]);
  });

  test("a line whose question was held up on the way, and came after it was looked for, stands there once", async () => {
    const { engine, append, stored } = setUp(1);
    await append(0, "a");
    const replace = engine.replace.bind(engine);
    let calls = 0;
    engine.replace = async (name, bytes, expected) => {
      calls += 1;
      if (calls === 1) return "unknown";
      if (calls === 2) await replace(name, bytes, expected);
      return replace(name, bytes, expected);
    };
    await append(0, "b");
    await append(0, "c");
    expect(stored()).toEqual(["a", "b", "c"]);
  });

  test("a store that cannot be reached is told as that, with nothing written here", async () => {
    const { engine, folders, append } = setUp(1);
    await append(0, "a");
    const before = bytesOf(folders[0] ?? "");
    engine.isAway = true;
    await expect(append(0, "b")).rejects.toMatchObject({ code: "store-unavailable" });
    engine.isAway = false;
    engine.fate = () => "away";
    await expect(append(0, "b")).rejects.toMatchObject({ code: "store-unavailable" });
    expect(bytesOf(folders[0] ?? "")).toBe(before);
  });

  test("an append that ended between the store and this machine's copy is found by the next", async () => {
    const { engine, folders, append, kinds, stored } = setUp(1);
    await append(0, "a");
    engine.fate = () => {
      engine.fate = () => "away";
      return "lost";
    };
    const read = engine.read.bind(engine);
    engine.read = () => { engine.read = read; return Promise.reject(new Error("killed")); };
    await expect(append(0, "b")).rejects.toMatchObject({ code: "audit-unwritable" });
    engine.fate = () => "answered";
    expect([kinds(0), stored()]).toEqual([["a"], ["a", "b"]]);
    await append(0, "c");
    expect(kinds(0)).toEqual(["a", "b", "c"]);
    expect(verifyLog(readLog(folders[0] ?? ""), [], key)).toMatchObject({ kind: "intact", entries: 3 });
  });
});

describe("this machine's copy", () => {
  test("that was begun and not finished, or is torn, or is gone, is made whole, and is in no doubt", async () => {
    const { folders, append, kinds } = setUp(2);
    for (const kind of ["a", "b", "c"]) await append(0, kind);
    const folder = folders[1] ?? "";
    await append(1, "d");
    const path = listParts(folder)[0] ?? "";
    truncateSync(path, statSync(path).size - 7);
    await append(0, "e");
    await append(1, "f");
    expect(kinds(1)).toEqual(["a", "b", "c", "d", "e", "f"]);
    rmSync(path);
    await append(1, "g");
    expect(kinds(1)).toEqual(["a", "b", "c", "d", "e", "f", "g"]);
  });

  test("whose head file is lost goes on with an entry that says so", async () => {
    const { folders, append, kinds } = setUp(2);
    await append(0, "a");
    rmSync(join(folders[0] ?? "", "head.json"));
    await append(1, "b");
    await append(0, "c");
    expect(kinds(0)).toEqual(["a", "b", "audit.unvouched", "c"]);
  });

  test("goes on behind a vault key that was replaced elsewhere, and is in no doubt for that", async () => {
    const { folders, append, pull, kinds } = setUp(3);
    const start = await append(0, "a");
    await pull(1);
    const closed = await append(0, { kind: "master.rotate", closesLog: true }, { vouched: start, nextKey });
    await append(2, "b", { key: nextKey, vouched: closed });
    await append(1, "c", { key: nextKey, vouched: closed });
    await append(0, "d", { key: nextKey, vouched: closed });
    await pull(1, nextKey, closed);
    expect(kinds(1)).toEqual(["a", "master.rotate", "audit.open", "b", "c", "d"]);
    for (const folder of folders.slice(0, 2)) expect(verifyLog(readLog(folder), [closed], nextKey)).toMatchObject({ kind: "intact", entries: 6 });
    await expect(append(2, openingOf(closed), { vouched: start })).rejects.toMatchObject({ code: "audit-unwritable" });
    // Whoever has the old key still, such as a run that was begun before.
    await expect(append(1, "e", { vouched: start })).rejects.toMatchObject({ code: "audit-unwritable" });
    const late = setUp(2);
    await late.append(0, "a");
    await late.pull(1);
    const end = await late.append(0, { kind: "master.rotate", closesLog: true }, { nextKey });
    await late.append(0, "b", { key: nextKey, vouched: end });
    await expect(late.append(1, "c")).rejects.toMatchObject({ code: "audit-unwritable", message: expect.stringMatching(/goes on with another vault key from entry 3 on/) as string, hint: expect.stringMatching(/rotate-master --deep/) as string });
  });
});

describe("a store that has lost lines which nobody has", () => {
  test("has its old lines out of the way, and the log goes on from where the vault has seen it", async () => {
    const { engine, store, folders, append, kinds, nameOf } = setUp(2);
    await append(0, "a");
    const head = await append(0, "b");
    engine.entries.delete(nameOf(2));
    expect([await hasEntry(store, head), await hasEntry(store, EMPTY_CHAIN)]).toEqual([false, true]);
    await putStoredAside(store, new Date("2026-01-31T09:30:00.000Z"));
    expect([...engine.entries.keys()]).toEqual([nameOf(1).replace("log/", "aside/").replace(/\/(?=\d+$)/, "-20260131t093000000z/")]);
    await append(1, "c", { vouched: head });
    expect([kinds(1), readLog(folders[1] ?? "").map((line) => findEntry(line)?.seq)]).toEqual([["c"], [3]]);
  });
});

describe("somebody with the store's password", () => {
  test("who cuts the log is found out by whoever has seen more, by whoever joins with a vault that has, and not by a copy of nothing", async () => {
    const { engine, store, folders, append, pull, nameOf } = setUp(3);
    await append(0, "a");
    await pull(1);
    const head = await append(0, "b");
    engine.entries.delete(nameOf(2));
    const before = bytesOf(folders[0] ?? "");
    const expected = { code: "rolled-back", message: 'the audit log in the store memory: ends before entry 2, which this machine has seen: the store was put back to an older state, has lost writes in a failover, or somebody has cut it', hint: expect.stringMatching(/: vault store restore; .*: vault accept /) as string };
    await expect(append(0, "c")).rejects.toMatchObject(expected);
    await expect(pull(0)).rejects.toMatchObject(expected);
    await expect(readWithStore(folders[0] ?? "", store, EMPTY_CHAIN)).rejects.toMatchObject(expected);
    expect(bytesOf(folders[0] ?? "")).toBe(before);
    await expect(append(2, "c", { vouched: head })).rejects.toMatchObject({ code: "audit-unwritable", message: expect.stringMatching(/ends at entry 1, and the vault has seen 2/) as string });
    await append(1, "c");
    await expect(append(0, "d")).rejects.toMatchObject({ code: "rolled-back", message: expect.stringMatching(/has another entry 2 than the one/) as string });
  });

  test("who writes a line without the vault's key is refused by all, and no copy ever has it", async () => {
    const { engine, store, folders, append, pull, nameOf } = setUp(2);
    const head = await append(0, "a");
    await pull(1);
    engine.put(nameOf(2), encodeEntry(head, { kind: "forged" }, new Date(), nextKey).line.slice(0, -1));
    const before = folders.map(bytesOf);
    const named = { message: expect.stringMatching(/entry 2 of the log in the store memory: counts for nothing: it was not written with this vault's key/) as string, hint: expect.stringContaining(nameOf(2)) as string };
    await expect(append(0, "b")).rejects.toMatchObject({ code: "audit-unwritable", ...named });
    await expect(pull(1)).rejects.toMatchObject({ code: "audit-broken", ...named });
    // Without the key it is shown, and not kept.
    expect((await readWithStore(folders[1] ?? "", store, EMPTY_CHAIN)).map((line) => findEntry(line)?.event.kind)).toEqual(["a", "forged"]);
    expect(folders.map(bytesOf)).toEqual(before);
    engine.entries.delete(nameOf(2));
    await append(1, "b");
  });

  test("who writes what is no line at all is named, and other names are nobody's", async () => {
    const { engine, append, kinds, nameOf } = setUp(1);
    await append(0, "a");
    engine.put(`${nameOf(0).slice(0, -16)}notes`, "mine");
    await append(0, "b");
    expect(kinds(0)).toEqual(["a", "b"]);
    engine.entries.set(nameOf(3), new Uint8Array([0xff, 0x0a]));
    await expect(append(0, "c")).rejects.toMatchObject({ code: "audit-unwritable", message: expect.stringMatching(/entry 3 .*it is not an entry/) as string });
  });
});

import { execFileSync } from "node:child_process";
import { appendFileSync, chmodSync, existsSync, lstatSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import type { AuditEvent, ChainHead } from "../../src/audit/entry.ts";
import { EMPTY_CHAIN, encodeEntry, findEntry } from "../../src/audit/entry.ts";
import { readHead, writeHead } from "../../src/audit/head.ts";
import { appendToLog, readLog, setLogAside } from "../../src/audit/log.ts";
import { findUnvouched, UNVOUCHED } from "../../src/audit/runs.ts";
import { listParts } from "../../src/audit/parts.ts";
import { verifyLog } from "../../src/audit/verify.ts";
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

const key = new Uint8Array(32).fill(1);
const now = new Date("2026-01-31T09:30:00.000Z");
const logOf = (folder: string): string => join(folder, "audit.jsonl");

function append(folder: string, event: AuditEvent, vouched: ChainHead = EMPTY_CHAIN, partBytesMax?: number): Promise<ChainHead> {
  return appendToLog(folder, event, { key, vouched, now }, partBytesMax);
}

/** A log of entries named a, b, c … and the heads behind each of them. */
async function makeLog(length: number): Promise<{ readonly folder: string; readonly heads: ChainHead[] }> {
  const folder = join(makeFolder(), "audit");
  const heads: ChainHead[] = [];
  for (const letter of "abcdefgh".slice(0, length)) heads.push(await append(folder, { kind: letter }, heads.at(-1)));
  return { folder, heads };
}

const kindsOf = (folder: string): (string | undefined)[] => readLog(folder).map((line) => findEntry(line)?.event.kind);

async function expectRefused(folder: string, reason: RegExp, vouched = EMPTY_CHAIN): Promise<void> {
  const before = readFileSync(logOf(folder), "latin1");
  await expect(append(folder, { kind: "next" }, vouched)).rejects.toMatchObject({ code: "audit-unwritable", message: expect.stringMatching(reason) as string, hint: expect.stringMatching(/: vault audit --verify$/) as string });
  expect(readFileSync(logOf(folder), "latin1")).toBe(before);
}

describe("appending", () => {
  test("chains each entry to the one before, in files of our own", async () => {
    const { folder, heads } = await makeLog(3);
    expect(kindsOf(folder)).toEqual(["a", "b", "c"]);
    expect(verifyLog(readLog(folder), heads, key)).toEqual({ kind: "intact", head: heads[2], entries: 3 });
    expect(readHead(folder, key)).toEqual({ kind: "known", head: heads[2] });
    expect(lstatSync(folder).mode & 0o777).toBe(0o700);
    expect(readdirSync(folder).map((name) => [name, lstatSync(join(folder, name)).mode & 0o777])).toEqual([["audit.jsonl", 0o600], ["head.json", 0o600]]);
  });

  test("by 6 processes at once loses none and forks nowhere", async () => {
    const folder = join(makeFolder(), "audit");
    await Promise.all(Array.from({ length: 6 }, (_, index) => script.run(["append", folder, `p${index}`, "10"])));
    const lines = readLog(folder);
    const verdict = verifyLog(lines, [], key);
    expect(verdict).toMatchObject({ kind: "intact", entries: 60 });
    expect(readHead(folder, key)).toEqual({ kind: "known", head: "head" in verdict ? verdict.head : undefined });
    for (let index = 0; index < 6; index++) expect(kindsOf(folder).filter((kind) => kind === `p${index}`)).toHaveLength(10);
  });

  test("goes on in a new part when one is full, and the chain runs through all of them", async () => {
    const folder = join(makeFolder(), "audit");
    let head = EMPTY_CHAIN;
    for (let index = 0; index < 40; index++) head = await append(folder, { kind: "entry", index }, head, 1500);
    expect(listParts(folder).length).toBeGreaterThan(4);
    expect(readLog(folder)).toHaveLength(40);
    expect(verifyLog(readLog(folder), [head], key)).toEqual({ kind: "intact", head, entries: 40 });
    rmSync(listParts(folder)[1]!);
    expect(verifyLog(readLog(folder), [head], key).kind).toBe("broken");
  });

  test.runIf(can.strace)("makes the name of a new part durable, and with it that of the one put away", async () => {
    const folder = join(makeFolder(), "audit");
    const calls = join(makeFolder(), "calls");
    const under = ["strace", "-f", "-qq", "-y", "-o", calls, "-e", "trace=rename,renameat,renameat2,fsync"];
    expect(await script.run(["append", folder, "a", "2", "1"], { under })).toEqual([]);
    expect(listParts(folder)).toHaveLength(2);
    const [, behind = ""] = readFileSync(calls, "utf8").split(/rename[^\n]*audit-0{15}1\.jsonl[^\n]*\n/);
    expect(behind).toMatch(/fsync\(\d+<[^>]*\/audit>\)[^]*fsync\(\d+<[^>]*\/audit\.jsonl>\)/);
  });

  test("puts names with line breaks and escape sequences into one line", async () => {
    const { folder, heads } = await makeLog(1);
    await append(folder, { kind: "x", name: '"}\n{"seq":3,"kind":"forged"}\n\u001b[1A\u001b[2K' }, heads[0]);
    expect(readFileSync(logOf(folder), "utf8").split("\n")).toHaveLength(3);
    expect(kindsOf(folder)).toEqual(["a", "x"]);
  });
});

describe("what a crash leaves", () => {
  test.each(["{", '{"seq":3,"at":"2026', "\0\0\0\0"])("a torn last line is no line, and the next append cuts it off: %j", async (torn) => {
    const { folder, heads } = await makeLog(2);
    appendFileSync(logOf(folder), torn);
    expect(verifyLog(readLog(folder), heads, key).kind).toBe("intact");
    const head = await append(folder, { kind: "c" }, heads[1]);
    expect(kindsOf(folder)).toEqual(["a", "b", "c"]);
    expect(verifyLog(readLog(folder), [head], key).kind).toBe("intact");
  });

  test("an entry whose act never happened, and of which the head file does not know, stays", async () => {
    const { folder, heads } = await makeLog(3);
    writeHead(folder, heads[1]!, key);
    await append(folder, { kind: "d" }, heads[1]);
    expect(kindsOf(folder)).toEqual(["a", "b", "c", "d"]);
  });

  test.each<[string, (folder: string, heads: readonly ChainHead[]) => void, string]>([
    ["is empty", (folder) => { writeFileSync(join(folder, "head.json"), ""); }, "cannot be read"],
    ["is no JSON", (folder) => { writeFileSync(join(folder, "head.json"), "{"); }, "cannot be read"],
    ["is nothing", (folder) => { writeFileSync(join(folder, "head.json"), "null"); }, "cannot be read"],
    ["has no MAC", (folder, heads) => { writeFileSync(join(folder, "head.json"), JSON.stringify(heads[0])); }, "cannot be read"],
    ["has another key's MAC", (folder, heads) => { writeHead(folder, heads[0]!, new Uint8Array(32).fill(2)); }, "was not written with this vault's key"],
    ["is missing", (folder) => { rmSync(join(folder, "head.json")); }, "is missing"],
  ])("a head file that %s vouches for nothing, and the next append says in the log that it was lost", async (_what, lose, why) => {
    const { folder, heads } = await makeLog(2);
    lose(folder, heads);
    expect(readHead(folder, key)).toEqual({ kind: "lost", why });
    const head = await append(folder, { kind: "c" }, heads[1]);
    expect(kindsOf(folder)).toEqual(["a", "b", UNVOUCHED, "c"]);
    expect(readHead(folder, key)).toEqual({ kind: "known", head });
    expect(findUnvouched(readLog(folder))).toMatchObject([{ entry: 3 }]);
  });
});

describe("a log that was tampered with is not appended to, and not touched", () => {
  test("a last line that is not an entry", async () => {
    const { folder } = await makeLog(2);
    appendFileSync(logOf(folder), "rubbish\n");
    await expectRefused(folder, /is not an entry$/);
  });

  test("a last line by another key", async () => {
    const { folder, heads } = await makeLog(2);
    appendFileSync(logOf(folder), encodeEntry(heads[1]!, { kind: "forged" }, now, new Uint8Array(32).fill(2)).line);
    await expectRefused(folder, /was not written with this vault's key$/);
  });

  test("a last line that was edited", async () => {
    const { folder } = await makeLog(2);
    writeFileSync(logOf(folder), readFileSync(logOf(folder), "utf8").replace('"kind":"b"', '"kind":"B"'));
    await expectRefused(folder, /was not written with this vault's key$/);
  });

  test("lines cut off that the vault has seen", async () => {
    const { folder, heads } = await makeLog(3);
    const lines = readLog(folder);
    rmSync(join(folder, "head.json"));
    writeFileSync(logOf(folder), `${lines[0]!}\n`);
    await expectRefused(folder, /ends at entry 1, and the vault has seen 3$/, heads[2]);
  });

  test("lines cut off that only the head file has seen: those of runs since the vault was last changed", async () => {
    const { folder, heads } = await makeLog(3);
    writeFileSync(logOf(folder), readLog(folder).slice(0, 2).map((line) => `${line}\n`).join(""));
    await expectRefused(folder, /ends at entry 2, and this machine has written 3$/, heads[0]);
  });

  test("another last line than the head file knows", async () => {
    const { folder, heads } = await makeLog(2);
    const other = encodeEntry(heads[0]!, { kind: "other" }, now, key);
    writeFileSync(logOf(folder), `${readLog(folder)[0]!}\n${other.line}`);
    await expectRefused(folder, /is not the one that this machine has written$/, heads[0]);
  });

  test("a last line whose end was cut off, which is not a torn one", async () => {
    const { folder, heads } = await makeLog(3);
    truncateSync(logOf(folder), lstatSync(logOf(folder)).size - 1);
    expect(verifyLog(readLog(folder), [heads[2]!], key)).toMatchObject({ kind: "broken", bad: { line: 3 } });
    await expectRefused(folder, /ends at entry 2/, heads[2]);
  });

  test("an end that is no line at all, however long", async () => {
    const { folder } = await makeLog(1);
    appendFileSync(logOf(folder), "x".repeat(600_000));
    await expectRefused(folder, /too long$/);
    await expectRefused(folder, /too long$/);
  });

  test("one line that is not UTF-8: it alone is named, though others hold letters beyond ASCII", async () => {
    const folder = join(makeFolder(), "audit");
    const heads = [await append(folder, { kind: "a", group: "B\u00fccher \u{1f680}" })];
    for (const kind of ["b", "c"]) heads.push(await append(folder, { kind, group: "B\u00fccher" }, heads.at(-1)));
    const bytes = readFileSync(logOf(folder));
    bytes[bytes.lastIndexOf("b\"")] = 0xff;
    writeFileSync(logOf(folder), bytes);
    expect(verifyLog(readLog(folder), heads, key)).toMatchObject({ bad: { line: 2 } });
  });
});

describe("a log that is gone goes on from what the vault has seen, and verification says so", () => {
  test("after the folder was moved aside", async () => {
    const { folder, heads } = await makeLog(3);
    renameSync(folder, `${folder}-old`);
    const head = await append(folder, { kind: "d" }, heads[2]);
    expect(head.sequence).toBe(4);
    expect(verifyLog(readLog(folder), [head], key)).toMatchObject({ kind: "broken", bad: { line: 1 } });
  });
});

describe("a log that cannot be written is `audit-unwritable`, whatever the reason", () => {
  test.each([
    ["a file in the folder's place", (folder: string) => { rmSync(folder, { recursive: true }); writeFileSync(folder, ""); }],
    ["a folder in the file's place", (folder: string) => { rmSync(logOf(folder)); mkdirSync(logOf(folder)); }],
    ["a link in the file's place", (folder: string) => { renameSync(logOf(folder), `${folder}-log`); symlinkSync(`${folder}-log`, logOf(folder)); }],
    ["a folder that others may write to", (folder: string) => { chmodSync(folder, 0o777); }],
  ])("%s", async (_, spoil) => {
    const { folder } = await makeLog(1);
    spoil(folder);
    await expect(append(folder, { kind: "b" })).rejects.toMatchObject({ code: "audit-unwritable", hint: "make room on the disk and check that the folder is yours to write" });
  });

  test.runIf(can.mount)("a disk that is full, then read-only, which leaves the log as it was", async () => {
    const folder = join(makeFolder(), "audit");
    mkdirSync(folder, { mode: 0o700 });
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k,mode=700", "tmpfs", folder]);
    onTestFinished(() => { execFileSync("umount", [folder]); });
    const head = await append(folder, { kind: "a" });
    const before = readFileSync(logOf(folder));
    expect(await refusalOf(() => append(folder, { kind: "b", detail: "x".repeat(70_000) }, head))).toBe("audit-unwritable");
    expect(readFileSync(logOf(folder))).toEqual(before);
    execFileSync("mount", ["-o", "remount,ro", folder]);
    expect(await refusalOf(() => append(folder, { kind: "b" }, head))).toBe("audit-unwritable");
    execFileSync("mount", ["-o", "remount,rw", folder]);
    await append(folder, { kind: "b" }, head);
    expect(kindsOf(folder)).toEqual(["a", "b"]);
  });

  test.runIf(can.strace)("a write or a flush that fails leaves the log as it was", async () => {
    // fsync: the lock's draft, the new log's folder is there already, then the log.
    const { folder, heads } = await makeLog(1);
    const before = readFileSync(logOf(folder));
    const under = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fsync", "-e", "inject=fsync:error=EIO:when=2"];
    expect(await script.run(["append", folder, "b", "1"], { under })).toEqual([expect.stringMatching(/^audit-unwritable: .*EIO/)]);
    expect(readFileSync(logOf(folder))).toEqual(before);
    expect(readHead(folder, key)).toEqual({ kind: "known", head: heads[0] });
  });
});

describe("setting the log of another vault aside", () => {
  test("keeps it under the time of the act", async () => {
    const { folder } = await makeLog(2);
    setLogAside(folder, now);
    expect(existsSync(folder)).toBe(false);
    expect(readLog(`${folder}-until-2026-01-31T093000.000Z`)).toHaveLength(2);
    setLogAside(folder, now);
  });

  test("twice in one moment loses neither", async () => {
    const { folder } = await makeLog(2);
    setLogAside(folder, now);
    await append(folder, { kind: "other" });
    expect(await refusalOf(() => { setLogAside(folder, now); })).toBe("audit-unwritable");
    expect(readLog(folder)).toHaveLength(1);
    expect(readLog(`${folder}-until-2026-01-31T093000.000Z`)).toHaveLength(2);
  });
});

import { appendFileSync, chmodSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, onTestFinished, test } from "vitest";
import { followTrail, readTrail } from "../../../src/app/auditing/audit-trail.ts";
import { verifyTrail } from "../../../src/app/auditing/verify-trail.ts";
import { withOpenVault } from "../../../src/app/keys/open-vault.ts";
import { openRunTrail } from "../../../src/app/runs/run-trail.ts";
import type { Surroundings } from "../../../src/app/surroundings.ts";
import type { AuditEntry } from "../../../src/audit/entry.ts";
import { partKey } from "../../../src/audit/entry.ts";
import { appendToLog } from "../../../src/audit/log.ts";
import { openVaultKeys } from "../../../src/vault/envelope.ts";
import { addSecret, makeHome, makeVaultHome } from "../../support/home.ts";
import { refusalOf } from "../../support/refusal.ts";

const kindsOf = (entries: readonly AuditEntry[]): string[] => entries.map(({ event }) => event.kind);
const sequencesOf = (entries: readonly AuditEntry[]): number[] => entries.map(({ seq }) => seq);

async function makeRun(surroundings: Surroundings, id: string, uses: number): Promise<void> {
  await withOpenVault(surroundings, async (vault) => {
    const trail = await openRunTrail(surroundings, vault, id, { kind: "run.start" });
    for (let use = 0; use < uses; use += 1) trail.enter({ kind: "secret.use", use });
    await trail.close({ kind: "run.end", status: 0 });
  });
}

/** Appends with the vault's own key, in parts as small as told. */
async function append(surroundings: Surroundings, count: number, partBytesMax: number): Promise<void> {
  await withOpenVault(surroundings, async ({ file, holder }) => {
    const { audit } = file.contents;
    const key = partKey((await openVaultKeys(holder, file.contents)).audit, { kind: "log" });
    for (let number = 1; number <= count; number += 1) await appendToLog(surroundings.paths.auditFolder, { kind: "test", number }, { key, vouched: audit, now: new Date() }, partBytesMax);
  });
}

/** What a follower has told so far. It is stopped with the test at the latest. */
function follow(surroundings: Surroundings, limit = 1000): { readonly entries: AuditEntry[]; readonly ended: Promise<void>; stop(): void; until(count: number): Promise<void> } {
  const controller = new AbortController();
  const entries: AuditEntry[] = [];
  const read = async (): Promise<void> => {
    for await (const entry of followTrail(surroundings, limit, controller.signal)) entries.push(entry);
  };
  const ended = read();
  const stop = (): void => { controller.abort(); };
  onTestFinished(async () => { stop(); await ended.catch(() => undefined); });
  return {
    entries, ended, stop,
    async until(count) {
      for (const deadline = performance.now() + 8000; entries.length < count && performance.now() < deadline; ) await sleep(5);
    },
  };
}

describe("reading", () => {
  test("the newest entries, oldest first, and those before a time", async () => {
    const { surroundings } = await makeVaultHome("A", "B");
    const all = await readTrail(surroundings, { limit: 50, before: undefined });
    expect(kindsOf(all)).toEqual(["vault.init", "secret.create", "secret.create"]);
    expect(sequencesOf(await readTrail(surroundings, { limit: 2, before: undefined }))).toEqual([2, 3]);
    expect(await readTrail(surroundings, { limit: 50, before: new Date(0) })).toEqual([]);
  });

  test("without a vault there is nothing to read", async () => {
    const { surroundings } = makeHome();
    expect(await refusalOf(() => readTrail(surroundings, { limit: 1, before: undefined }))).toBe("no-vault");
    expect(await refusalOf(() => follow(surroundings).ended)).toBe("no-vault");
  });
});

describe("verifying", () => {
  test("counts entries and runs", async () => {
    const { surroundings } = await makeVaultHome("A");
    await makeRun(surroundings, "0011223344556677", 3);
    await makeRun(surroundings, "8899aabbccddeeff", 0);
    expect(await verifyTrail(surroundings)).toEqual({ entries: 6, segments: 2, running: [], lost: [], doubts: [] });
  });

  test.each<[what: string, mess: (folder: string) => void, says: RegExp]>([
    ["an entry", (folder) => { edit(join(folder, "audit.jsonl"), "secret.create", "secret.Create"); }, /the audit log was changed: entry 2/],
    ["a run's entry", (folder) => { edit(join(folder, "runs", "0011223344556677.jsonl"), '"use":1', '"use":2'); }, /the log of run 0011223344556677 was changed: entry 2/],
    ["the end of a run's part", (folder) => { cutLastLine(join(folder, "runs", "0011223344556677.jsonl")); }, /run 0011223344556677 was changed: entry 3: entries 3 to 3 are missing/],
    ["the end of the log", (folder) => { cutLastLine(join(folder, "audit.jsonl")); }, /entry 4: entries 4 to 4 are missing/],
  ])("names %s that was changed", async (_, mess, says) => {
    const { surroundings } = await makeVaultHome("A");
    await makeRun(surroundings, "0011223344556677", 3);
    mess(surroundings.paths.auditFolder);
    await expect(verifyTrail(surroundings)).rejects.toMatchObject({ code: "audit-broken", message: expect.stringMatching(says) });
  });
});

describe("following", () => {
  test("begins with the newest entries and goes on as they are appended, until it is stopped", async () => {
    const { surroundings } = await makeVaultHome("A", "B");
    const follower = follow(surroundings, 1);
    await follower.until(1);
    expect(sequencesOf(follower.entries)).toEqual([3]);
    await addSecret(surroundings, "C");
    await follower.until(2);
    await makeRun(surroundings, "0011223344556677", 1);
    await follower.until(4);
    expect(kindsOf(follower.entries)).toEqual(["secret.create", "secret.create", "run.start", "run.end"]);
    follower.stop();
    await follower.ended;
    await addSecret(surroundings, "D");
    expect(follower.entries).toHaveLength(4);
  });

  test("goes on from part to part, without a gap or a repetition, however small they are", async () => {
    const { surroundings } = await makeVaultHome();
    const follower = follow(surroundings);
    await follower.until(1);
    await append(surroundings, 40, 600);
    await follower.until(41);
    expect(sequencesOf(follower.entries)).toEqual(Array.from({ length: 41 }, (_, index) => index + 1));
    const fromTheStart = follow(surroundings, 1000);
    await fromTheStart.until(41);
    expect(fromTheStart.entries).toEqual(follower.entries);
  });

  test("waits for the end of a line, and passes over what is no entry", async () => {
    const { surroundings } = await makeVaultHome("A");
    const path = join(surroundings.paths.auditFolder, "audit.jsonl");
    const [first = "", second = ""] = readFileSync(path, "utf8").split("\n");
    writeFileSync(path, `${first}\nnot an entry\n${second.slice(0, 50)}`);
    const follower = follow(surroundings);
    await follower.until(1);
    await sleep(50);
    expect(sequencesOf(follower.entries)).toEqual([1]);
    appendFileSync(path, `${second.slice(50)}\n`);
    await follower.until(2);
    expect(sequencesOf(follower.entries)).toEqual([1, 2]);
  });

  test("a log that was moved away is followed by the new one", async () => {
    const { surroundings } = await makeVaultHome("A");
    const follower = follow(surroundings);
    await follower.until(2);
    const { auditFolder } = surroundings.paths;
    renameSync(auditFolder, `${auditFolder}-aside`);
    await addSecret(surroundings, "B");
    await follower.until(3);
    expect(sequencesOf(follower.entries)).toEqual([1, 2, 3]);
  });

  test("a log that others may read is refused", async () => {
    const { surroundings } = await makeVaultHome();
    chmodSync(join(surroundings.paths.auditFolder, "audit.jsonl"), 0o644);
    expect(await refusalOf(() => follow(surroundings).ended)).toBe("unsafe-file");
  });

  test("a log that is missing is waited for", async () => {
    const { surroundings } = await makeVaultHome();
    rmSync(surroundings.paths.auditFolder, { recursive: true });
    const follower = follow(surroundings);
    await sleep(50);
    await addSecret(surroundings, "A");
    await follower.until(1);
    expect(kindsOf(follower.entries)).toEqual(["secret.create"]);
  });
});

function edit(path: string, from: string, to: string): void {
  const text = readFileSync(path, "utf8");
  expect(text).toContain(from);
  writeFileSync(path, text.replace(from, to));
}

function cutLastLine(path: string): void {
  const text = readFileSync(path, "utf8").trimEnd();
  writeFileSync(path, `${text.slice(0, text.lastIndexOf("\n"))}\n`);
}

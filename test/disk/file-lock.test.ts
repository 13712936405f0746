import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, linkSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { acquireLock, findLockHolder } from "../../src/disk/file-lock.ts";
import { identifyThisProcess } from "../../src/disk/process-identity.ts";
import { refusalOf } from "../support/refusal.ts";
import { makeFolder } from "../support/temporary.ts";
import type { Worker, WorkerScript } from "../support/workers.ts";
import { bundleWorker } from "../support/workers.ts";

let script: WorkerScript;
beforeAll(async () => {
  script = await bundleWorker("lock");
});
afterAll(() => {
  script.close();
});

/** No process has this pid: it is beyond what Linux and macOS give out. */
const DEAD_PID = 2 ** 22 + 1;
const drawTicket = (): string => randomBytes(12).toString("hex");
const ticketOf = (changes: object = {}): string => JSON.stringify({ ...identifyThisProcess(), ticket: drawTicket(), ...changes });
const deadTicket = (ticket = drawTicket()): string => ticketOf({ pid: DEAD_PID, ticket });

/** Everything that belongs to the lock. */
const filesOf = (path: string): string[] => readdirSync(join(path, "..")).filter((name) => name.startsWith("vault.lock"));
const overlapsOf = (folder: string): string => (existsSync(join(folder, "witness-overlaps")) ? readFileSync(join(folder, "witness-overlaps"), "utf8") : "");

async function startReady(count: number, path: string): Promise<Worker[]> {
  const workers = Array.from({ length: count }, () => script.start([path]));
  onTestFinished(() => { for (const worker of workers) worker.kill(); });
  for (const worker of workers) expect(await worker.next()).toBe("ready");
  return workers;
}

/** The lock of processes that died one after the other, each holding it. */
function plantDeadChain(path: string, length: number): void {
  let name = path;
  for (let index = 0; index < length; index++) {
    const ticket = drawTicket();
    writeFileSync(name, deadTicket(ticket));
    name = `${path}.${ticket}`;
  }
}

describe("exclusion", () => {
  test("16 processes never hold it together, none is forgotten, and nothing of the lock stays", async () => {
    const folder = makeFolder();
    const path = join(folder, "vault.lock");
    writeFileSync(join(folder, "witness-counter"), "0");
    const workers = Array.from({ length: 16 }, () => script.start([path, "count"]));
    const ends = await Promise.all(workers.map(({ ended }) => ended));
    expect(ends.map(({ status, errors }) => ({ status, errors }))).toEqual(ends.map(() => ({ status: 0, errors: "" })));
    expect(overlapsOf(folder)).toBe("");
    expect(readFileSync(join(folder, "witness-counter"), "utf8")).toBe("320");
    expect(filesOf(path)).toEqual([]);
  });

  test("one process excludes itself as well", async () => {
    const path = join(makeFolder(), "vault.lock");
    const lock = await acquireLock(path);
    expect(await refusalOf(() => acquireLock(path, 50))).toBe("busy");
    lock.release();
    (await acquireLock(path, 50)).release();
    expect(filesOf(path)).toEqual([]);
  });

  test("a live holder is never robbed, and is named", async () => {
    const path = join(makeFolder(), "vault.lock");
    const [holder, other] = await startReady(2, path);
    holder!.say("acquire");
    expect(await holder!.next()).toBe("done");
    other!.say("acquire 300");
    expect(await other!.next()).toMatch(`busy: process ${holder!.pid} on `);
    expect(findLockHolder(path)).toMatchObject({ pid: holder!.pid, isDead: false });
    holder!.say("release");
    expect(await holder!.next()).toBe("done");
    expect(findLockHolder(path)).toBeUndefined();
    expect(filesOf(path)).toEqual([]);
  });

  test("a waiter gets it as soon as it is let go", async () => {
    const path = join(makeFolder(), "vault.lock");
    const lock = await acquireLock(path);
    const waiting = acquireLock(path);
    await new Promise((resolve) => setTimeout(resolve, 200));
    lock.release();
    (await waiting).release();
  });
});

describe("a dead holder", () => {
  test("is succeeded at once by each of many waiters in turn, each of which dies holding the lock", async () => {
    const folder = makeFolder();
    const path = join(folder, "vault.lock");
    const workers = Array.from({ length: 16 }, () => script.start([path, "die"]));
    const ends = await Promise.all(workers.map(({ ended }) => ended));
    expect(ends.map(({ signal }) => signal)).toEqual(ends.map(() => "SIGKILL"));
    expect(overlapsOf(folder)).toBe("");
    const order = readFileSync(join(folder, "witness-count"), "utf8").trim().split("\n").map(Number);
    expect([...order].sort()).toEqual(workers.map(({ pid }) => pid).sort());
    expect(findLockHolder(path)).toMatchObject({ pid: order.at(-1), isDead: true });

    // At the first attempt: no rule of staleness is waited for.
    (await acquireLock(path, 0)).release();
    expect(filesOf(path)).toEqual([]);
  });

  test("is succeeded by exactly one of 8 waiters, in 60 rounds of dead chains", async () => {
    const folder = makeFolder();
    const path = join(folder, "vault.lock");
    const workers = await startReady(8, path);
    for (let round = 0; round < 60; round++) {
      plantDeadChain(path, 1 + (round % 4));
      for (const worker of workers) worker.say("pass");
      for (const worker of workers) expect(await worker.next()).toBe("done");
      expect(overlapsOf(folder)).toBe("");
      expect(filesOf(path)).toEqual([]);
    }
  });

  test("killed at any moment, waiting, taking, holding or letting go, it leaves no overlap and no file", async () => {
    const folder = makeFolder();
    const path = join(folder, "vault.lock");
    const workers = Array.from({ length: 6 }, () => script.start([path, "loop"]));
    const spare: Promise<unknown>[] = [];
    const passes = (): number => (existsSync(join(folder, "witness-count")) ? statSync(join(folder, "witness-count")).size : 0);
    for (let kill = 0; kill < 60; kill++) {
      // On a machine that is busy too, the lock has been held between two kills.
      const before = passes();
      await expect.poll(passes, { interval: 2 }).toBeGreaterThan(before);
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 40));
      const victim = Math.floor(Math.random() * workers.length);
      workers[victim]!.kill();
      spare.push(workers[victim]!.ended);
      workers[victim] = script.start([path, "loop"]);
    }
    for (const worker of workers) worker.kill();
    await Promise.all([...spare, ...workers.map(({ ended }) => ended)]);
    expect(overlapsOf(folder)).toBe("");
    expect(readFileSync(join(folder, "witness-count"), "utf8").length).toBeGreaterThan(100);
    (await acquireLock(path, 10_000)).release();
    // One that was killed before it could write its name into its draft cannot be told from one that is about to.
    expect(filesOf(path).filter((name) => statSync(join(folder, name)).size > 0)).toEqual([]);
  });

  test("is dead although its parent has not noticed yet", async () => {
    const path = join(makeFolder(), "vault.lock");
    // The shell becomes a program that never waits for the child that it has inherited.
    const parent = spawn("sh", ["-c", `"$@" & exec sleep 60`, "sh", process.execPath, script.file, path, "die"], { stdio: "ignore" });
    onTestFinished(() => void parent.kill("SIGKILL"));
    while (findLockHolder(path) === undefined) await new Promise((resolve) => setTimeout(resolve, 10));
    const { pid } = findLockHolder(path)!;
    while (process.platform === "linux" && !readFileSync(`/proc/${pid}/stat`, "latin1").includes(") Z ")) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(findLockHolder(path)).toMatchObject({ pid, isDead: true });
    (await acquireLock(path, 500)).release();
    expect(filesOf(path)).toEqual([]);
  });

  test("is told by its start when another process has its pid by now", async () => {
    const path = join(makeFolder(), "vault.lock");
    writeFileSync(path, ticketOf({ start: "1" }));
    expect(findLockHolder(path)).toMatchObject({ pid: process.pid, isDead: true });
    (await acquireLock(path, 50)).release();
    expect(filesOf(path)).toEqual([]);
  });

  test("is dead when the machine was started anew", async () => {
    const path = join(makeFolder(), "vault.lock");
    writeFileSync(path, ticketOf({ boot: "00000000-0000-4000-8000-000000000000" }));
    (await acquireLock(path, 50)).release();
    expect(filesOf(path)).toEqual([]);
  });
});

describe("what nobody here can judge is never broken", () => {
  test.each([
    ["another host's ticket", ticketOf({ host: "elsewhere", pid: DEAD_PID }), `process ${DEAD_PID} on elsewhere holds the vault`],
    ["another host's ticket from another boot", ticketOf({ host: "elsewhere", pid: DEAD_PID, boot: "x" }), `process ${DEAD_PID} on elsewhere holds the vault`],
    ["an empty file", "", "an unknown host holds the vault"],
    ["half a ticket", ticketOf().slice(0, 30), "an unknown host holds the vault"],
    ["a ticket without a pid", ticketOf({ pid: 0 }), "an unknown host holds the vault"],
    ["a ticket whose name would be a path", ticketOf({ pid: DEAD_PID, ticket: "../../../etc/passwd" }), "an unknown host holds the vault"],
    ["null", "null", "an unknown host holds the vault"],
  ])("%s", async (_, text, message) => {
    const path = join(makeFolder(), "vault.lock");
    writeFileSync(path, text);
    await expect(acquireLock(path, 30)).rejects.toMatchObject({ code: "busy", message });
    expect(readFileSync(path, "utf8")).toBe(text);
    expect(filesOf(path)).toEqual(["vault.lock"]);
  });

  test("another host's successor of a dead holder of ours", async () => {
    const path = join(makeFolder(), "vault.lock");
    const ticket = drawTicket();
    writeFileSync(path, deadTicket(ticket));
    writeFileSync(`${path}.${ticket}`, ticketOf({ host: "elsewhere" }));
    expect(await refusalOf(() => acquireLock(path, 30))).toBe("busy");
    expect(filesOf(path)).toHaveLength(2);
  });
});

describe("left-overs", () => {
  test("the next holder removes drafts and lost links of the dead, and no others", async () => {
    const path = join(makeFolder(), "vault.lock");
    const names = { dead: `${path}.draft-${drawTicket()}`, live: `${path}.draft-${drawTicket()}`, foreign: `${path}.draft-${drawTicket()}`, young: `${path}.draft-${drawTicket()}`, lost: `${path}.${drawTicket()}` };
    writeFileSync(names.dead, deadTicket());
    writeFileSync(names.live, ticketOf());
    writeFileSync(names.foreign, ticketOf({ host: "elsewhere", pid: DEAD_PID }));
    writeFileSync(names.young, "");
    linkSync(names.dead, names.lost);
    writeFileSync(`${path}file`, deadTicket());
    writeFileSync(`${path}.bak`, deadTicket());
    (await acquireLock(path)).release();
    expect(filesOf(path).sort()).toEqual([names.live, names.foreign, names.young, `${path}file`, `${path}.bak`].map((name) => name.slice(path.length - "vault.lock".length)).sort());
  });

  test("a waiter that gives up leaves none", async () => {
    const path = join(makeFolder(), "vault.lock");
    const lock = await acquireLock(path);
    await Promise.all(Array.from({ length: 5 }, () => refusalOf(() => acquireLock(path, 20))));
    expect(filesOf(path)).toEqual(["vault.lock"]);
    lock.release();
  });

  test("a folder that is not there, or is in the lock's place, is an error of its own", async () => {
    const folder = makeFolder();
    expect(await refusalOf(() => acquireLock(join(folder, "none", "vault.lock"), 20))).toBe("io");
    mkdirSync(join(folder, "vault.lock"));
    expect(await refusalOf(() => acquireLock(join(folder, "vault.lock"), 20))).toBe("io");
    expect(filesOf(join(folder, "vault.lock"))).toEqual(["vault.lock"]);
  });
});

// The gates of runs at a real agent: what they count together, and what becomes of what waits when the agent is locked, killed or started anew.
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { listWaiting, settle } from "../../../src/agent/client/approvals.ts";
import type { AgentClient } from "../../../src/agent/client/client.ts";
import { connectAgent } from "../../../src/agent/client/connect.ts";
import type { AgentPaths } from "../../../src/agent/wire/paths.ts";
import { openHeldNotices } from "../../../src/app/approvals/held-notices.ts";
import type { GateOptions, HeldNotice, OpenGate } from "../../../src/app/approvals/run-gate.ts";
import { openRunGate } from "../../../src/app/approvals/run-gate.ts";
import { makeLayer } from "../../../src/proxy/grants/grant-rules.ts";
import type { Gate } from "../../../src/proxy/judge/rules/judge-rules.ts";
import type { AskedRequest } from "../../../src/proxy/judge/run-gate.ts";
import { NO_RULES } from "../../../src/vault/rules.ts";
import { drawKek, grantFor, isAlive, launchAgent, makeFolder, pathsIn, removeFolder, useBundledAgent } from "../../support/agent-process.ts";
import { makeGrant } from "../../support/proxy-run.ts";

const [vaultId, kek] = [new Uint8Array(randomBytes(16)), drawKek()];
const token = makeGrant("TOKEN", ["api.example.com"]);
const gateOf = (rules: Partial<typeof NO_RULES>, rule: string, by?: string): Gate => ({ kind: rules.ask === undefined ? "metered" : "ask", grant: token, layer: makeLayer({ ...NO_RULES, ...rules }, by), rule });
const asking = gateOf({ ask: ["DELETE /**"] }, "ask DELETE /**");
const never = new AbortController().signal;

const bundle = useBundledAgent();
let root: string;
let paths: AgentPaths;
let pids: number[];
let gates: OpenGate[];

beforeEach(() => {
  root = makeFolder();
  paths = { ...pathsIn(join(root, "run")), state: join(root, "state") };
  [pids, gates] = [[], []];
});
afterEach(() => {
  for (const gate of gates) gate.close();
  for (const pid of pids) if (isAlive(pid)) process.kill(pid, "SIGKILL");
  removeFolder(root);
});

async function launch(): Promise<number> {
  const { pid } = await launchAgent(bundle.script, paths, grantFor(kek, vaultId));
  pids.push(pid);
  return pid;
}

async function openGate(options: Partial<GateOptions> = {}): Promise<OpenGate> {
  const gate = await openRunGate({ connect: () => connectAgent(paths), run: randomBytes(8).toString("hex"), program: "sh", idOf: ({ name }) => name, isRevoked: () => false, tell: () => undefined, ...options });
  gates.push(gate);
  return gate;
}

async function openPerson(): Promise<AgentClient> {
  const person = await connectAgent(paths);
  if (person === undefined) throw new Error("no agent");
  person.announce();
  return person;
}

const asked = (path: string, more: Partial<AskedRequest> = {}): AskedRequest => ({ gates: [asking], method: "DELETE", host: "api.example.com:443", target: path, body: { kind: "none" }, digest: randomBytes(32).toString("hex"), peer: undefined, signal: never, onHeld: () => undefined, ...more });

/** Resolves when so many wait. */
async function waitFor(person: AgentClient, count: number) {
  for (;;) {
    const waiting = await listWaiting(person);
    if (waiting.length === count) return waiting;
    await sleep(20);
  }
}

describe("a rate", () => {
  // Ten a second, so that some are taken in a test's time.
  const rate = { perMinute: 600, burst: 5 };
  const counting = gateOf({ rate }, "rate 600/m");

  it("is one for 16 runs at once, and for an agent that is killed and started anew, within one use", async () => {
    let pid = await launch();
    const startedMs = performance.now();
    const connect = async (): Promise<AgentClient | undefined> => {
      for (let tries = 0; tries < 100; tries += 1) {
        const agent = await connectAgent(paths).catch(() => undefined);
        if (agent !== undefined) return agent;
        await sleep(50);
      }
      return undefined;
    };
    const runs = await Promise.all(Array.from({ length: 16 }, () => openGate({ connect })));
    const over = new AbortController();
    let taken = 0;
    const using = runs.map(async (run) => {
      while (!over.signal.aborted) if ((await run.meter([counting], over.signal)).kind === "counted") taken += 1;
    });
    for (let restart = 0; restart < 2; restart += 1) {
      await sleep(700);
      process.kill(pid, "SIGKILL");
      pid = await launch();
    }
    await sleep(700);
    over.abort();
    await Promise.all(using);
    const elapsedMs = performance.now() - startedMs;
    expect(taken).toBeGreaterThan(0);
    // The buckets were empty at first. One more is the use that was taken as the clock was read.
    expect(taken).toBeLessThanOrEqual((elapsedMs * rate.perMinute) / 60_000 + 1);
    expect(existsSync(join(root, "state", "rates.json"))).toBe(true);
  });

  it("counts one request once, also where a secret has got another rule meanwhile and so has two layers", async () => {
    await launch();
    const run = await openGate();
    const once = { perMinute: 600, burst: 1 };
    expect((await run.meter([gateOf({ rate: once }, "rate 600/m"), gateOf({ rate: once, deny: ["DELETE /**"] }, "rate 600/m")], never)).kind).toBe("counted");
  });

  it("that narrows one run leaves the others alone", async () => {
    await launch();
    const [one, other] = await Promise.all([openGate(), openGate()]);
    const narrow = gateOf({ rate: { perMinute: 1, burst: 1 } }, "rate 1/m", "--rate");
    expect(await one.meter([counting, narrow], never)).toMatchObject({ kind: "spent", gate: counting });
    expect(await other.meter([counting], never)).toEqual({ kind: "counted" });
  });
});

describe("uses of a run", () => {
  const counted = gateOf({ uses: 3 }, "uses 3");

  it("are as many as the rule says, also where all are asked for at once, and no agent is needed for them", async () => {
    const gate = await openGate({ connect: () => Promise.resolve(undefined) });
    const verdicts = await Promise.all(Array.from({ length: 10 }, () => gate.meter([counted], never)));
    expect(verdicts.filter(({ kind }) => kind === "counted")).toHaveLength(3);
    expect(verdicts.at(-1)).toMatchObject({ kind: "spent", retryMs: undefined });
  });

  it("are not spent by requests that a rate refuses", async () => {
    const gate = await openGate({ connect: () => Promise.resolve(undefined) });
    const both = [counted, gateOf({ rate: { perMinute: 1, burst: 1 } }, "rate 1/m")];
    for (let turn = 0; turn < 5; turn += 1) expect((await gate.meter(both, never)).kind).toBe("uncounted");
    expect((await gate.meter([counted], never)).kind).toBe("counted");
  });
});

describe("what waits", () => {
  it("of 200 requests of two runs is let go by one answer for a run, and one by one", async () => {
    await launch();
    const [one, other] = await Promise.all([openGate(), openGate()]);
    const person = await openPerson();
    const ofOne = Array.from({ length: 199 }, (_, index) => one.ask(asked(`/${index}`)));
    const ofOther = other.ask(asked("/other"));
    const waiting = await waitFor(person, 200);
    const first = waiting.find(({ request }) => request.path !== "/other");
    if (first === undefined) throw new Error("nothing waits");
    expect(await settle(person, first, { kind: "allow", extent: { kind: "run" } }, "command")).toBe(true);
    const verdicts = await Promise.all(ofOne);
    expect(verdicts.filter((verdict) => verdict.kind === "allowed" && verdict.by === "standing")).toHaveLength(198);
    expect(verdicts.filter((verdict) => verdict.kind === "allowed" && verdict.by === "command")).toHaveLength(1);
    const [last] = await waitFor(person, 1);
    if (last === undefined) throw new Error("nothing waits");
    await settle(person, last, { kind: "deny", reason: "no" }, "page");
    expect(await ofOther).toEqual({ kind: "denied", by: "page", reason: "no" });
    person.close();
  });

  it("is gone with the program that asked, and with its run", async () => {
    await launch();
    const [one, other] = await Promise.all([openGate(), openGate()]);
    const person = await openPerson();
    const gone = new AbortController();
    const first = one.ask(asked("/a", { signal: gone.signal }));
    const second = other.ask(asked("/b"));
    await waitFor(person, 2);
    gone.abort();
    expect(await first).toEqual({ kind: "unanswered" });
    await waitFor(person, 1);
    other.close();
    expect(await second).toEqual({ kind: "ended" });
    await waitFor(person, 0);
    person.close();
  });

  it.each<[string, (pid: number) => Promise<void>]>([
    ["locked", async () => { await (await connectAgent(paths))?.lock(); }],
    ["killed", (pid) => { process.kill(pid, "SIGKILL"); return Promise.resolve(); }],
  ])("ends with the agent that is %s, and is not held once more by the next", async (_name, end) => {
    const pid = await launch();
    const gate = await openGate();
    const person = await openPerson();
    const verdicts = Promise.all([gate.ask(asked("/a")), gate.ask(asked("/b"))]);
    await waitFor(person, 2);
    await end(pid);
    expect(await verdicts).toEqual([{ kind: "ended" }, { kind: "ended" }]);
    person.close();
    await launch();
    const next = await openPerson();
    expect(await listWaiting(next)).toEqual([]);
    // What is asked from then on finds the new one.
    const gone = new AbortController();
    const later = gate.ask(asked("/c", { signal: gone.signal }));
    await waitFor(next, 1);
    gone.abort();
    await later;
    next.close();
  });

  it("is asked at the run's own terminal as well, and whoever answers first decides", async () => {
    await launch();
    const notices: HeldNotice[] = [];
    let answer: (here: { readonly kind: "deny"; readonly reason: string }) => void = () => undefined;
    const gate = await openGate({ tell: (notice) => { notices.push(notice); }, askHere: () => new Promise((resolve) => { answer = resolve; }) });
    const person = await openPerson();
    const first = gate.ask(asked("/a"));
    await waitFor(person, 1);
    answer({ kind: "deny", reason: "here" });
    expect(await first).toEqual({ kind: "denied", by: "here", reason: "here" });
    await waitFor(person, 0);
    const second = gate.ask(asked("/b"));
    const [waiting] = await waitFor(person, 1);
    if (waiting === undefined) throw new Error("nothing waits");
    await settle(person, waiting, { kind: "allow", extent: { kind: "once" } }, "command");
    expect(await second).toMatchObject({ kind: "allowed", by: "command" });
    expect(notices.map(({ request }) => [request.path, request.programs])).toEqual([["/a", ["sh"]], ["/b", ["sh"]]]);
    person.close();
  });
});

it("a person hears of the first that waits at once, and of many in one line", async () => {
  const lines: string[] = [];
  const notices = openHeldNotices((line) => { lines.push(line); }, {}, "linux");
  const request = { kind: "request" as const, run: "a", programs: [], secrets: ["TOKEN"], secretIds: ["id-of-token"], rules: [], method: "DELETE", host: "api.example.com:443", path: "/secret-path", body: { kind: "none" as const }, digest: "0".repeat(64) };
  for (const id of ["aaaaa", "bbbbb", "ccccc"]) notices.tell({ id, request });
  expect(lines).toEqual(["DELETE api.example.com with TOKEN waits for you; in another terminal: vault approve aaaaa (or vault deny aaaaa)"]);
  await expect.poll(() => lines.length, { timeout: 10_000 }).toBe(2);
  expect(lines[1]).toBe("2 more requests wait for you; in another terminal: vault approve");
});

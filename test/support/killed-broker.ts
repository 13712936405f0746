// Three brokers on one PostgreSQL behind HAProxy, with sessions under load, of which one broker is killed while the master key is replaced.
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { ENGINES } from "./engine-places.ts";
import { isInstalled } from "./real-servers.ts";
import type { HeldConnection, SeveralBrokers, TestSession } from "./several-brokers.ts";
import { digestOf, FIRST_VALUE, openSeveralBrokers } from "./several-brokers.ts";

export interface KillPlan {
  readonly sessions: number;
  /** How many requests a second there are, of all of them, on connections that stay open. */
  readonly rate: number;
  /** Each so-manieth is on a new one: which comes to any broker, and is dear where that has not met its session. */
  readonly newEach: number;
  /** Before the kill, and after it. */
  readonly loadMs: number;
  /** By then the load balancer knows, and runs have come back. */
  readonly settledMs: number;
  /** Further sessions, whose machines are gone together with the broker. */
  readonly vanished: number;
}

/** As many as an identity may have at each broker, with room for those that come over. */
const SESSIONS_EACH = 100;
const AT_ONCE = 10;

interface Loaded {
  readonly session: TestSession;
  /** The first that it had. */
  readonly held: HeldConnection;
  /** When a request was answered, and when one was not, and why, by a clock that is never set back. */
  readonly answeredMs: number[];
  readonly failed: { readonly ms: number; readonly why: string }[];
}

export function testKilledBroker(plan: KillPlan): void {
  it.skipIf(process.platform !== "linux" || !ENGINES.postgres.isHere || !isInstalled("haproxy"))(`of ${plan.sessions} sessions at three brokers, one that is killed takes its connections with it, and nothing else (needs postgresql, haproxy)`, async () => {
    const server = await ENGINES.postgres.open();
    let brokers: SeveralBrokers | undefined;
    try {
      brokers = await openSeveralBrokers(server.place());
      await play(brokers, plan);
    } finally {
      await brokers?.close();
      await server.close();
    }
  }, 1_800_000);
}

async function play(brokers: SeveralBrokers, { sessions: count, rate, newEach, loadMs, settledMs: settleMs, vanished }: KillPlan): Promise<void> {
  const [first = missing(), second = missing(), third = missing()] = brokers.machines;
  const identities = Array.from({ length: Math.ceil(count / SESSIONS_EACH) + 1 }, (_, index) => brokers.identify(`identity-${index}`));
  const startMs = performance.now();
  const opened: TestSession[] = [];
  for (let index = 0; index < count; index += AT_ONCE) {
    opened.push(...(await Promise.all(Array.from({ length: Math.min(AT_ONCE, count - index) }, async (_, offset) => {
      return brokers.open(identities[(index + offset) % identities.length] ?? missing());
    }))));
  }
  const openedMs = performance.now() - startMs;
  const vanishing: TestSession[] = [];
  for (let index = 0; index < vanished; index += 1) vanishing.push(await brokers.open(identities[index % identities.length] ?? missing()));
  const loaded: Loaded[] = [];
  // One after the other: each broker gets its third. One that asks nothing for half a minute would be ended.
  for (const session of opened) {
    const held = await session.hold();
    expect(await held.ask()).toBe(digestOf(FIRST_VALUE));
    loaded.push({ session, held, answeredMs: [], failed: [] });
  }

  const over = { isIt: false };
  const got = new Set<string>();
  const load = async (one: Loaded, index: number): Promise<void> => {
    const pauseMs = (1000 * count) / rate;
    await sleep((pauseMs * index) / count);
    let { held } = one;
    for (let turn = index; !over.isIt; turn += 1) {
      try {
        if (held.isCut()) held = await one.session.hold();
        got.add(await (turn % newEach === 0 ? one.session : held).ask());
        one.answeredMs.push(performance.now());
      } catch (error) {
        one.failed.push({ ms: performance.now(), why: [error instanceof Error ? error.message : String(error), ...one.session.troubles.slice(-1)].join("; ") });
      }
      await sleep(pauseMs);
    }
    if (held !== one.held) held.close();
  };
  const loads = Promise.all(loaded.map(load));
  await sleep(loadMs);
  const atFirst = countConnections(first.port);
  const killedMs = performance.now();
  await first.stop("SIGKILL");
  for (const session of vanishing) await session.vanish();
  // While the other two serve.
  const rotated = second.vault(["rotate-master"]);
  await sleep(settleMs);
  const settledMs = performance.now();
  await sleep(loadMs);
  over.isIt = true;
  await loads;

  expect(rotated).toMatchObject({ status: 0 });
  expect([...got]).toEqual([digestOf(FIRST_VALUE)]);
  // Nobody has lost a session, and each works, by now without a failure.
  expect(loaded.flatMap(({ session }) => session.lost)).toEqual([]);
  const failed = loaded.flatMap((one) => one.failed);
  expect(failed.filter(({ ms }) => ms < killedMs || ms > settledMs).map(({ ms, why }) => `${((ms - killedMs) / 1000).toFixed(1)} s after the kill: ${why}`)).toEqual([]);
  // Of the connections that were open, none was cut but what the one had; and those of the others go on.
  const cut = loaded.filter(({ held }) => held.isCut()).length;
  expect(cut).toBeGreaterThan(0);
  expect(cut).toBeLessThanOrEqual(atFirst);
  for (const { held } of loaded.filter((one) => !one.held.isCut())) expect(await held.ask()).toBe(digestOf(FIRST_VALUE));
  for (const { session } of loaded) expect(await session.ask()).toBe(digestOf(FIRST_VALUE));
  const requests = loaded.reduce((sum, { answeredMs }) => sum + answeredMs.length, 0);
  const lastFailedMs = Math.max(killedMs, ...failed.map(({ ms }) => ms));
  console.log(`${count} sessions, opened in ${(openedMs / 1000).toFixed(1)} s; ${requests} requests, ${failed.length} failed, the last ${((lastFailedMs - killedMs) / 1000).toFixed(1)} s after the kill; ${cut} of ${count} held connections were cut`);

  for (let index = 0; index < count; index += AT_ONCE) {
    expect(await Promise.all(loaded.slice(index, index + AT_ONCE).map(({ session, held }) => {
      held.close();
      return session.end();
    }))).toEqual(loaded.slice(index, index + AT_ONCE).map(() => 200));
  }
  await expect.poll(() => openParts(third), { timeout: 120_000, interval: 3000 }).toBe(0);
  for (const machine of [second, third]) await machine.stop("SIGTERM");
  // What it has written and not told of is on its disk.
  for (const machine of [third, first]) {
    const { status, out } = machine.vault(["audit", "--verify", "--json"]);
    const { verified, lost } = JSON.parse(out) as { readonly verified: boolean; readonly lost: readonly object[] };
    expect([status, verified]).toEqual([0, true]);
    expect(lost.length).toBeGreaterThan(0);
  }
  const events = eventsOf(third);
  const [starts, ends] = ["run.start", "run.end"].map((kind) => events.filter((event) => event.kind === kind).map(({ run }) => run));
  expect(starts).toHaveLength(count + vanished);
  expect(ends?.toSorted()).toEqual(starts?.toSorted());
  expect(events.filter(({ kind, outcome }) => kind === "run.end" && outcome?.kind !== "exited").map(({ outcome }) => outcome?.kind)).toEqual(vanishing.map(() => "abandoned"));
}

function missing(): never {
  throw new Error("there are more");
}

interface Told {
  readonly kind: string;
  readonly run?: string;
  readonly entries?: number;
  readonly outcome?: { readonly kind: string };
}

function eventsOf(machine: SeveralBrokers["machines"][number]): Told[] {
  const { entries } = JSON.parse(machine.vault(["audit", "--json", "--limit", "100000"]).out) as { readonly entries: readonly { readonly event: Told }[] };
  return entries.map(({ event }) => event);
}

/** Logs of brokers that have no end in the log. */
function openParts(machine: SeveralBrokers["machines"][number]): number {
  const events = eventsOf(machine);
  return events.filter(({ kind }) => kind === "run.start" || kind === "run.join").length - new Set(events.filter(({ entries }) => entries !== undefined).map(({ run }) => run)).size;
}

/** From the load balancer to a broker. */
function countConnections(port: number): number {
  const address = `0100007F:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  return readFileSync("/proc/net/tcp", "latin1").split("\n").filter((line) => {
    const [, , remote, state] = line.trim().split(/ +/);
    return remote === address && state === "01";
  }).length;
}

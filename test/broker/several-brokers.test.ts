// Brokers on one store: any of them serves any session, what one of them has said or refused holds at all, and nothing that stands in the store besides the log and what is sealed counts.
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Engine } from "../../src/engines/engine.ts";
import { digestOf as stateOf } from "../../src/engines/engine.ts";
import { encodeOrder } from "../../src/broker/order.ts";
import { askBroker } from "../support/asked-broker.ts";
import type { EnginePlace } from "../support/engine-places.ts";
import { ENGINES } from "../support/engine-places.ts";
import { isInstalled } from "../support/real-servers.ts";
import type { ServingMachine, SeveralBrokers, TestIdentity, TestSession } from "../support/several-brokers.ts";
import { digestOf, FIRST_VALUE, openSeveralBrokers, ORDER } from "../support/several-brokers.ts";
import { bytesAt, openPlace } from "../support/store-machines.ts";

const kind = "redis";
const EVENTS = { Connection: "Upgrade", Upgrade: "vault-events" };
const CONNECTION = { Connection: "Upgrade", Upgrade: "vault-connection", "Vault-Arrival": "listener" };
const EXITED = Buffer.from('{"kind":"exited","status":0}');

describe.skipIf(!ENGINES[kind].isHere || !isInstalled("haproxy"))(`brokers on one store: ${kind} (needs haproxy)`, () => {
  let brokers: SeveralBrokers;
  let engine: Engine;
  let [first, second]: TestIdentity[] = [];
  let closeServer: (() => Promise<void>) | undefined;
  beforeAll(async () => {
    const server = await ENGINES[kind].open();
    closeServer = () => server.close();
    const place: EnginePlace = server.place();
    brokers = await openSeveralBrokers(place);
    engine = await openPlace(place);
    [first, second] = [brokers.identify("first"), brokers.identify("second")];
  });
  afterAll(async () => {
    await engine.close();
    await brokers.close();
    await closeServer?.();
  });
  const one = (): TestIdentity => first ?? missing();
  const other = (): TestIdentity => second ?? missing();
  const machineAt = (index: number): ServingMachine => brokers.machines[index] ?? missing();
  /** @param more instead of a proof that is made for it. */
  const ask = (machine: ServingMachine, { key }: TestIdentity, method: "GET" | "POST" | "DELETE", target: string, more: { readonly headers?: Readonly<Record<string, string>>; readonly body?: Uint8Array; readonly authorization?: string } = {}): ReturnType<typeof askBroker> =>
    askBroker({ port: machine.port, audience: brokers.origin, key, method, target, ...more });
  /** A session that the first machine has opened, and no other has heard of. */
  const openAtFirst = async (identity = one()): Promise<string> => {
    const { status, body } = await ask(machineAt(0), identity, "POST", "/v1/sessions", { body: encodeOrder(ORDER) });
    expect(status).toBe(201);
    return (JSON.parse(body) as { readonly session: string }).session;
  };
  const statusesOf = async (identity: TestIdentity, session: string, machines = brokers.machines): Promise<number[]> => {
    const statuses: number[] = [];
    for (const machine of machines) {
      for (const [what, headers] of [["connections", CONNECTION], ["events", EVENTS]] as const) statuses.push((await ask(machine, identity, "GET", `/v1/sessions/${session}/${what}`, { headers })).status);
    }
    return statuses;
  };

  test("a session that one has opened is served by all, with the same root, token and placeholders, and ends everywhere", async () => {
    const session = await brokers.open(one(), { freshPlaceholders: true });
    for (let count = 0; count < 6; count += 1) expect(await session.ask()).toBe(digestOf(FIRST_VALUE));
    expect(session.lost).toEqual([]);
    expect(await session.end()).toBe(200);
    await expect.poll(() => statusesOf(one(), session.answer.session)).toEqual([403, 403, 403, 403, 403, 403]);
  });

  test("a proof is good once, whichever of them it is shown to", async () => {
    const claim = { body: encodeOrder(ORDER) };
    const { status, authorization } = await ask(machineAt(0), one(), "POST", "/v1/sessions", claim);
    expect(status).toBe(201);
    for (const machine of brokers.machines) expect((await ask(machine, one(), "POST", "/v1/sessions", { ...claim, authorization })).status).toBe(401);
    const session = await openAtFirst();
    const target = `/v1/sessions/${session}/connections`;
    const taken = await ask(machineAt(1), one(), "GET", target, { headers: CONNECTION });
    expect(taken.status).toBe(101);
    for (const machine of brokers.machines) expect((await ask(machine, one(), "GET", target, { headers: CONNECTION, authorization: taken.authorization })).status).toBe(401);
  });

  test("another identity gets nothing of a session at any of them, and cannot end it", async () => {
    const session = await openAtFirst();
    expect(await statusesOf(other(), session)).toEqual([403, 403, 403, 403, 403, 403]);
    for (const machine of brokers.machines) expect((await ask(machine, other(), "DELETE", `/v1/sessions/${session}`, { body: EXITED })).status).toBe(403);
    expect(await statusesOf(one(), session)).toEqual([101, 101, 101, 101, 101, 101]);
    expect((await ask(machineAt(2), one(), "DELETE", `/v1/sessions/${session}`, { body: EXITED })).status).toBe(200);
  });

  test("whoever can write to the store can take a session away, and give nobody one", async () => {
    const [mine, theirs] = [await openAtFirst(one()), await openAtFirst(other())];
    const [record, foreign] = [await bytesAt(engine, `session/${mine}`), await bytesAt(engine, `session/${theirs}`)];
    if (record === undefined || foreign === undefined) throw new Error("no record");
    const put = (session: string, now: Uint8Array | undefined, before: Uint8Array | undefined): Promise<unknown> => engine.replace(`session/${session}`, now, before && stateOf(before));
    const others = brokers.machines.slice(1);
    // Another identity's record under this name, for either of the two.
    await put(mine, foreign, record);
    for (const identity of [one(), other()]) expect(await statusesOf(identity, mine, others)).toEqual([403, 403, 403, 403]);
    // A changed one.
    const changed = Buffer.from(record);
    changed[60] = changed[60] === 0x41 ? 0x42 : 0x41;
    await put(mine, changed, foreign);
    expect(await statusesOf(one(), mine, others)).toEqual([403, 403, 403, 403]);
    // None.
    await put(mine, undefined, changed);
    expect(await statusesOf(one(), mine, others)).toEqual([403, 403, 403, 403]);
    // One that never was: a record copied to another name.
    const made = "ab".repeat(16);
    await put(made, record, undefined);
    expect(await statusesOf(one(), made)).toEqual([403, 403, 403, 403, 403, 403]);
    // As it was, it is good; and once its session has ended, it is not.
    await put(mine, record, undefined);
    expect(await statusesOf(one(), mine, others)).toEqual([101, 101, 101, 101]);
    expect((await ask(machineAt(1), one(), "DELETE", `/v1/sessions/${mine}`, { body: EXITED })).status).toBe(200);
    await put(mine, record, undefined);
    await expect.poll(() => statusesOf(one(), mine)).toEqual([403, 403, 403, 403, 403, 403]);
    await put(mine, undefined, record);
  });

  test("whoever wants to hear what was done hears where the broker that tells it has not done all of it", async () => {
    const told = "other brokers have served this run too";
    const endAt = async (machine: ServingMachine, session: string): Promise<readonly string[]> => (JSON.parse((await ask(machine, one(), "DELETE", `/v1/sessions/${session}`, { body: EXITED })).body) as { readonly lines: readonly string[] }).lines;
    const openSummed = async (more = { isSummed: true }): Promise<string> => (JSON.parse((await ask(machineAt(0), one(), "POST", "/v1/sessions", { body: encodeOrder({ ...ORDER, ...more }) })).body) as { readonly session: string }).session;
    // That has heard of the identity at each.
    await statusesOf(one(), await openAtFirst());
    // One has done all.
    expect((await endAt(machineAt(0), await openSummed())).join()).not.toContain(told);
    // One of which nobody has anything but the one that has begun it.
    expect((await endAt(machineAt(1), await openSummed())).join()).toContain(told);
    expect(await endAt(machineAt(1), await openSummed({ isSummed: false }))).toEqual([]);
    // One that went on at another, whoever of the two is told the end.
    for (const teller of [0, 1]) {
      const session = await openSummed();
      // It hears of the other with the log's end, to which it writes its own, and not before: it stands still until it is asked.
      const { process } = machineAt(0);
      if (teller === 0) process.kill("SIGSTOP");
      const joined = await ask(machineAt(1), one(), "GET", `/v1/sessions/${session}/connections`, { headers: CONNECTION });
      const end = endAt(machineAt(teller), session);
      process.kill("SIGCONT");
      expect(joined.status).toBe(101);
      expect((await end).join()).toContain(told);
    }
  });

  test("a secret that is taken away, and a binding that is made less, are so in a session that another broker goes on with", async () => {
    const owner = machineAt(2);
    expect(owner.vault(["secrets", "create", "OTHER_KEY", "--host", brokers.host, "--allow-private"], "other-value-2b9d")).toMatchObject({ status: 0 });
    const session = await brokers.open(one());
    expect(session.answer.secrets.map(({ name }) => name).toSorted()).toEqual(["API_KEY", "OTHER_KEY"]);
    expect(owner.vault(["secrets", "update", "API_KEY", "--host", "api.example.com", "--remove-host", brokers.host])).toMatchObject({ status: 0 });
    // Whichever broker is asked, each for the first time or not.
    await expect.poll(() => Promise.all([1, 2, 3].map(() => session.ask().catch(() => "refused")))).not.toContain(digestOf(FIRST_VALUE));
    expect(owner.vault(["secrets", "update", "API_KEY", "--host", brokers.host, "--allow-private"])).toMatchObject({ status: 0 });
    expect(owner.vault(["secrets", "delete", "OTHER_KEY"])).toMatchObject({ status: 0 });
    await session.end();
  });

  test("a broker that is stopped leaves its sessions to the others, and has none when it is started anew until it is asked", async () => {
    const session = await brokers.open(one());
    for (const machine of brokers.machines) {
      await machine.stop("SIGTERM");
      await expect.poll(() => session.ask().catch(() => "not yet"), { timeout: 20_000 }).toBe(digestOf(FIRST_VALUE));
      await machine.serve();
    }
    expect(session.lost).toEqual([]);
    expect(await session.end()).toBe(200);
  });

  test("who is revoked has no session any more, at any of them, a second later", async () => {
    const identity = brokers.identify("third");
    const session = await brokers.open(identity);
    const held = await holdAtAll(session);
    const { did } = identity.key;
    expect(machineAt(1).vault(["identity", "revoke", did])).toMatchObject({ status: 0 });
    await expect.poll(() => held.every(({ isCut }) => isCut()), { timeout: 10_000 }).toBe(true);
    expect(await statusesOf(identity, session.answer.session)).toEqual([403, 403, 403, 403, 403, 403]);
    await session.vanish();
  });

  test("who is accepted anew has none of the sessions from before the revocation, though a broker saw both at once, or had none of them", async () => {
    const identity = brokers.identify(`again-${String(Math.floor(performance.now()))}`);
    const session = await brokers.open(identity);
    const { did } = identity.key;
    const held = await holdAtAll(session);
    const at = await openAtFirst(identity);
    // They hear of the two together.
    for (const machine of [machineAt(0), machineAt(2)]) machine.process.kill("SIGSTOP");
    for (const verb of ["revoke", "accept"]) expect(machineAt(1).vault(["identity", verb, did])).toMatchObject({ status: 0 });
    for (const machine of [machineAt(0), machineAt(2)]) machine.process.kill("SIGCONT");
    await expect.poll(() => held.every(({ isCut }) => isCut()), { timeout: 10_000 }).toBe(true);
    for (const id of [session.answer.session, at]) expect(await statusesOf(identity, id)).toEqual([403, 403, 403, 403, 403, 403]);
    expect((await ask(machineAt(2), identity, "POST", "/v1/sessions", { body: encodeOrder(ORDER) })).status).toBe(201);
    await session.vanish();
  });

  test("a proof of somebody who was accepted just now is good once, too, at whichever of those that have not heard of it", async () => {
    for (let count = 0; count < 3; count += 1) {
      const identity = brokers.identify(`new-${String(count)}-${String(Math.floor(performance.now()))}`);
      // A claim is answered whoever makes it, so that what counts is the proof.
      const claim = { body: Buffer.from("new") };
      const { authorization, status } = await ask(machineAt(1), identity, "POST", "/v1/claims", claim);
      expect(status).toBe(202);
      const again = await Promise.all(brokers.machines.map((machine) => ask(machine, identity, "POST", "/v1/claims", { ...claim, authorization })));
      expect(again.map((answer) => answer.status)).toEqual([401, 401, 401]);
    }
  });

  test("vault lock on one machine ends the sessions that were there, at all of them", async () => {
    const session = await brokers.open(one());
    const held = await holdAtAll(session);
    machineAt(0).vault(["lock"]);
    await expect.poll(() => held.every(({ isCut }) => isCut()), { timeout: 10_000 }).toBe(true);
    expect(await statusesOf(one(), session.answer.session)).toEqual([403, 403, 403, 403, 403, 403]);
    await session.vanish();
  });

  test("the log of all verifies as one, on each machine, and has each run's end once", async () => {
    const openLogs = (): readonly unknown[] => (JSON.parse(machineAt(1).vault(["audit", "--verify", "--json"]).out) as { readonly doubts: readonly unknown[] }).doubts;
    await expect.poll(openLogs, { timeout: 60_000, interval: 2_000 }).toEqual([]);
    for (const machine of brokers.machines) await machine.stop("SIGTERM");
    for (const machine of brokers.machines) expect(machine.vault(["audit", "--verify"])).toMatchObject({ status: 0 });
    const { entries } = JSON.parse(machineAt(0).vault(["audit", "--json", "--limit", "10000"]).out) as { readonly entries: readonly { readonly event: { readonly kind: string; readonly run?: string } }[] };
    const ends = entries.filter(({ event }) => event.kind === "run.end").map(({ event }) => event.run);
    expect(new Set(ends).size).toBe(ends.length);
    // Who was refused, each broker tells of once a minute.
    const refused = entries.map(({ event }) => event).filter((event) => event.kind === "identity.refused");
    expect(refused).toContainEqual(expect.objectContaining({ did: one().key.did, why: "not-accepted" }));
    expect(refused.length).toBeLessThan(20);
  });
});

/** A connection at each of three brokers, whichever comes first. */
async function holdAtAll(session: TestSession): Promise<Awaited<ReturnType<TestSession["hold"]>>[]> {
  const held = [];
  for (let count = 0; count < 6; count += 1) held.push(await session.hold());
  await sleep(100);
  return held;
}

function missing(): never {
  throw new Error("not there yet");
}

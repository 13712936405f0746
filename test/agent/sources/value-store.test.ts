// Lives, turns and failures, with clocks that the test turns.
import { expect, onTestFinished, test } from "vitest";
import type { MadeValue } from "../../../src/agent/sources/source-maker.ts";
import { SourceFailure } from "../../../src/agent/sources/source-maker.ts";
import type { ValueAnswer } from "../../../src/agent/sources/value-store.ts";
import { tagOf, ValueStore } from "../../../src/agent/sources/value-store.ts";
import { Secret } from "../../../src/secret.ts";
import type { SecretRecord } from "../../../src/vault/record.ts";
import type { LivingSource } from "../../../src/vault/source.ts";

interface Stage {
  /** How often the source was asked. */
  count: () => number;
  ask: (options?: { readonly refused?: Secret; readonly ciphertext?: string; readonly source?: Partial<Extract<LivingSource, { kind: "command" }>> }) => Promise<ValueAnswer>;
  pass: (seconds: number) => void;
  store: ValueStore;
}

type Maker = (call: number, nowMs: number) => MadeValue | Promise<MadeValue>;

const text = (value: string, expiresMs?: number): MadeValue => ({ value: Secret.fromText(value), ...(expiresMs === undefined ? {} : { expiresMs }) });
const failing = (): never => { throw new SourceFailure({ reason: "failed", status: 1, said: "no" }); };

function setUp(make: Maker): Stage {
  let [nowMs, calls] = [1_000_000, 0];
  const store = new ValueStore(async ({ nowMs: at }) => make((calls += 1), at), { now: () => ({ monotonicMs: nowMs, wallMs: nowMs }), sleep: () => Promise.resolve() });
  onTestFinished(() => { store.clear(); });
  return {
    store,
    count: () => calls,
    pass: (seconds) => { nowMs += seconds * 1000; },
    ask({ refused, ciphertext = "c", source: changes } = {}) {
      const source: LivingSource = { kind: "command", ttl: 60, failureTtl: 10, timeout: 30, ...changes };
      const record = { id: "id", source, value: { nonce: "n", commitment: "m", ciphertext } } as SecretRecord;
      return store.ask(new Uint8Array(16), { record, source, refused: refused === undefined ? undefined : tagOf(refused), use: (work) => work({ record, sealed: Secret.fromText("sealed") }) });
    },
  };
}

function shown(answer: ValueAnswer): string {
  return answer.kind === "value" ? Buffer.from(answer.value.reveal()).toString() : answer.failure.reason;
}

test("a value is kept for its time, and made anew a tenth of its life before the end", async () => {
  const { ask, pass, count } = setUp((call) => text(`token-${call}`));
  expect(await ask()).toMatchObject({ kind: "value", freshMs: 54_000, goodMs: 60_000, isNew: true });
  pass(53.9);
  const again = await ask();
  expect([shown(again), again]).toMatchObject(["token-1", { freshMs: 100, isNew: false }]);
  pass(0.2);
  expect(shown(await ask())).toBe("token-2");
  expect(count()).toBe(2);
});

test("of a long life the margin is five minutes; what the source says counts more than the ttl; of no end nobody knows", async () => {
  const { ask } = setUp((_call, nowMs) => text("token", nowMs + 3_600_000));
  expect(await ask()).toMatchObject({ freshMs: 55 * 60_000, goodMs: 60 * 60_000 });
  expect(await setUp(() => text("token")).ask({ source: { ttl: null } })).toMatchObject({ goodMs: 25 * 86_400_000 });
});

test("a value that is over when it comes is none", async () => {
  const { ask, count } = setUp((_call, nowMs) => text("token", nowMs));
  expect(shown(await ask())).toBe("expired");
  expect(shown(await ask())).toBe("expired");
  expect(count()).toBe(1);
});

test("a hundred at once have it made once", async () => {
  let go = (): void => undefined;
  const gate = new Promise<void>((resolve) => { go = resolve; });
  const { ask, count } = setUp(async () => {
    await gate;
    return text("token");
  });
  const all = Promise.all(Array.from({ length: 100 }, () => ask()));
  go();
  const answers = await all;
  expect(answers.map(shown)).toEqual(Array.from({ length: 100 }, () => "token"));
  expect(answers.filter(({ isNew }) => isNew)).toHaveLength(1);
  expect(count()).toBe(1);
});

test("a source that failed is left alone for its time, and one that failed in time for its old value does not cost that", async () => {
  const { ask, pass, count } = setUp((call) => (call === 2 || call === 3 ? failing() : text(`token-${call}`)));
  await ask();
  pass(55);
  const old = await ask();
  expect([shown(old), old]).toMatchObject(["token-1", { freshMs: 5000, isNew: false }]);
  expect(count()).toBe(2);
  pass(5);
  expect(await ask()).toMatchObject({ kind: "no-value", failure: { reason: "failed", status: 1, said: "no" }, retryMs: 5000, isNew: false });
  expect(count()).toBe(2);
  pass(5);
  expect(shown(await ask())).toBe("failed");
  pass(10);
  expect(shown(await ask())).toBe("token-4");
});

test("what a host refuses is made anew at once, and then no more often than a failure would be", async () => {
  const { ask, pass, count } = setUp((call) => text(`token-${call}`));
  await ask();
  const second = await ask({ refused: Secret.fromText("token-1") });
  expect([shown(second), second.isNew]).toEqual(["token-2", true]);
  expect(shown(await ask({ refused: Secret.fromText("token-1") }))).toBe("token-2");
  for (let turn = 0; turn < 50; turn += 1) expect(shown(await ask({ refused: Secret.fromText("token-2") }))).toBe("token-2");
  expect(count()).toBe(2);
  pass(10);
  expect(shown(await ask({ refused: Secret.fromText("token-2") }))).toBe("token-3");
});

test.each([[0, 3600], [10, 3600], [600, 43_200]])("a host that refuses all the time (failure-ttl %i) brings about no more values in %i seconds than a run remembers", async (failureTtl, lifeSeconds) => {
  const { ask, pass, count } = setUp((call, nowMs) => text(`token-${call}`, nowMs + lifeSeconds * 1000));
  const madeAt: number[] = [];
  const step = lifeSeconds / 3600;
  for (let second = 0; second < 2.5 * lifeSeconds; second += step) {
    const before = count();
    await ask({ source: { failureTtl }, refused: Secret.fromText(`token-${before}`) });
    if (count() > before) madeAt.push(second);
    pass(step);
  }
  expect(Math.max(...madeAt.map((at) => madeAt.filter((other) => other > at && other <= at + lifeSeconds).length))).toBeLessThanOrEqual(16);
  // It goes on being tried, in the next life as well.
  expect(madeAt.filter((at) => at > lifeSeconds + 60).length).toBeGreaterThan(5);
});

test("a source that gives the refused value again is not asked for it in a row", async () => {
  const { ask, count } = setUp(() => text("token"));
  await ask();
  for (let turn = 0; turn < 50; turn += 1) expect(shown(await ask({ refused: Secret.fromText("token") }))).toBe("token");
  expect(count()).toBe(2);
});

test("a record that was given other sealed bytes has another value at once", async () => {
  const { ask } = setUp((call) => text(`token-${call}`));
  await ask();
  expect(shown(await ask({ ciphertext: "d" }))).toBe("token-2");
  expect(shown(await ask())).toBe("token-1");
});

test("what is cleared is made anew, and what is being made then is no value", async () => {
  let go = (): void => undefined;
  const gate = new Promise<void>((resolve) => { go = resolve; });
  const { ask, store } = setUp(async (call) => {
    if (call === 1) await gate;
    return text(`token-${call}`);
  });
  const first = ask();
  await Promise.resolve();
  store.clear();
  go();
  expect(shown(await first)).toBe("stopped");
  expect(shown(await ask())).toBe("token-2");
});

test("no error of a maker is told but its failure", async () => {
  const { ask } = setUp(() => { throw new Error("token-1 in here"); });
  expect(await ask()).toMatchObject({ kind: "no-value", failure: { reason: "failed", said: "" } });
});

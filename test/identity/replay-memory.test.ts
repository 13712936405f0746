import { expect, test } from "vitest";
import { openReplayMemory } from "../../src/identity/replay-memory.ts";

test("a proof is good once, for as long as any proof is", () => {
  const memory = openReplayMemory();
  expect(memory.take("a", "one", 0)).toBe(true);
  for (let now = 0; now <= 120_000; now += 10_000) expect(memory.take("a", "one", now)).toBe(false);
});

test("what came just before the generations change is remembered long enough", () => {
  const memory = openReplayMemory();
  memory.take("first", "one", 0);
  expect(memory.take("late", "one", 119_999)).toBe(true);
  expect(memory.take("b", "one", 120_001)).toBe(true);
  expect(memory.take("late", "one", 239_998)).toBe(false);
});

test("where there is no room, nothing is good", () => {
  const memory = openReplayMemory(2);
  expect([memory.take("a", "one", 0), memory.take("b", "two", 0), memory.take("c", "three", 0)]).toEqual([true, true, false]);
  expect(memory.take("d", "one", 120_001)).toBe(true);
});

test("whoever shows proofs without end takes a quarter of the room, and others go on", () => {
  const memory = openReplayMemory(100);
  expect(Array.from({ length: 1000 }, (_, at) => memory.take(`flood ${at}`, "flood", 0)).filter(Boolean)).toHaveLength(25);
  for (let at = 0; at < 25; at += 1) expect(memory.take(`honest ${at}`, "honest", 0)).toBe(true);
  expect(memory.take("flood 0", "flood", 0)).toBe(false);
  expect(memory.take("flood 999", "flood", 120_001)).toBe(true);
  expect([memory.take("flood 0", "other", 120_002), memory.take("honest 0", "other", 120_002)]).toEqual([false, false]);
});

test("it does not grow over the days", () => {
  const memory = openReplayMemory(40);
  for (let now = 0; now < 1e9; now += 60_000) expect(memory.take(`proof ${now}`, "one", now)).toBe(true);
});

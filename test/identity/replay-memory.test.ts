import { expect, test } from "vitest";
import { openReplayMemory } from "../../src/identity/replay-memory.ts";

test("a proof is good once, for as long as any proof is", () => {
  const memory = openReplayMemory();
  expect(memory.take("a", 0)).toBe(true);
  for (let now = 0; now <= 120_000; now += 10_000) expect(memory.take("a", now)).toBe(false);
});

test("what came just before the generations change is remembered long enough", () => {
  const memory = openReplayMemory();
  memory.take("first", 0);
  expect(memory.take("late", 119_999)).toBe(true);
  expect(memory.take("b", 120_001)).toBe(true);
  expect(memory.take("late", 239_998)).toBe(false);
});

test("where there is no room, nothing is good", () => {
  const memory = openReplayMemory(2);
  expect([memory.take("a", 0), memory.take("b", 0), memory.take("c", 0)]).toEqual([true, true, false]);
  expect(memory.take("d", 120_001)).toBe(true);
});

test("it does not grow over the days", () => {
  const memory = openReplayMemory(10);
  for (let now = 0; now < 1e9; now += 60_000) expect(memory.take(`proof ${now}`, now)).toBe(true);
});

// Server-sent events reach the program one by one: none waits for the next, or for the end. How soon is for the gate (bench/gate/event-stream.test.ts).
import { afterAll, beforeAll, describe, it } from "vitest";
import type { EventStage } from "../support/event-stream.ts";
import { EVENT_KINDS, openEventStage } from "../support/event-stream.ts";

let stage: EventStage;

beforeAll(async () => {
  stage = await openEventStage();
});

afterAll(() => stage.close());

describe("each event of a stream arrives before the next one is sent", () => {
  it.each(EVENT_KINDS)("%s", async (...kind) => {
    await stage.measure(kind);
  });
});

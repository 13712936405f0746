// The gate: events of a stream arrive within a tenth of a second of being sent.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { EventStage } from "../../test/support/event-stream.ts";
import { EVENT_KINDS, openEventStage } from "../../test/support/event-stream.ts";

const DELAY_MAX_MS = 100;
/** The best of these counts: a machine that is busy elsewhere is not the proxy's delay. */
const STREAMS = 5;

let stage: EventStage;

beforeAll(async () => {
  stage = await openEventStage();
});

afterAll(() => stage.close());

describe("each event of a stream arrives at once", () => {
  it.each(EVENT_KINDS)("%s", async (...kind) => {
    const streams: number[][] = [];
    for (let stream = 0; stream < STREAMS; stream += 1) streams.push(await stage.measure(kind));
    for (const index of streams[0]?.keys() ?? []) expect(Math.min(...streams.map((delays) => delays[index] ?? Infinity))).toBeLessThan(DELAY_MAX_MS);
  });
});

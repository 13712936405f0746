// Whether the time of a refusal tells what there is: requests for another principal's vault and for none, in turns, compared without a word on the shape of the times.
import { afterAll, beforeAll, expect, it } from "vitest";
import type { SessionOrder } from "../../src/broker/order.ts";
import type { GalleryBroker } from "../support/gallery-broker.ts";
import { openGalleryBroker, orderText, requestOf } from "../support/gallery-broker.ts";
import { compareRanks } from "../support/rank-comparison.ts";

let stage: GalleryBroker;
beforeAll(async () => { stage = await openGalleryBroker(); });
afterAll(async () => { await stage.close(); });

const ROUNDS = 600;
const NOWHERE = Buffer.alloc(16, 7).toString("base64");

async function timeOf(order: Partial<SessionOrder>): Promise<number> {
  const body = orderText(order);
  const bytes = requestOf("POST", "/v1/sessions", [`Authorization: ${stage.prove(stage.anna, "POST", "/v1/sessions", body)}`], body);
  const startMs = performance.now();
  const { status } = await stage.send(bytes);
  expect(status).toBe(403);
  return performance.now() - startMs;
}

it.each<[string, () => Partial<SessionOrder>, () => Partial<SessionOrder>]>([
  ["another principal's vault and none", () => ({ vault: stage.secondVault }), () => ({ vault: NOWHERE })],
  ["a workspace that there is and one that there is not", () => ({ workspace: "acme" }), () => ({ workspace: "acmf" })],
])("the times of refusals are of one kind: %s", async (_what, there, nowhere) => {
  const times: [number[], number[]] = [[], []];
  for (let round = 0; round < ROUNDS; round += 1) {
    // Whoever comes second in a pair finds the processor as the first has left it.
    for (const at of round % 2 === 0 ? ([0, 1] as const) : ([1, 0] as const)) times[at].push(await timeOf(at === 0 ? there() : nowhere()));
  }
  const { share, deviations } = compareRanks(...times);
  expect(Math.abs(deviations), `share ${share}, ${deviations} deviations`).toBeLessThan(4);
}, 120_000);

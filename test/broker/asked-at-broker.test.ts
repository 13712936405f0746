// A rule that asks, in a run whose values are at a broker: the person is at the broker's machine, and so is the answer. On the run's machine there is nobody to answer, and nothing to answer with.
import { afterAll, beforeAll, expect, it } from "vitest";
import type { BrokerStage, RunningBroker } from "../support/broker-stage.ts";
import { endOf, HANDLE, openBrokerStage } from "../support/broker-stage.ts";

let stage: BrokerStage;
let broker: RunningBroker;
beforeAll(async () => {
  stage = await openBrokerStage();
  broker = await stage.serve();
  await stage.introduce(broker, HANDLE);
  stage.owner.vault(["secrets", "update", "API_KEY", "--ask", "DELETE /**"]);
});
afterAll(() => stage.close());

it("a request of a run at a broker waits for the broker's owner, who is told by the broker, and is answered there", async () => {
  const run = stage.run(broker, `curl -sS -X DELETE -w '%{http_code}\\n' -H "authorization: Bearer $API_KEY" https://${stage.bound}/at-broker; curl -sS -X DELETE -H "authorization: Bearer $API_KEY" https://${stage.bound}/denied`);
  await broker.process.said("waits for you; in another terminal: vault approve");
  const idOf = (): string => (JSON.parse(stage.owner.vault(["approve", "--json"])) as { id: string }[])[0]?.id ?? "none";
  const waiting = JSON.parse(stage.owner.vault(["approve", "--json"])) as unknown[];
  expect(waiting).toMatchObject([{ secret: "API_KEY", method: "DELETE", path: "/at-broker", programs: ["sh"] }]);
  // The run's machine has neither a vault nor an agent of that one.
  expect(await stage.runner(["approve", idOf()])).toMatchObject({ status: 3 });
  expect(stage.upstream.received()).not.toContain("DELETE /at-broker");
  stage.owner.vault(["approve", idOf()]);
  await run.said("200");
  await expect.poll(idOf, { timeout: 15_000 }).not.toBe("none");
  stage.owner.vault(["deny", idOf(), "--reason", "asked and refused"]);
  const { output } = await endOf(run);
  expect(output).toContain("said no: asked and refused");
  expect(stage.upstream.received()).toContain("DELETE /at-broker");
  expect(stage.upstream.received()).not.toContain("DELETE /denied");
});

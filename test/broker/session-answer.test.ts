// What a broker says to a run that begins, read as the run's machine gets it.
import { afterAll, beforeAll, expect, it } from "vitest";
import { openBrokerClient, parseBrokerOrigin } from "../../src/broker/client.ts";
import { encodeOrder } from "../../src/broker/order.ts";
import { drawIdentityKey, parseIdentityKey } from "../../src/identity/identity-key.ts";
import type { BrokerStage, RunningBroker } from "../support/broker-stage.ts";
import { openBrokerStage } from "../support/broker-stage.ts";

let stage: BrokerStage;
let broker: RunningBroker;
beforeAll(async () => {
  stage = await openBrokerStage();
  stage.owner.vault(["secrets", "create", "LEFT_OUT_KEY", "--host", "left-out.example"], "a-value-that-is-left-out");
  broker = await stage.serve();
});
afterAll(async () => {
  await broker.stop();
  await stage.close();
});

it("of a secret that the project's file leaves out it has neither name nor placeholder nor host", async () => {
  const key = parseIdentityKey(drawIdentityKey(), "this test");
  stage.owner.vault(["identity", "accept", key.did]);
  const client = openBrokerClient(parseBrokerOrigin(broker.url), key, [], Date.now);
  const ask = async (project: string | undefined): Promise<string> => {
    const { status, body } = await client.ask("POST", "/v1/sessions", encodeOrder({ program: "sh", vault: undefined, workspace: undefined, group: undefined, selections: undefined, project, denyUnmatched: false, strict: false, freshPlaceholders: false, isWalled: false, isLogged: false, isSummed: false }));
    expect(status).toBe(201);
    return Buffer.from(body).toString();
  };
  expect(await ask(undefined)).toContain("LEFT_OUT_KEY");
  const narrowed = await ask('{"secrets":{"API_KEY":{}}}');
  expect(narrowed).toContain("API_KEY");
  expect(narrowed).not.toMatch(/LEFT_OUT_KEY|left-out\.example/);
});

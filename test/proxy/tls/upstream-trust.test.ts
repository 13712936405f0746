// The roots are read when a connection needs them, and once for all proxies that have them together: a broker of a thousand sessions that read them for each stood still for 18 seconds.
import { afterAll, beforeAll, expect, it } from "vitest";
import { openUpstreamTrust } from "../../../src/proxy/tls/upstream-trust.ts";
import type { AttackStage } from "../../support/attack-stage.ts";
import { openOwnStage, openStage } from "../../support/attack-stage.ts";
import { ask } from "../../support/proxy-child.ts";
import { makeGrant, openTestRun, VALUE } from "../../support/proxy-run.ts";

let stage: AttackStage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage.close());

it("is made at the first connection, and shared by the proxies that are given it", async () => {
  let gathered = 0;
  const roots = openUpstreamTrust(() => {
    gathered += 1;
    return [stage.ca.certificate];
  });
  const grants = [1, 2, 3].map(() => makeGrant("API_KEY", [stage.host]));
  const runs = await Promise.all(grants.map((grant) => openTestRun([grant], { roots })));
  expect(gathered).toBe(0);
  for (const [index, { proxy }] of runs.entries()) {
    const before = stage.server.received().length;
    const reply = await ask(proxy, stage.host, `GET / HTTP/1.1\r\nHost: ${stage.host}\r\nX-Api-Key: ${grants[index]?.placeholder ?? ""}\r\n\r\n`);
    expect([reply.status, stage.server.received().slice(before).includes(VALUE)]).toEqual([200, true]);
  }
  expect(gathered).toBe(1);
  for (const { proxy } of runs) await proxy.close();
});

it("trusts these roots alone", async () => {
  const other = await openOwnStage();
  const grant = makeGrant("API_KEY", [stage.host]);
  const { proxy } = await openTestRun([grant], { roots: openUpstreamTrust([other.ca.certificate]) });
  const reply = await ask(proxy, stage.host, `GET / HTTP/1.1\r\nHost: ${stage.host}\r\nX-Api-Key: ${grant.placeholder}\r\n\r\n`);
  expect(reply.status).toBe(502);
  await proxy.close();
});

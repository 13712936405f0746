// Rules through a broker: the vault's are the broker's to hold, and what a run's flags take away goes along in the order. Another machine cannot give itself more.
import { afterAll, beforeAll, expect, it } from "vitest";
import { parseOrder } from "../../src/broker/order.ts";
import type { BrokerStage, RunningBroker } from "../support/broker-stage.ts";
import { endOf, HANDLE, openBrokerStage } from "../support/broker-stage.ts";
import { refusalOf } from "../support/refusal.ts";

let stage: BrokerStage;
let broker: RunningBroker;
beforeAll(async () => {
  stage = await openBrokerStage();
  broker = await stage.serve();
  await stage.introduce(broker, HANDLE);
});
afterAll(() => stage.close());

const ask = (line: string): string => `curl -sS --path-as-is -H "authorization: Bearer $API_KEY" ${line.replace(/\S+$/, (path) => `https://${stage.bound}${path}`)}`;
const run = async (script: string, flags: readonly string[] = []): Promise<string> => (await endOf(stage.run(broker, script, flags))).output;
const sent = async (act: () => Promise<string>): Promise<readonly [output: string, sent: string]> => {
  const before = stage.upstream.received().length;
  const output = await act();
  return [output, stage.upstream.received().slice(before)];
};

it("the vault's rules hold for a run on another machine, and the next request of one that goes on", async () => {
  stage.owner.vault(["secrets", "update", "API_KEY", "--allow", "GET **", "--deny", "* /admin/**"]);
  const [output, arrived] = await sent(() => run(`${ask("/ok")}; ${ask("-X DELETE /gone")}; ${ask("/x/../admin")}`));
  expect(output).toContain("none of its rules allows DELETE");
  expect(output).toContain("ends in a dot");
  expect(arrived).toContain("GET /ok HTTP/1.1");
  expect(arrived).not.toMatch(/gone|admin/);
});

it("a run's flags take more away, and give nothing", async () => {
  const [output, arrived] = await sent(() => run(`${ask("/ok")}; ${ask("/no")}; ${ask("-X DELETE /gone")}`, ["--allow", "GET /ok", "--allow", "DELETE **"]));
  expect(output).toContain("none of the rules of the run's flags allows GET");
  expect(output).toContain("none of its rules allows DELETE");
  expect(arrived).toContain("GET /ok HTTP/1.1");
  expect(arrived).not.toMatch(/GET \/no|gone/);
  // Of no service, it has none: nothing is started.
  expect(await run("echo started", ["--preset", "read-only"])).not.toContain("started");
});

it("an order's rules are read as the vault's are", async () => {
  const order = { program: "sh", rules: { allow: ["GET /a"], deny: [], ask: [], rate: null, uses: null, until: null, maxBodyBytes: null, graphql: null }, presets: ["read-only"] };
  const parse = (more: object): ReturnType<typeof parseOrder> => parseOrder(Buffer.from(JSON.stringify({ ...order, ...more })));
  expect(parse({})).toMatchObject({ rules: { allow: ["GET /a"] }, presets: ["read-only"] });
  expect(parse({ rules: null, presets: null }).rules).toBeUndefined();
  for (const rules of [{}, { ...order.rules, allow: ["GET a"] }, { ...order.rules, allow: null }, [], "GET /a", { ...order.rules, uses: 0 }]) expect(await refusalOf(() => parse({ rules }))).toMatch(/bad-schema|out-of-bounds/);
  for (const presets of ["read-only", [1], ["\u0000"], Array.from({ length: 17 }, () => "a")]) expect(await refusalOf(() => parse({ presets }))).toMatch(/bad-schema|out-of-bounds/);
});

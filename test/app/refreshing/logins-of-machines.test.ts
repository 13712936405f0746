// A login that several machines refresh, at a real authorization server that ends a login one of whose tokens it sees twice. Homes stand for machines.
import { readdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import type { ValueAnswer } from "../../../src/agent/sources/value-store.ts";
import { rotateMaster } from "../../../src/app/keys/rotate-master.ts";
import type { Surroundings } from "../../../src/app/surroundings.ts";
import { credentialsFor } from "../../../src/engines/credentials.ts";
import type { Engine } from "../../../src/engines/engine.ts";
import { parseLocator } from "../../../src/engines/locator.ts";
import { openEngine } from "../../../src/engines/open-engine.ts";
import type { AuthorizationOptions, AuthorizationServer } from "../../support/authorization-server.ts";
import { openAuthorizationServer } from "../../support/authorization-server.ts";
import { describeEngines } from "../../support/engine-places.ts";
import { addLogin, replaceLogin } from "../../support/login-secret.ts";
import { openMemoryEngine } from "../../support/memory-engine.ts";
import type { Refresher } from "../../support/refresher.ts";
import { openRefresher } from "../../support/refresher.ts";
import { makeManyHomes } from "../../support/many-homes.ts";

interface Stage {
  readonly server: AuthorizationServer;
  readonly machines: readonly [Surroundings, Surroundings];
  readonly open: (machine: Surroundings) => Promise<Refresher>;
  readonly logInAgain: () => Promise<void>;
}

async function setUp(engine: Engine, options: AuthorizationOptions = {}): Promise<Stage> {
  const server = await openAuthorizationServer(options);
  onTestFinished(() => server.close());
  const machines = await makeManyHomes(engine, 2) as [Surroundings, Surroundings];
  const sealed = async () => ({ refreshToken: await server.logIn(), roots: server.certificate });
  await addLogin(machines[0], { name: "LOGIN", host: server.apiHost, source: server.source, sealed: await sealed() });
  return {
    server,
    machines,
    async open(machine) {
      const refresher = await openRefresher(machine, "LOGIN");
      onTestFinished(() => { refresher.lock(); });
      return refresher;
    },
    async logInAgain() {
      await replaceLogin(machines[0], { name: "LOGIN", source: server.source, sealed: await sealed() });
    },
  };
}

const shown = (answer: ValueAnswer): string => (answer.kind === "value" ? "value" : answer.failure.reason);

/** Refreshed on both at once: each gets a value, and the server has seen one question at a time. */
async function refreshOnBoth({ server, machines, open }: Stage, each: number): Promise<void> {
  const agents = await Promise.all(machines.flatMap((machine) => Array.from({ length: each }, () => open(machine))));
  expect((await Promise.all(agents.map((agent) => agent.ask()))).map(shown)).toEqual(agents.map(() => "value"));
  expect([server.mostAtOnce(), server.asked(), server.errors()]).toEqual([1, agents.length, []]);
}

test("two machines refresh one after the other, no token is used twice, and nothing of it is left behind", async () => {
  const engine = openMemoryEngine();
  const stage = await setUp(engine, { thinksMs: 20 });
  await refreshOnBoth(stage, 4);
  expect([...engine.entries.keys()].filter((name) => name.startsWith("lease/"))).toEqual([]);
  for (const { paths } of stage.machines) expect(readdirSync(paths.loginsFolder)).toEqual([]);
});

test("a refresh that was cut off on one machine between the question and the write is told as lost on the other; a login that was ended is told as that", async () => {
  const engine = openMemoryEngine();
  const stage = await setUp(engine);
  const [first, second] = stage.machines;
  const cutOff = await openRefresher(first, "LOGIN");
  engine.fate = (name) => (name === "vault" ? "away" : "answered");
  expect(shown(await cutOff.ask())).toBe("unwritten");
  expect([...engine.entries.keys()].filter((name) => name.startsWith("asked/"))).toHaveLength(1);
  // The new token was in its memory alone.
  cutOff.lock();
  engine.fate = () => "answered";
  for (const machine of [second, first, second]) expect(shown(await (await stage.open(machine)).ask())).toBe("lost");
  await stage.logInAgain();
  expect(shown(await (await stage.open(second)).ask())).toBe("value");
});

test("the master key is replaced on one machine while the other refreshes: that waits for it, and both go on", async () => {
  const stage = await setUp(openMemoryEngine(), { thinksMs: 200 });
  const [first, second] = stage.machines;
  const answer = (await stage.open(second)).ask();
  while (stage.server.asked() === 0) await sleep(2);
  await rotateMaster(first, { provider: "file", path: undefined, kek: undefined }, false);
  expect(shown(await answer)).toBe("value");
  expect(shown(await (await stage.open(first)).ask())).toBe("value");
  expect(stage.server.errors()).toEqual([]);
});

test("while the store cannot be reached, the server is not asked", async () => {
  const engine = openMemoryEngine();
  const stage = await setUp(engine);
  const agent = await stage.open(stage.machines[1]);
  engine.fate = (name) => (name.startsWith("asked/") ? "away" : "answered");
  await expect(agent.ask()).rejects.toMatchObject({ code: "store-unavailable" });
  expect(stage.server.asked()).toBe(0);
  engine.fate = () => "answered";
  expect(shown(await (await stage.open(stage.machines[0])).ask())).toBe("value");
});

describeEngines("a login on two machines", (place) => {
  test("is refreshed on one at a time", async () => {
    const { url, environment } = place().place();
    const { locator } = parseLocator(url);
    const engine = await openEngine(locator, credentialsFor(locator, environment));
    onTestFinished(() => engine.close());
    await refreshOnBoth(await setUp(engine, { thinksMs: 20 }), 3);
  });
});

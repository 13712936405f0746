// A thousand sessions at one broker, of five identities: each is served, they end, and the log of it is whole.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import type { BrokerClient, BrokerOrigin } from "../../src/broker/client.ts";
import { openBrokerClient } from "../../src/broker/client.ts";
import { encodeOrder, parseAnswer } from "../../src/broker/order.ts";
import { parseIdentityKey } from "../../src/identity/identity-key.ts";
import { Secret } from "../../src/secret.ts";
import { openBrokerStage } from "../support/broker-stage.ts";

const IDENTITIES = 5;
const SESSIONS = 200;
const ORDER = encodeOrder({ program: "sh", vault: undefined, workspace: undefined, group: undefined, selections: undefined, project: undefined, denyUnmatched: false, strict: false, freshPlaceholders: false, isWalled: false, isLogged: false, isSummed: false });

const residentMib = (pid: number): number => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1] ?? 0) / 1024;

it.skipIf(process.platform !== "linux")("a thousand sessions are open at once, and end", async () => {
  const stage = await openBrokerStage();
  try {
    const broker = await stage.serve();
    const pid = broker.process.process.pid ?? 0;
    const clients: BrokerClient[] = [];
    for (let index = 0; index < IDENTITIES; index += 1) {
      await stage.introduce(broker, `identity-${index}`);
      const key = Secret.fromText(readFileSync(join(stage.runnerFolder, "vault", "identities", `identity-${index}.key`), "latin1"));
      clients.push(openBrokerClient(broker.url as BrokerOrigin, parseIdentityKey(key, "this test"), [], Date.now));
    }
    const before = residentMib(pid);
    const opened: { readonly client: BrokerClient; readonly session: string }[] = [];
    for (let count = 0; count < SESSIONS; count += 10) {
      const batch = await Promise.all(clients.flatMap((client) => Array.from({ length: 10 }, async () => {
        const { status, body } = await client.ask("POST", "/v1/sessions", ORDER);
        expect(status).toBe(201);
        const { session } = parseAnswer(body);
        const line = await client.follow(session);
        line.on("error", () => undefined);
        return { client, session };
      })));
      opened.push(...batch);
    }
    expect(new Set(opened.map(({ session }) => session)).size).toBe(IDENTITIES * SESSIONS);
    const metrics = async (): Promise<string> => (await fetch(`${broker.url}/metrics`)).text();
    expect(await metrics()).toContain(`vault_broker_sessions ${IDENTITIES * SESSIONS}\n`);
    const grown = residentMib(pid) - before;
    console.log(`${IDENTITIES * SESSIONS} sessions: ${grown.toFixed(0)} MiB`);
    expect(grown).toBeLessThan(1024);
    // A connection in each of every tenth, answered by its proxy.
    for (const { client, session } of opened.filter((_one, index) => index % 10 === 0)) {
      const socket = await client.connect(session, { kind: "listener" });
      const answer = new Promise<string>((resolve) => socket.once("data", (chunk: Buffer) => { resolve(chunk.toString("latin1")); }));
      socket.write(`CONNECT ${stage.bound} HTTP/1.1\r\nHost: ${stage.bound}\r\n\r\n`);
      expect(await answer).toContain("407");
      socket.destroy();
    }
    for (const { client, session } of opened) expect((await client.ask("DELETE", `/v1/sessions/${session}`, Buffer.from('{"kind":"exited","status":0}'))).status).toBe(200);
    expect(await metrics()).toContain("vault_broker_sessions 0\n");
    stage.owner.vault(["audit", "--verify"]);
  } finally {
    await stage.close();
  }
}, 600_000);

// Two hundred connections at once, some of them to servers that are dead or never answer: the others must not feel it.
import { Agent, request } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo, Server } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { canWeigh, descriptorCount } from "../support/process-weight.ts";
import { openConnect, openSecure } from "../support/proxy-child.ts";
import { openProxied, readText } from "../support/proxied-request.ts";
import { createServer as createTcpServer } from "../support/raw-sockets.ts";
import type { RunningVault } from "../support/running-vault.ts";
import { openRunningVault } from "../support/running-vault.ts";
import { makeSelfSigned } from "../support/self-signed.ts";

const VALUE = "sk-live-Zx81~qT/7+hN3vWc0pLr";
const CONNECTIONS = 200;
const ROUNDS = 5;
/** To each kind of bad server. */
const BAD_CONNECTIONS = 30;
/** A file that is opened with the first entry. */
const AUDIT_SEGMENT = 1;

const { certificate, key } = makeSelfSigned("localhost");
/** Says what it was asked, and with which credential. */
const good = createServer({ key, cert: certificate }, (asked, response) => {
  const chunks: Buffer[] = [];
  asked.on("data", (chunk: Buffer) => chunks.push(chunk)).on("end", () => {
    const isAdmitted = asked.headers.authorization === `Bearer ${VALUE}`;
    response.writeHead(isAdmitted ? 200 : 401).end(`${asked.method ?? ""} ${asked.url ?? ""} ${Buffer.concat(chunks).toString("latin1")} ${asked.headers.authorization ?? ""}`);
  });
});
let unanswered = 0;
/** Takes every request and answers none. */
const silent = createServer({ key, cert: certificate }, () => {
  unanswered += 1;
});
/** Takes connections and does not even speak TLS. */
const mute = createTcpServer(() => undefined);
/** Ends each connection at once. */
const rude = createTcpServer((socket) => socket.destroy());
let vault: RunningVault;
/** Before any traffic. */
let descriptors = 0;
const hosts = { good: "", silent: "", mute: "", rude: "", closed: "" };

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `localhost:${(server.address() as AddressInfo).port}`;
}

beforeAll(async () => {
  const closed = createTcpServer();
  Object.assign(hosts, { good: await listen(good), silent: await listen(silent), mute: await listen(mute), rude: await listen(rude), closed: await listen(closed) });
  await new Promise((resolve) => closed.close(resolve));
  vault = await openRunningVault({ value: VALUE, hosts: Object.values(hosts), places: "header", upstreamCertificate: certificate });
  if (canWeigh) descriptors = descriptorCount(vault.pid);
});

afterAll(async () => {
  await vault.close();
  for (const server of [good, silent]) server.closeAllConnections();
  for (const server of [good, silent, mute, rude]) server.close();
});

/** Several requests, one after the other, on one connection that is kept. */
async function converse(name: number): Promise<void> {
  const secure = await openSecure(vault, hosts.good);
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  agent.createConnection = () => secure;
  try {
    for (let round = 0; round < ROUNDS; round += 1) {
      const body = round % 2 === 0 ? "" : `body ${name} ${round}`;
      const [status, text] = await new Promise<readonly [number | undefined, string]>((resolve, reject) => {
        const outgoing = request({ agent, host: "localhost", method: body === "" ? "GET" : "POST", path: `/${name}/${round}`, headers: { host: hosts.good, authorization: `Bearer ${vault.placeholder}` } }, (response) => {
          readText(response).then((read) => { resolve([response.statusCode, read]); }, reject);
        });
        outgoing.on("error", reject).end(body);
      });
      expect([status, text]).toEqual([200, `${body === "" ? "GET" : "POST"} /${name}/${round} ${body} Bearer ${vault.placeholder}`]);
    }
  } finally {
    agent.destroy();
  }
}

describe("many connections at once", () => {
  it("each of 200 gets its own answers, several of them", async () => {
    await Promise.all(Array.from({ length: CONNECTIONS }, (_, name) => converse(name)));
  }, 60_000);

  it("dead and silent servers hold nobody else up, and leave nothing behind", async () => {
    const hanging = await Promise.all([...Array.from({ length: BAD_CONNECTIONS }, () => hosts.silent), ...Array.from({ length: BAD_CONNECTIONS }, () => hosts.mute)].map((host) => openProxied(vault, host, { headers: { authorization: `Bearer ${vault.placeholder}` } })));
    let answered = 0;
    for (const { outgoing, answer } of hanging) {
      answer.then(() => (answered += 1), () => undefined);
      outgoing.end();
    }
    const tunnels = await Promise.all(Array.from({ length: BAD_CONNECTIONS }, () => openConnect(vault, hosts.mute.replace("localhost", "127.0.0.1"))));
    await expect.poll(() => unanswered).toBe(BAD_CONNECTIONS);
    const refused = Promise.all([hosts.closed, hosts.rude].flatMap((host) => Array.from({ length: BAD_CONNECTIONS }, async () => {
      const { outgoing, answer } = await openProxied(vault, host, { headers: { authorization: `Bearer ${vault.placeholder}` } });
      outgoing.end();
      return (await answer).headers["x-vault-refusal"];
    })));
    await Promise.all(Array.from({ length: 50 }, (_, name) => converse(name)));
    expect(new Set(await refused)).toEqual(new Set(["upstream-unreachable"]));
    expect(answered).toBe(0);
    for (const { socket } of hanging) socket.destroy();
    for (const { socket } of tunnels) socket.destroy();
    // Connections to the mute server are still being made, until their time is up; those to the good one end some seconds after their last request.
    if (canWeigh) await expect.poll(() => descriptorCount(vault.pid), { timeout: 20_000 }).toBeLessThanOrEqual(descriptors + AUDIT_SEGMENT + BAD_CONNECTIONS);
  }, 60_000);
});

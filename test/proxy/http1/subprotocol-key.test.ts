// A key among a WebSocket's subprotocols, where browsers have no other place for one: Deepgram's `token, KEY`, OpenAI's `openai-insecure-api-key.KEY`. A client ends
// the connection unless the server takes one of those that it has offered, so where the key comes back, the placeholder has to stand in its place.
import type { IncomingMessage } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import type { Grant } from "../../../src/proxy/grants/grant.ts";
import { makeRegistry } from "../../../src/services/registry.ts";
import { ask, openSecure } from "../../support/proxy-child.ts";
import type { TestRun } from "../../support/proxy-run.ts";
import { makeGrant, openTestRun } from "../../support/proxy-run.ts";
import { makeTestCa } from "../../support/test-ca.ts";

const VALUE = "key-of-0123456789-that-is-real";
const ca = makeTestCa();
const https = createServer(ca.identityFor("api.example.test"), (_request, response) => response.end("no socket"));
let offered: readonly string[];
/** Which of those that were offered the server takes. */
let choose: (offered: readonly string[]) => string | false;
const server = new WebSocketServer({
  server: https,
  handleProtocols: (protocols) => {
    offered = [...protocols];
    return choose(offered);
  },
});
let host: string;
let run: TestRun;
let grants: Record<"deepgram" | "openai" | "unpinned" | "spaced", Grant>;

beforeAll(async () => {
  server.on("connection", (socket) => {
    socket.on("message", (data) => { socket.send(data); });
  });
  await new Promise<void>((resolve) => https.listen(0, "127.0.0.1", resolve));
  host = `api.example.test:${(https.address() as AddressInfo).port}`;
  const pinTo = (id: string): NonNullable<Grant["pin"]> => {
    const spots = makeRegistry().services.find((service) => service.id === id)?.credentials ?? [];
    return { service: id, sharesHostsWith: [], spots };
  };
  grants = {
    deepgram: makeGrant("DEEPGRAM_API_KEY", [host], { value: VALUE, pin: pinTo("deepgram") }),
    openai: makeGrant("OPENAI_API_KEY", [host], { value: `${VALUE}-2`, pin: pinTo("openai") }),
    unpinned: makeGrant("OTHER_KEY", [host], { value: `${VALUE}-3`, places: ["header", "header:sec-websocket-protocol"] }),
    spaced: makeGrant("SPACED_KEY", [host], { value: "two, of them", pin: pinTo("deepgram") }),
  };
  run = await openTestRun(Object.values(grants), { roots: [ca.certificate] });
});

beforeEach(() => {
  offered = [];
  choose = (all) => all[0] ?? false;
});

afterAll(async () => {
  await run.proxy.close();
  server.close();
  https.closeAllConnections();
  https.close();
});

/** A client that is connected, and has had an echo. */
async function open(protocols: readonly string[]): Promise<WebSocket> {
  const secure = await openSecure(run.proxy, host);
  const client = new WebSocket(`wss://${host}/`, [...protocols], { createConnection: (): Duplex => secure });
  await new Promise<void>((resolve, reject) => {
    client.once("open", resolve).once("error", reject);
  });
  const heard = new Promise<string>((resolve) => {
    client.once("message", (data: Buffer) => { resolve(data.toString()); });
  });
  client.send("hello");
  expect(await heard).toBe("hello");
  return client;
}

describe("a service that reads its key there gets it", () => {
  it("as the one behind `token`, and the client is told which was taken", async () => {
    const client = await open(["token", grants.deepgram.placeholder]);
    expect(offered).toEqual(["token", VALUE]);
    expect(client.protocol).toBe("token");
    client.terminate();
  });

  it("within one of several, as OpenAI's clients in browsers send it", async () => {
    const client = await open(["realtime", `openai-insecure-api-key.${grants.openai.placeholder}`, "openai-beta.realtime-v1"]);
    expect(offered).toEqual(["realtime", `openai-insecure-api-key.${VALUE}-2`, "openai-beta.realtime-v1"]);
    expect(client.protocol).toBe("realtime");
    client.terminate();
  });

  it.each([
    ["the key itself", (): readonly string[] => ["token", grants.deepgram.placeholder], VALUE],
    ["the one with the key in it", (): readonly string[] => [`openai-insecure-api-key.${grants.openai.placeholder}`, "realtime"], `openai-insecure-api-key.${VALUE}-2`],
  ])("and where the server takes %s, the client hears what it has offered", async (_which, protocols, taken) => {
    choose = (all) => all.find((one) => one === taken) ?? false;
    const client = await open(protocols());
    expect(protocols()).toContain(client.protocol);
    expect(client.protocol).not.toContain(VALUE);
    expect(run.events.at(-1)).toMatchObject({ kind: "scrubbed" });
    client.terminate();
  });

  it("with a space behind the comma, as browsers write the list", async () => {
    const secure = await openSecure(run.proxy, host);
    const client = new WebSocket(`wss://${host}/`, { createConnection: (): Duplex => secure, headers: { "Sec-WebSocket-Protocol": `token, ${grants.deepgram.placeholder}` } });
    const answer = await new Promise<IncomingMessage>((resolve) => client.once("upgrade", resolve).once("error", () => undefined));
    expect([offered, answer.headers["sec-websocket-protocol"]]).toEqual([["token", VALUE], "token"]);
    client.terminate();
  });
});

describe("there is no value", () => {
  const handshake = (...headers: readonly string[]): string => ["GET / HTTP/1.1", `Host: ${host}`, "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", ...headers, "", ""].join("\r\n");

  it.each([
    ["behind another word", () => `bearer, ${grants.deepgram.placeholder}`],
    ["in a part of one", () => `token, x${grants.deepgram.placeholder}`],
    ["behind another beginning", () => `realtime, key.${grants.openai.placeholder}`],
    ["before something that is put behind it", () => `realtime, openai-insecure-api-key.${grants.openai.placeholder}.evil`],
  ])("%s: it is refused", async (_where, protocols) => {
    const reply = await ask(run.proxy, host, handshake(`Sec-WebSocket-Protocol: ${protocols()}`));
    expect([reply.status, reply.headers["x-vault-refusal"], offered]).toEqual([403, "place", []]);
  });

  it("that would be more than one of them", async () => {
    const reply = await ask(run.proxy, host, handshake(`Sec-WebSocket-Protocol: token, ${grants.spaced.placeholder}`));
    expect([reply.status, reply.headers["x-vault-refusal"], offered]).toEqual([403, "unusable-value", []]);
  });

  it("of a secret whose service does not say so, whoever has named the header", async () => {
    const client = await open(["chat", grants.unpinned.placeholder]);
    expect(offered).toEqual(["chat", grants.unpinned.placeholder]);
    client.terminate();
  });
});

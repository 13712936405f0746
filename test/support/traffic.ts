// What programs do through a run's proxy, good and hostile. Each act ends by itself, and fails where a good request is not answered right.
import { once } from "node:events";
import { Agent, request as startRequest } from "node:http";
import type { IncomingMessage, OutgoingHttpHeaders } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { WebSocket } from "ws";
import { MIB, readBulk, writeBulk } from "./bulk-body.ts";
import type { MixedServer } from "./mixed-server.ts";
import { LARGE_BYTES } from "./mixed-server.ts";
import { openProxied, readText } from "./proxied-request.ts";
import { openConnect, openSecure, proxyAuthorization } from "./proxy-child.ts";
import { connect } from "./raw-sockets.ts";
import type { RunningVault } from "./running-vault.ts";

export interface World {
  readonly vault: RunningVault;
  readonly server: MixedServer;
}

export type Act = (world: World) => Promise<void>;

const bearer = ({ vault }: World): OutgoingHttpHeaders => ({ authorization: `Bearer ${vault.placeholder}` });

function same(actual: unknown, expected: unknown): void {
  if (actual !== expected) throw new Error(`got ${JSON.stringify(actual)} instead of ${JSON.stringify(expected)}`);
}

async function ask(world: World, method: string, path: string, headers: OutgoingHttpHeaders = bearer(world), body = ""): Promise<readonly [IncomingMessage, string]> {
  const { outgoing, answer, socket } = await openProxied(world.vault, world.server.host, { method, path, headers });
  outgoing.end(body);
  const response = await answer;
  const text = await readText(response);
  socket.destroy();
  return [response, text];
}

export const goodActs: Readonly<Record<string, Act>> = {
  async get(world) {
    same((await ask(world, "GET", "/a"))[1], `GET /a 0 Bearer ${world.vault.placeholder}`);
  },
  async post(world) {
    same((await ask(world, "POST", "/b", { ...bearer(world), "content-type": "application/json" }, '{"a":1}'))[1], `POST /b 7 Bearer ${world.vault.placeholder}`);
  },
  async basic(world) {
    const [{ statusCode }] = await ask(world, "GET", "/c", { authorization: `Basic ${Buffer.from(`me:${world.vault.placeholder}`).toString("base64")}` });
    same(statusCode, 200);
  },
  async head(world) {
    const [{ statusCode }, text] = await ask(world, "HEAD", "/large");
    same(`${statusCode ?? 0} ${text}`, "200 ");
  },
  async redirect(world) {
    same((await ask(world, "GET", "/redirect"))[0].headers.location, `/api?key=${world.vault.placeholder}`);
  },
  async reflectedInGzip(world) {
    same((await ask(world, "GET", "/gzip"))[1], `before ${world.vault.placeholder} after`);
  },
  async download(world) {
    const { outgoing, answer, socket } = await openProxied(world.vault, world.server.host, { path: "/large", headers: bearer(world) });
    outgoing.end();
    const { bytes, isExact } = await readBulk(await answer);
    same(`${bytes} ${String(isExact)}`, `${LARGE_BYTES} true`);
    socket.destroy();
  },
  async upload(world) {
    const { outgoing, answer, socket } = await openProxied(world.vault, world.server.host, { method: "PUT", path: "/d", headers: bearer(world) });
    await writeBulk(outgoing, MIB);
    outgoing.end();
    same(await readText(await answer), `PUT /d ${MIB} Bearer ${world.vault.placeholder}`);
    socket.destroy();
  },
  async keptAlive(world) {
    const secure = await openSecure(world.vault, world.server.host);
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    agent.createConnection = () => secure;
    for (let round = 0; round < 10; round += 1) {
      const outgoing = startRequest({ agent, path: `/e/${round}`, headers: { host: world.server.host, ...bearer(world) } });
      const answered = once(outgoing, "response") as Promise<[IncomingMessage]>;
      outgoing.end();
      same(await readText((await answered)[0]), `GET /e/${round} 0 Bearer ${world.vault.placeholder}`);
    }
    agent.destroy();
  },
  async webSocket(world) {
    const socket = await openWebSocket(world);
    for (const text of ["one", "two".repeat(10_000)]) {
      socket.send(text);
      const [data] = (await once(socket, "message")) as [Buffer];
      same(data.toString(), text);
    }
    socket.close();
    await once(socket, "close");
  },
  async blindTunnel({ vault, server }) {
    const { socket } = await openConnect(vault, server.echo);
    socket.removeAllListeners("data").end("there and back");
    let text = "";
    for await (const chunk of socket) text += String(chunk);
    same(text, "there and back");
  },
  async plainHttp({ vault, server }) {
    const outgoing = startRequest({ host: "127.0.0.1", port: vault.port, path: `http://${server.plain}/`, headers: { host: server.plain, "proxy-authorization": proxyAuthorization(vault) }, agent: false });
    const answered = once(outgoing, "response") as Promise<[IncomingMessage]>;
    outgoing.end();
    same(await readText((await answered)[0]), "in the clear");
  },
};

export const hostileActs: Readonly<Record<string, Act>> = {
  async abortedUpload(world) {
    const { outgoing, socket } = await openProxied(world.vault, world.server.host, { method: "PUT", path: "/", headers: { ...bearer(world), "content-length": 10 * MIB } });
    await writeBulk(outgoing, MIB / 2);
    socket.destroy();
  },
  async abortedDownload(world) {
    const { outgoing, answer, socket } = await openProxied(world.vault, world.server.host, { path: "/large", headers: bearer(world) });
    outgoing.end();
    await once(await answer, "data");
    socket.destroy();
  },
  async halfOpen({ vault }) {
    const socket = connect({ port: vault.port, host: "127.0.0.1", allowHalfOpen: true }).on("error", () => undefined);
    socket.write("CONNECT localhost:443 HT");
    await sleep(300);
    socket.destroy();
  },
  async silentBehindConnect({ vault, server }) {
    const { socket } = await openConnect(vault, server.host);
    await sleep(300);
    socket.destroy();
  },
  async halfHead(world) {
    const secure = await openSecure(world.vault, world.server.host);
    secure.write("GET / HTTP/1.1\r\nHost: ");
    await sleep(100);
    secure.destroy();
  },
  async noTls({ vault, server }) {
    const { socket } = await openConnect(vault, server.host);
    socket.write("this is no greeting\r\n\r\n");
    await closed(socket);
  },
  async otherGreeting({ vault, server }) {
    await openSecure(vault, server.host, "evil.example").then((secure) => secure.destroy(), () => undefined);
  },
  async malformed(world) {
    const secure = await openSecure(world.vault, world.server.host);
    secure.write(`GET / HTTP/1.1\r\nHost: ${world.server.host}\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /smuggled`);
    await closed(secure.resume());
  },
  async malformedConnect({ vault }) {
    const { socket } = await openConnect(vault, "h:443@evil:443");
    socket.destroy();
  },
  async wrongToken({ vault, server }) {
    const { socket, head } = await openConnect(vault, server.host, "Basic d3Jvbmc6d3Jvbmc=");
    same(head.slice(9, 12), "407");
    socket.destroy();
  },
  async unknownHost({ vault }) {
    const { socket } = await openConnect(vault, "127.0.0.1:1");
    socket.destroy();
  },
  async secretInTheClear({ vault, server }) {
    const outgoing = startRequest({ host: "127.0.0.1", port: vault.port, path: `http://${server.plain}/`, headers: { host: server.plain, "x-api-key": vault.placeholder, "proxy-authorization": proxyAuthorization(vault) }, agent: false });
    const answered = once(outgoing, "response") as Promise<[IncomingMessage]>;
    outgoing.end();
    const [response] = await answered;
    same(response.headers["x-vault-refusal"], "plain-http");
    response.resume();
    await once(response, "end");
  },
  async brokenServer(world) {
    const { outgoing, answer, socket } = await openProxied(world.vault, world.server.broken, { headers: bearer(world) });
    outgoing.end();
    const response = await answer;
    same(response.headers["x-vault-refusal"], "upstream-answer");
    await readText(response);
    socket.destroy();
  },
  async droppedWebSocket(world) {
    const socket = await openWebSocket(world);
    socket.send("x".repeat(100_000));
    socket.terminate();
  },
  async droppedTunnel({ vault, server }) {
    const { socket } = await openConnect(vault, server.echo);
    socket.write("x".repeat(100_000));
    socket.destroy();
  },
};

async function openWebSocket(world: World): Promise<WebSocket> {
  const secure = await openSecure(world.vault, world.server.host);
  const socket = new WebSocket(`ws://${world.server.host}/`, { createConnection: () => secure, headers: { authorization: `Bearer ${world.vault.placeholder}` } });
  socket.on("error", () => undefined);
  await once(socket, "open");
  return socket;
}

async function closed(socket: NodeJS.EventEmitter & { readonly destroyed: boolean }): Promise<void> {
  if (!socket.destroyed) await once(socket, "close");
}

import { spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { RawData } from "ws";
import { WebSocket, WebSocketServer } from "ws";
import type { Grant } from "../../../src/proxy/grants/grant.ts";
import type { RequestHead } from "../../../src/proxy/http1/request-head.ts";
import { findHandshakeKey, findSwitchHead } from "../../../src/proxy/http1/websocket.ts";
import { ask, collect, openSecure, parseReply, proxyAuthorization } from "../../support/proxy-child.ts";
import type { TestRun } from "../../support/proxy-run.ts";
import { makeGrant, openTestRun, VALUE } from "../../support/proxy-run.ts";
import type { RawServer } from "../../support/raw-server.ts";
import { openRawServer, plainAnswer } from "../../support/raw-server.ts";
import { makeTestCa } from "../../support/test-ca.ts";

const KEY = "dGhlIHNhbXBsZSBub25jZQ==";
const ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

let caCertificate: string;
let run: TestRun;
let grants: Record<"key" | "headerOnly" | "elsewhere", Grant>;
/** A server that speaks WebSocket, and one that answers what it is told to. */
let echo: { readonly host: string; readonly handshakes: IncomingMessage[]; readonly server: WebSocketServer; close(): void };
let raw: RawServer;
let rawHost: string;
let onHandshake: (request: string, socket: Socket) => string | undefined;

beforeAll(async () => {
  const ca = makeTestCa();
  caCertificate = ca.certificate;
  const https = createServer(ca.identityFor("api.example.test"));
  const server = new WebSocketServer({ server: https, perMessageDeflate: true });
  const handshakes: IncomingMessage[] = [];
  server.on("headers", (headers, request) => {
    handshakes.push(request);
    headers.push(`X-You-Sent: ${request.headers.authorization ?? ""}${request.url ?? ""}`);
  });
  server.on("connection", (socket) => {
    socket.on("message", (data, isBinary) => {
      socket.send(data, { binary: isBinary });
    });
  });
  await new Promise<void>((resolve) => https.listen(0, "127.0.0.1", resolve));
  echo = {
    host: `api.example.test:${(https.address() as AddressInfo).port}`,
    handshakes,
    server,
    close: () => {
      server.close();
      https.closeAllConnections();
      https.close();
    },
  };
  raw = await openRawServer(ca.identityFor("api.example.test"), (request, socket) => onHandshake(request, socket));
  rawHost = `api.example.test:${raw.port}`;
  grants = {
    key: makeGrant("API_KEY", [echo.host, rawHost], { places: ["header", "query"] }),
    headerOnly: makeGrant("HEADER_ONLY", [echo.host, rawHost], { value: "in-headers-only" }),
    elsewhere: makeGrant("ELSEWHERE", ["other.example.test"], { value: "for-another-host" }),
  };
  run = await openTestRun(Object.values(grants), { roots: [ca.certificate] });
});

beforeEach(() => {
  onHandshake = () => switchTo();
});

afterAll(async () => {
  await run.proxy.close();
  echo.close();
  await raw.close();
});

const handshake = (...headers: readonly string[]): string =>
  ["GET /socket HTTP/1.1", `Host: ${rawHost}`, "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", `Sec-WebSocket-Key: ${KEY}`, ...headers, "", ""].join("\r\n");
const switchTo = (...headers: readonly string[]): string => ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade", `Sec-WebSocket-Accept: ${ACCEPT}`, ...headers, "", ""].join("\r\n");
const once = <T>(target: { once(event: string, listener: (argument: T) => void): unknown }, event: string): Promise<T> => new Promise((resolve) => target.once(event, resolve));
const echoed = (client: WebSocket): Promise<Buffer> => once<RawData>(client, "message").then((data) => (Buffer.isBuffer(data) ? data : Buffer.alloc(0)));

/** `ws` over an intercepted connection. */
async function openClient(target: string, headers: Record<string, string>): Promise<{ client: WebSocket; answer: IncomingMessage }> {
  const secure = await openSecure(run.proxy, echo.host);
  const client = new WebSocket(`wss://${echo.host}${target}`, { headers, createConnection: (): Duplex => secure });
  const [answer] = await Promise.all([once<IncomingMessage>(client, "upgrade"), once(client, "open")]);
  return { client, answer };
}

describe("a WebSocket through a bound host", () => {
  it("gets the value in its handshake, and the answer's head is scrubbed", async () => {
    const { client, answer } = await openClient(`/socket?key=${grants.key.placeholder}`, { Authorization: `Bearer ${grants.headerOnly.placeholder}` });
    const sent = echo.handshakes.at(-1);
    expect(sent?.headers.authorization).toBe("Bearer in-headers-only");
    expect(new URL(sent?.url ?? "", "https://x").searchParams.get("key")).toBe(VALUE);
    expect(answer.headers["x-you-sent"]).toBe(`Bearer ${grants.headerOnly.placeholder}/socket?key=${grants.key.placeholder}`);
    expect(answer.headers["sec-websocket-extensions"]).toContain("permessage-deflate");
    client.close(1000, "done");
    expect(await once(client, "close")).toBe(1000);
    expect(run.events.slice(-2)).toMatchObject([
      { kind: "substituted", secrets: ["API_KEY", "HEADER_ONLY"] },
      { kind: "scrubbed", secrets: ["HEADER_ONLY", "API_KEY"] },
    ]);
    expect(JSON.stringify(run.events)).not.toContain("/socket");
  });

  it("passes frames untouched both ways, text, binary and large, a placeholder among them", async () => {
    const { client } = await openClient("/", { "X-Api-Key": grants.key.placeholder });
    for (const message of [Buffer.from(`a ${grants.key.placeholder}`), randomBytes(3), randomBytes(5_000_000), Buffer.from(VALUE)]) {
      client.send(message);
      expect((await echoed(client)).equals(message)).toBe(true);
    }
    client.terminate();
  });

  it("waits for a slow reader instead of growing", async () => {
    const arrived = once<WebSocket>(echo.server, "connection");
    const { client } = await openClient("/", {});
    const server = await arrived;
    client.pause();
    const chunk = randomBytes(1_000_000);
    for (let index = 0; index < 60; index += 1) server.send(chunk, { compress: false });
    await new Promise((resolve) => setTimeout(resolve, 300));
    // What is sent waits in the server, not in the proxy between them.
    expect(server.bufferedAmount).toBeGreaterThan(40_000_000);
    let received = 0;
    client.on("message", (data: Buffer) => (received += data.length));
    client.resume();
    while (received < 60_000_000) await new Promise((resolve) => setTimeout(resolve, 10));
    client.terminate();
  });

  it("ends when either side does, in order or not", async () => {
    for (const end of [(client: WebSocket) => { client.close(); }, (client: WebSocket) => { client.terminate(); }, (_client: WebSocket, server: WebSocket) => { server.close(); }, (_client: WebSocket, server: WebSocket) => { server.terminate(); }]) {
      const arrived = once<WebSocket>(echo.server, "connection");
      const { client } = await openClient("/", {});
      const server = await arrived;
      const closed = Promise.all([once(client, "close"), once(server, "close")]);
      end(client, server);
      await closed;
    }
  });

  it("still hears the child after the server has ended its half", async () => {
    onHandshake = (_request, socket) => {
      socket.allowHalfOpen = true;
      socket.end(Buffer.from(`${switchTo()}first frame`, "latin1"));
      return undefined;
    };
    const secure = await openSecure(run.proxy, rawHost);
    secure.allowHalfOpen = true;
    const ended = once(secure, "end");
    const answer = collect(secure);
    secure.write(handshake(`X-Api-Key: ${grants.key.placeholder}`));
    expect(await answer.read()).toMatch(/^HTTP\/1\.1 101 [^]*\r\n\r\nfirst frame$/);
    await ended;
    secure.end("last words");
    while (!raw.received().endsWith("last words")) await new Promise((resolve) => setTimeout(resolve, 5));
  });

  it("takes frames that come with the handshake, on either side", async () => {
    onHandshake = () => `${switchTo()}server's first`;
    const secure = await openSecure(run.proxy, rawHost);
    const answer = collect(secure);
    secure.write(`${handshake()}child's first`);
    expect(await answer.read((text) => text.endsWith("server's first"))).toContain(`Sec-WebSocket-Accept: ${ACCEPT}\r\n`);
    while (!raw.received().endsWith("child's first")) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(raw.received()).toMatch(/\r\nupgrade: websocket\r\n/i);
    secure.destroy();
  });

  it("may follow an ordinary request on its connection", async () => {
    onHandshake = (request) => (request.includes("Upgrade") || request.includes("upgrade: ") ? switchTo() : plainAnswer("before"));
    const secure = await openSecure(run.proxy, rawHost);
    const answers = collect(secure);
    secure.write(`GET / HTTP/1.1\r\nHost: ${rawHost}\r\n\r\n`);
    await answers.read((text) => text.endsWith("before"));
    secure.write(handshake(`X-Api-Key: ${grants.key.placeholder}`));
    expect(await answers.read((text) => text.includes(ACCEPT) && text.endsWith("\r\n\r\n"))).toContain("HTTP/1.1 101 ");
    secure.destroy();
  });

  it("ends with the run", async () => {
    const other = await openTestRun([grants.key], { roots: [caCertificate] });
    const arrived = once<WebSocket>(echo.server, "connection");
    const secure = await openSecure(other.proxy, echo.host);
    const client = new WebSocket(`wss://${echo.host}/`, { createConnection: (): Duplex => secure });
    const closed = Promise.all([once(client, "close"), arrived.then((server) => once(server, "close"))]);
    await once(client, "open");
    await other.proxy.close();
    await closed;
  });

  it("is spoken by a client written by hand in Python", async () => {
    const folder = mkdtempSync(join(tmpdir(), "vault-websocket-"));
    try {
      writeFileSync(join(folder, "ca.pem"), run.proxy.caCertificate);
      const script = fileURLToPath(new URL("../../support/raw-websocket.py", import.meta.url));
      const child = spawn("python3", [script, String(run.proxy.port), proxyAuthorization(run.proxy), echo.host, `/?key=${grants.key.placeholder}`, `X-Api-Key: ${grants.headerOnly.placeholder}`, join(folder, "ca.pem")]);
      let output = "";
      child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
      child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()));
      await once(child, "close");
      expect(output).toBe("hello from python\nend b''\n");
      expect(echo.handshakes.at(-1)?.headers["x-api-key"]).toBe("in-headers-only");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe("a handshake is refused", () => {
  it.each([
    ["to another secret's host", () => handshake(`Authorization: Bearer ${grants.elsewhere.placeholder}`), 403, "host"],
    ["with a placeholder twice", () => handshake(`Cookie: a=${grants.key.placeholder}; b=${grants.key.placeholder}`), 400, "repeated"],
    ["for h2c", () => handshake().replace("websocket", "h2c"), 501, "upgrade"],
    ["for several protocols", () => handshake().replace("websocket", "websocket, h2c"), 501, "upgrade"],
    ["without its key", () => handshake().replace(/Sec-WebSocket-Key.*\r\n/, ""), 501, "upgrade"],
    ["with a body", () => handshake("Content-Length: 2"), 501, "upgrade"],
    ["by POST", () => handshake().replace("GET", "POST"), 501, "upgrade"],
    ["without Connection: Upgrade", () => handshake().replace("Connection: Upgrade\r\n", ""), 501, "upgrade"],
    ["with two Hosts", () => handshake("Host: other.example.test"), 400, "bad-request"],
    ["for another Host", () => handshake().replace(`Host: ${rawHost}`, "Host: other.example.test"), 421, "misdirected"],
  ])("%s", async (_what, text, status, code) => {
    const before = raw.received().length;
    const reply = await ask(run.proxy, rawHost, text());
    expect([reply.status, reply.headers["x-vault-refusal"], raw.received().length]).toEqual([status, code, before]);
  });
});

describe("a server's answer to a handshake", () => {
  it.each([
    ["a wrong accept", () => switchTo().replace(ACCEPT, `${ACCEPT.slice(0, -2)}a=`)],
    ["no accept", () => switchTo().replace(/Sec-WebSocket-Accept.*\r\n/, "")],
    ["another protocol", () => switchTo().replace("Upgrade: websocket", "Upgrade: h2c")],
    ["a 101 without Upgrade", () => switchTo().replace("Upgrade: websocket\r\n", "")],
    ["two accepts", () => switchTo(`Sec-WebSocket-Accept: ${ACCEPT}`)],
  ])("is dropped with 502 when it is %s", async (_what, text) => {
    onHandshake = text;
    const reply = await ask(run.proxy, rawHost, handshake(`X-Api-Key: ${grants.key.placeholder}`));
    expect([reply.status, reply.headers["x-vault-refusal"]]).toEqual([502, "upstream-answer"]);
  });

  it("is an answer like any other when the server declines, scrubbed and whole", async () => {
    const body = `no ${VALUE} ${"x".repeat(2_000_000)}`;
    onHandshake = () => plainAnswer(body, `X-Echo: ${VALUE}`).replace("200 OK", "401 Unauthorized");
    const reply = await ask(run.proxy, rawHost, handshake(`X-Api-Key: ${grants.key.placeholder}`));
    expect(reply.status).toBe(401);
    expect(reply.headers["x-echo"]).toBe(grants.key.placeholder);
    expect(reply.headers["connection"]).toBe("close");
    expect(reply.body === body.replace(VALUE, grants.key.placeholder)).toBe(true);
  });

  it.each([["with Upgrade", () => switchTo()], ["without", () => "HTTP/1.1 101 Switching Protocols\r\n\r\n"]])("is 502 when nobody asked for a 101, %s", async (_how, text) => {
    onHandshake = text;
    const reply = await ask(run.proxy, rawHost, `GET / HTTP/1.1\r\nHost: ${rawHost}\r\n\r\n`);
    expect(reply.status).toBe(502);
  });

  it("that never comes keeps nothing waiting once the child has gone", async () => {
    const closed = new Promise((resolve) => {
      onHandshake = (_request, socket) => {
        socket.once("close", resolve);
        return undefined;
      };
    });
    const before = raw.received().length;
    const secure = await openSecure(run.proxy, rawHost);
    secure.write(handshake());
    while (raw.received().length === before) await new Promise((resolve) => setTimeout(resolve, 5));
    secure.destroy();
    await closed;
  });
});

describe("the rules of the handshake", () => {
  const head: RequestHead = { method: "GET", target: "/", headers: ["Sec-WebSocket-Key", KEY, "Sec-WebSocket-Version", "13"], host: "a.test", bodyBytes: undefined, upgrade: "websocket" };

  it("are those of RFC 6455, with its own example", () => {
    expect(findHandshakeKey(head)).toBe(KEY);
    expect(findHandshakeKey({ ...head, headers: ["Sec-WebSocket-Key", KEY, "Sec-WebSocket-Version", "8"] })).toBeUndefined();
    expect(findHandshakeKey({ ...head, headers: [...head.headers, "sec-websocket-key", KEY] })).toBeUndefined();
    expect(findHandshakeKey({ ...head, headers: ["Sec-WebSocket-Key", "short", "Sec-WebSocket-Version", "13"] })).toBeUndefined();
    const answer = ["UPGRADE", "WebSocket", "Connection", "keep-alive, Upgrade", "Sec-WebSocket-Accept", ACCEPT, "Sec-WebSocket-Protocol", "chat", "Content-Length", "3"];
    expect(findSwitchHead(answer, KEY)).toBe(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${ACCEPT}\r\nSec-WebSocket-Protocol: chat\r\n\r\n`);
    expect(createHash("sha1").update(`${KEY}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64")).toBe(ACCEPT);
    expect(parseReply(findSwitchHead(answer, KEY) ?? "").status).toBe(101);
    expect(findSwitchHead(answer, `${KEY.slice(0, -3)}g==`)).toBeUndefined();
  });
});

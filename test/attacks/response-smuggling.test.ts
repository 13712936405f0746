// A bound host is curious, or has been taken over: it answers so that two readers find the end of the answer at two places, or sends an answer that nobody asked
// for, and hopes that the proxy gives what is left over to the next request, of another program even. Such an answer is 502 or cut off, what follows it is
// given to nobody, and its connection is never used again.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AttackStage } from "../support/attack-stage.ts";
import { openStage } from "../support/attack-stage.ts";
import type { Reply } from "../support/proxy-child.ts";
import { ask, collect, openSecure, parseReply } from "../support/proxy-child.ts";
import { VALUE } from "../support/proxy-run.ts";
import type { Answer } from "../support/raw-server.ts";
import { plainAnswer } from "../support/raw-server.ts";

let stage: AttackStage;
let answer: Answer = () => undefined;
beforeAll(async () => {
  stage = await openStage({ answer: (request, socket) => answer(request, socket) });
});
afterAll(() => stage.close());

const EVIL = plainAnswer("EVIL");
const request = (method = "GET", ...headers: readonly string[]): string => [`${method} / HTTP/1.1`, `Host: ${stage.host}`, `Authorization: Bearer ${stage.grant.placeholder}`, ...headers, "", ""].join("\r\n");

/** What the child reads until its answer is whole or its connection ends. */
async function converse(bytes: string, asked: string): Promise<Reply> {
  answer = () => bytes;
  const secure = await openSecure(stage.run.proxy, stage.host);
  try {
    const collected = collect(secure);
    secure.write(asked);
    return parseReply(await collected.read((raw) => /^HTTP\/1\.1 502 [^]*\)\n$/.test(raw) || raw.endsWith("0\r\n\r\n") || (parseReply(raw).status > 0 && parseReply(raw).body.length >= Number(parseReply(raw).headers["content-length"] ?? "Infinity"))));
  } finally {
    secure.destroy();
  }
}

/** The next request has an answer of its own, on a connection of its own. */
async function expectUnharmed(connections: number): Promise<void> {
  answer = () => plainAnswer("good");
  expect((await ask(stage.run.proxy, stage.host, request())).body).toBe("good");
  expect(stage.server.connections()).toBe(connections + 1);
}

const status = (...lines: readonly string[]): string => ["HTTP/1.1 200 OK", ...lines, "", ""].join("\r\n");
const CHUNKED = "Transfer-Encoding: chunked";

describe("an answer is refused whole, and what follows it given to nobody, with", () => {
  it.each<[string, string]>([
    ["a length and chunks", `${status("Content-Length: 5", CHUNKED)}0\r\n\r\n`],
    ["chunks and a length", `${status(CHUNKED, "Content-Length: 5")}0\r\n\r\n`],
    ["two lengths", `${status("Content-Length: 5", "Content-Length: 6")}hello!`],
    ["the same length twice", `${status("Content-Length: 5", "Content-Length: 5")}hello`],
    ["a list of lengths", `${status("Content-Length: 5, 5")}hello`],
    ["a length with a sign", `${status("Content-Length: +5")}hello`],
    ["a length below nothing", `${status("Content-Length: -5")}hello`],
    ["a length in hex", `${status("Content-Length: 0x5")}hello`],
    ["a length with a gap", `${status("Content-Length: 1 0")}hello`],
    ["an empty length", `${status("Content-Length:")}hello`],
    ["a length beyond all numbers", `${status(`Content-Length: ${"9".repeat(30)}`)}hello`],
    ["chunks twice", `${status("Transfer-Encoding: chunked, chunked")}0\r\n\r\n`],
    ["chunks in two headers", `${status(CHUNKED, CHUNKED)}0\r\n\r\n`],
    ["chunks and something else", `${status("Transfer-Encoding: gzip, chunked")}0\r\n\r\n`],
    ["something else and chunks", `${status("Transfer-Encoding: chunked, identity")}0\r\n\r\n`],
    ["a coding that is none", `${status("Transfer-Encoding: xchunked")}0\r\n\r\n`],
    ["the identity as its coding", `${status("Transfer-Encoding: identity", "Content-Length: 5")}hello`],
    ["a space before a colon", `${status("Content-Length : 5")}hello`],
    ["a line that begins with a space", `${status("X: y", " Content-Length: 5")}hello`],
    ["a NUL in a header", `${status("X: a\0b", "Content-Length: 5")}hello`],
    ["a bare carriage return in a header", `${status("X: a\rContent-Length: 0", "Content-Length: 5")}hello`],
    ["a header without a colon", `${status("Content-Length 5")}hello`],
    ["a header without a name", `${status(": x", "Content-Length: 5")}hello`],
    ["a body where none may be", "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello"],
    ["chunks where no body may be", `HTTP/1.1 204 No Content\r\n${CHUNKED}\r\n\r\n5\r\nhello\r\n0\r\n\r\n`],
    ["another protocol's version", "HTTP/3.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"],
    ["a status of four digits", "HTTP/1.1 2000 OK\r\nContent-Length: 5\r\n\r\nhello"],
    ["a status of two digits", "HTTP/1.1 20 OK\r\nContent-Length: 5\r\n\r\nhello"],
    ["no HTTP at all", "SSH-2.0-OpenSSH_9.2\r\n"],
    ["garbage before it", `\x16\x03\x01${plainAnswer("hello")}`],
    ["a switch that nobody asked for", "HTTP/1.1 101 Switching Protocols\r\n\r\n"],
    ["a switch to WebSocket", "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"],
    ["a switch to HTTP/2", "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"],
  ])("%s", async (_name, text) => {
    const reply = await converse(text + EVIL, request());
    expect(reply.status).toBe(502);
    // The client library takes a switch that it knows, and did not ask for, for the end of the connection.
    expect(reply.headers["x-vault-refusal"]).toBe(/^HTTP[^]*\r\nUpgrade/.test(text) ? "upstream-unreachable" : "upstream-answer");
    expect(reply.raw).not.toContain("EVIL");
    await expectUnharmed(stage.server.connections());
  });
});

describe("an answer is cut off, and does not look whole, with", () => {
  it.each<[string, string]>([
    ["a chunk size in hex's notation", "0x5\r\nhello\r\n0\r\n\r\n"],
    ["a chunk size with a sign", "+5\r\nhello\r\n0\r\n\r\n"],
    ["a chunk size with a low line", "0_5\r\nhello\r\n0\r\n\r\n"],
    ["a chunk size below nothing", "-5\r\nhello\r\n0\r\n\r\n"],
    ["a chunk size beyond all numbers", "10000000000000005\r\nhello\r\n0\r\n\r\n"],
    ["a chunk size with a space before it", " 5\r\nhello\r\n0\r\n\r\n"],
    ["no chunk size", "\r\nhello\r\n0\r\n\r\n"],
    ["a chunk that is longer than it says", "3\r\nhello\r\n0\r\n\r\n"],
    ["a bare line feed after a chunk's size", "5\nhello\r\n0\r\n\r\n"],
    ["a bare line feed after a chunk", "5\r\nhello\n0\r\n\r\n"],
  ])("%s", async (_name, chunks) => {
    const reply = await converse(`${status(CHUNKED)}${chunks}${EVIL}`, request());
    expect([reply.raw.endsWith("0\r\n\r\n"), reply.raw.includes("EVIL")]).toEqual([false, false]);
    await expectUnharmed(stage.server.connections());
  });
});

describe("what follows a good answer is given to nobody:", () => {
  it.each<[string, string, string, string]>([
    ["a second answer", plainAnswer("fine"), "GET", "fine"],
    ["a second answer after chunks", `${status(CHUNKED)}4\r\nfine\r\n0\r\n\r\n`, "GET", "fine"],
    ["a body to HEAD", status("Content-Length: 4"), "HEAD", ""],
    ["a body to 304", "HTTP/1.1 304 Not Modified\r\nContent-Length: 4\r\n\r\n", "GET", ""],
    ["a body to 204", "HTTP/1.1 204 No Content\r\n\r\n", "GET", ""],
  ])("%s", async (_name, good, method, body) => {
    answer = () => good + EVIL;
    const reply = await ask(stage.run.proxy, stage.host, request(method));
    expect([reply.status < 400, reply.body]).toEqual([true, body]);
    await expectUnharmed(stage.server.connections());
  });

  it("an answer that comes before its question, on a connection that is kept", async () => {
    answer = (_request, socket) => {
      setTimeout(() => socket.write(EVIL), 20);
      return plainAnswer("fine");
    };
    expect((await ask(stage.run.proxy, stage.host, request())).body).toBe("fine");
    const connections = stage.server.connections();
    await new Promise((resolve) => setTimeout(resolve, 100));
    await expectUnharmed(connections);
  });
});

describe("an answer is passed on with", () => {
  it("interim answers before it, which stay here, values and all", async () => {
    answer = () => `HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: <${VALUE}>\r\n\r\n${plainAnswer("fine")}`;
    const reply = await ask(stage.run.proxy, stage.host, request());
    expect([reply.status, reply.body, reply.raw.includes("Link")]).toEqual([200, "fine", false]);
  });

  it("chunk extensions, capitals in its coding, and trailers", async () => {
    answer = () => `${status("transfer-encoding: Chunked")}4;a=b\r\nfine\r\n00\r\nX-Trailer: kept\r\n\r\n`;
    const connections = stage.server.connections();
    const reply = await ask(stage.run.proxy, stage.host, request());
    expect([reply.status, reply.body, reply.raw.includes("X-Trailer: kept")]).toEqual([200, "fine", true]);
    answer = () => plainAnswer("good");
    expect((await ask(stage.run.proxy, stage.host, request())).body).toBe("good");
    expect(stage.server.connections()).toBeLessThanOrEqual(connections + 1);
  });

  it("no length, up to the end of its connection", async () => {
    answer = (_request, socket) => {
      socket.end("HTTP/1.0 200 OK\r\n\r\nto the end");
      return undefined;
    };
    expect((await ask(stage.run.proxy, stage.host, request())).body).toBe("to the end");
  });
});

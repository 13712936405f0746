import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Grant } from "../../src/proxy/grant.ts";
import { ask, collect, openConnect, openSecure } from "../support/proxy-child.ts";
import type { TestRun } from "../support/proxy-run.ts";
import { makeGrant, openTestRun, VALUE } from "../support/proxy-run.ts";
import type { RawServer } from "../support/raw-server.ts";
import { openRawServer, plainAnswer } from "../support/raw-server.ts";
import { makeTestCa } from "../support/test-ca.ts";

let server: RawServer;
let run: TestRun;
let grant: Grant;
let host: string;

beforeAll(async () => {
  const ca = makeTestCa();
  server = await openRawServer(ca.identityFor("api.example.test"), () => plainAnswer("fine"));
  host = `api.example.test:${server.port}`;
  grant = makeGrant("API_KEY", [host]);
  run = await openTestRun([grant], { roots: [ca.certificate], headMs: 700, bodyIdleMs: 400 });
});

afterAll(async () => {
  await run.proxy.close();
  await server.close();
});

describe("a request that could mean two things", () => {
  it.each<[string, number, () => string]>([
    ["another Host: fronting", 421, () => "GET / HTTP/1.1\r\nHost: evil.example.test\r\n\r\n"],
    ["the Host's other port", 421, () => "GET / HTTP/1.1\r\nHost: api.example.test:1\r\n\r\n"],
    ["absolute-form for another host", 421, () => `GET https://evil.example.test/ HTTP/1.1\r\nHost: ${host}\r\n\r\n`],
    ["absolute-form for another scheme", 421, () => `GET http://${host}/ HTTP/1.1\r\nHost: ${host}\r\n\r\n`],
    ["two Hosts", 400, () => `GET / HTTP/1.1\r\nHost: ${host}\r\nHost: evil.example.test\r\n\r\n`],
    ["two equal Hosts", 400, () => `GET / HTTP/1.1\r\nHost: ${host}\r\nhost: ${host}\r\n\r\n`],
    ["no Host", 400, () => "GET / HTTP/1.1\r\n\r\n"],
    ["a Host with a space", 400, () => `GET / HTTP/1.1\r\nHost: ${host} x\r\n\r\n`],
    ["a Host with a user", 400, () => `GET / HTTP/1.1\r\nHost: x@${host}\r\n\r\n`],
    ["a Host with a path", 400, () => `GET / HTTP/1.1\r\nHost: ${host}/x\r\n\r\n`],
    ["a Host with an odd port", 400, () => `GET / HTTP/1.1\r\nHost: ${host.replace(":", ":0")}\r\n\r\n`],
    ["a fragment in the target", 400, () => `GET /a#b HTTP/1.1\r\nHost: ${host}\r\n\r\n`],
    ["Transfer-Encoding and Content-Length", 400, () => `POST / HTTP/1.1\r\nHost: ${host}\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n`],
    ["Content-Length and Transfer-Encoding", 400, () => `POST / HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
    ["two Content-Lengths", 400, () => `POST / HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello`],
    ["a signed Content-Length", 400, () => `POST / HTTP/1.1\r\nHost: ${host}\r\nContent-Length: +5\r\n\r\nhello`],
    ["a listed Content-Length", 400, () => `POST / HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 5,5\r\n\r\nhello`],
    ["an unknown coding", 400, () => `POST / HTTP/1.1\r\nHost: ${host}\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`],
    ["a doubled coding", 400, () => `POST / HTTP/1.1\r\nHost: ${host}\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
    ["a coding on HTTP/1.0", 400, () => `POST / HTTP/1.0\r\nHost: ${host}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
    ["a control byte before the coding", 400, () => `POST / HTTP/1.1\r\nHost: ${host}\r\nTransfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n`],
    ["a space before the colon", 400, () => `GET / HTTP/1.1\r\nHost : ${host}\r\n\r\n`],
    ["a folded header", 400, () => `GET / HTTP/1.1\r\nHost: ${host}\r\nX: a\r\n b\r\n\r\n`],
    ["a bare CR", 400, () => `GET / HTTP/1.1\r\nHost: ${host}\rX: y\r\n\r\n`],
    ["a bare LF", 400, () => `GET / HTTP/1.1\r\nHost: ${host}\nX: y\r\n\r\n`],
    ["a NUL", 400, () => `GET / HTTP/1.1\r\nHost: ${host}\r\nX: a\0b\r\n\r\n`],
    ["too many headers", 431, () => `GET / HTTP/1.1\r\nHost: ${host}\r\n${"X: y\r\n".repeat(201)}\r\n`],
    ["too large headers", 431, () => `GET / HTTP/1.1\r\nHost: ${host}\r\nX: ${"y".repeat(70_000)}\r\n\r\n`],
    ["Connection naming a credential", 400, () => `GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close, authorization\r\nAuthorization: Bearer ${grant.placeholder}\r\n\r\n`],
    ["Connection naming the Host", 400, () => `GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: host\r\n\r\n`],
    ["an underscore twin", 400, () => `GET / HTTP/1.1\r\nHost: ${host}\r\nX-Api-Key: ${grant.placeholder}\r\nX_Api_Key: mine\r\n\r\n`],
    ["an underscore twin of the framing", 400, () => `POST / HTTP/1.1\r\nHost: ${host}\r\nContent_Length: 5\r\nContent-Length: 0\r\n\r\n`],
    ["TRACE", 405, () => `TRACE / HTTP/1.1\r\nHost: ${host}\r\n\r\n`],
    ["h2c", 501, () => `GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n`],
    ["HTTP/2's preface", 400, () => "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
    ["HTTP/0.9", 400, () => "GET /\r\n\r\n"],
  ])("is refused: %s", async (_name, status, text) => {
    const before = server.received().length;
    const reply = await ask(run.proxy, host, text());
    expect(reply.status).toBe(status);
    expect(reply.headers["x-vault-refusal"]).toBeDefined();
    expect(reply.raw).not.toContain(grant.placeholder);
    expect(server.received().length).toBe(before);
    expect(run.events.at(-1)).toMatchObject({ kind: "refused", code: reply.headers["x-vault-refusal"] });
  });

  it.each([
    ["0x5", "0x5\r\nhello\r\n0\r\n\r\n"],
    ["+5", "+5\r\nhello\r\n0\r\n\r\n"],
    ["5_0", "5_0\r\nhello\r\n0\r\n\r\n"],
    ["17 digits", "10000000000000005\r\nhello\r\n0\r\n\r\n"],
    ["a long extension", `5;${"a".repeat(20_000)}\r\nhello\r\n0\r\n\r\n`],
  ])("is refused and closed: chunk size %s", async (_name, body) => {
    const secure = await openSecure(run.proxy, host);
    const answer = collect(secure);
    secure.write(`POST / HTTP/1.1\r\nHost: ${host}\r\nX-Api-Key: ${grant.placeholder}\r\nTransfer-Encoding: chunked\r\n\r\n${body}GET /second HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    const raw = await answer.read();
    expect(raw).toMatch(/^HTTP\/1\.1 400 /);
    expect(raw.match(/^HTTP\/1\.1 /gm)).toHaveLength(1);
    expect(server.received()).not.toContain("/second");
  });

  it("works when it can mean one thing only", async () => {
    const before = server.received().length;
    expect((await ask(run.proxy, host, `GET https://${host.toUpperCase()}/a?b HTTP/1.1\r\nHost: API.example.test.:${server.port}\r\nConnection: close, x-hop\r\nX-Hop: 1\r\n\r\n`)).status).toBe(200);
    const sent = server.received().slice(before);
    expect(sent).toMatch(new RegExp(`^GET /a\\?b HTTP/1.1\r\nhost: ${host}\r\n`));
    expect(sent).not.toContain("X-Hop");
    expect((await ask(run.proxy, host, `POST / HTTP/1.1\r\nHost: ${host}\r\nTransfer-Encoding: Chunked\r\n\r\n5;ext=1\r\nhello\r\n0\r\n\r\n`)).status).toBe(200);
    expect((await ask(run.proxy, host, `GET / HTTP/1.0\r\nHost: ${host}\r\nConnection: keep-alive\r\n\r\n`)).status).toBe(200);
  });
});

describe("a connection", () => {
  it("judges each pipelined request afresh, and answers in order", async () => {
    const before = server.received().length;
    const secure = await openSecure(run.proxy, host);
    const answer = collect(secure);
    secure.write(`GET /1 HTTP/1.1\r\nHost: ${host}\r\nX-Api-Key: ${grant.placeholder}\r\n\r\nGET /2 HTTP/1.1\r\nHost: evil.example.test\r\nX-Api-Key: ${grant.placeholder}\r\n\r\nGET /3 HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    const raw = await answer.read((text) => (text.match(/HTTP\/1\.1 /g) ?? []).length >= 3 && text.endsWith("fine"));
    secure.destroy();
    expect(raw.match(/HTTP\/1\.1 \d+/g)).toEqual(["HTTP/1.1 200", "HTTP/1.1 421", "HTTP/1.1 200"]);
    const sent = server.received().slice(before);
    expect(sent.split(VALUE)).toHaveLength(2);
    expect(sent).not.toContain("/2");
  });

  it("answers a good request before it refuses what follows", async () => {
    const secure = await openSecure(run.proxy, host);
    const answer = collect(secure);
    secure.write(`GET /1 HTTP/1.1\r\nHost: ${host}\r\n\r\nGARBAGE\r\n\r\n`);
    expect((await answer.read()).match(/HTTP\/1\.1 \d+/g)).toEqual(["HTTP/1.1 200", "HTTP/1.1 400"]);
  });

  it("ends with 408 when a head is slow", async () => {
    const secure = await openSecure(run.proxy, host);
    const answer = collect(secure);
    secure.write("GET / HTTP/1.1\r\nHost:");
    expect(await answer.read()).toMatch(/^HTTP\/1\.1 408 /);
  });

  it("ends with 408 when a body stands still", async () => {
    const secure = await openSecure(run.proxy, host);
    const answer = collect(secure);
    secure.write(`POST / HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 10\r\n\r\nhello`);
    expect(await answer.read()).toMatch(/^HTTP\/1\.1 408 /);
  });

  it("has no CONNECT inside", async () => {
    const secure = await openSecure(run.proxy, host);
    const answer = collect(secure);
    secure.write(`CONNECT ${host} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    expect(await answer.read()).not.toContain(" 200 ");
  });

  it("sends 100 Continue only to a request that goes on", async () => {
    const secure = await openSecure(run.proxy, host);
    const answer = collect(secure);
    secure.write(`POST / HTTP/1.1\r\nHost: ${host}\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n`);
    expect(await answer.read((raw) => raw.includes("\r\n\r\n"))).toMatch(/^HTTP\/1\.1 100 /);
    secure.write("hi");
    expect(await answer.read((raw) => raw.endsWith("fine"))).toContain("HTTP/1.1 200 OK");
    secure.destroy();
    const refused = await ask(run.proxy, host, `POST / HTTP/1.1\r\nHost: evil.example.test\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n`);
    expect(refused.status).toBe(421);
  });
});

describe("CONNECT", () => {
  it.each(["api.example.test", "api.example.test:00443", "h:443@evil:443", "api%2eexample.test:443", "api.example.test:443/path", "api.example.test:0", "api.example.test:65536", "a b:443", "*.example.test:443", "::1:443"])("is refused for %j", async (authority) => {
    const { head, socket } = await openConnect(run.proxy, authority);
    expect(head).toMatch(/^HTTP\/1\.1 400 /);
    socket.destroy();
  });

  it("closes when the TLS greeting is for another host", async () => {
    const before = server.received().length;
    await expect(openSecure(run.proxy, host, "evil.example.test")).rejects.toThrow();
    expect(run.events.at(-1)).toMatchObject({ kind: "refused", code: "misdirected", authority: host });
    expect(server.received().length).toBe(before);
  });
});

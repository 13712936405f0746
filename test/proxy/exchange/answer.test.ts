import { createHash, randomBytes } from "node:crypto";
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Grant } from "../../../src/proxy/grants/grant.ts";
import type { AnsweringRun } from "../../support/answering-run.ts";
import { openAnsweringRun } from "../../support/answering-run.ts";
import type { Reply } from "../../support/proxy-child.ts";
import { ask, collect, openSecure } from "../../support/proxy-child.ts";
import type { TestRun } from "../../support/proxy-run.ts";
import { VALUE } from "../../support/proxy-run.ts";
import type { Answer } from "../../support/raw-server.ts";
import { inPieces, plainAnswer } from "../../support/raw-server.ts";

let stage: AnsweringRun;
let run: TestRun;
let grant: Grant;
let host: string;
let answer: Answer = () => undefined;

beforeAll(async () => {
  stage = await openAnsweringRun((request, socket) => answer(request, socket));
  ({ run, grant, host } = stage);
});

afterAll(() => stage.close());

const request = (method = "GET", ...headers: readonly string[]): string => [`${method} / HTTP/1.1`, `Host: ${host}`, ...headers, "", ""].join("\r\n");

async function answered(text: string | Uint8Array, asked = request()): Promise<Reply> {
  answer = () => text;
  return ask(run.proxy, host, asked);
}

const coded = (coding: string, body: Uint8Array): Buffer => Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\nContent-Encoding: ${coding}\r\nETag: "abc"\r\nContent-Length: ${body.length}\r\n\r\n`), body]);

describe("a value that comes back", () => {
  it("is the placeholder again in headers, Location, cookies", async () => {
    const reply = await answered(`HTTP/1.1 302 Found\r\nLocation: https://elsewhere.example.test/?t=${encodeURIComponent(VALUE)}\r\nSet-Cookie: a=${VALUE}\r\nSet-Cookie: b=2\r\nX-${Buffer.from(VALUE).toString("hex")}: 1\r\nContent-Length: 0\r\n\r\n`);
    expect(reply.status).toBe(302);
    expect(reply.headers["location"]).toBe(`https://elsewhere.example.test/?t=${grant.placeholder}`);
    expect(reply.headers["set-cookie"]).toBe(`a=${grant.placeholder}\nb=2`);
    expect(reply.headers[`x-${grant.placeholder.toLowerCase()}`]).toBe("1");
    expect(run.events.at(-1)).toMatchObject({ kind: "scrubbed", secrets: ["API_KEY"] });
  });

  it("is the placeholder again in trailers", async () => {
    const reply = await answered(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Echo\r\n\r\n2\r\nhi\r\n0\r\nX-Echo: ${VALUE}\r\n\r\n`);
    expect(reply.body).toBe("hi");
    expect(reply.raw).toContain(`X-Echo: ${grant.placeholder}\r\n`);
    expect(reply.raw).not.toContain(VALUE);
  });

  it("is looked for in every answer of the host, asked for with a placeholder or not", async () => {
    const reply = await answered(plainAnswer(`{"token":"${VALUE}"}`));
    expect(reply.body).toBe(`{"token":"${grant.placeholder}"}`);
    expect(reply.headers["content-length"]).toBe(String(reply.body.length));
  });

  it.each<[string, (value: string) => string]>([
    ["hex", (value) => Buffer.from(value).toString("hex")],
    ["upper-case hex", (value) => Buffer.from(value).toString("hex").toUpperCase()],
    ["percent-encoded", encodeURIComponent],
    ["percent-encoded in lower case", (value) => encodeURIComponent(value).replace(/%../g, (escape) => escape.toLowerCase())],
    ["JSON inside PHP", (value) => value.replaceAll("/", "\\/")],
  ])("is recognised as %s", async (_name, encode) => {
    const reply = await answered(plainAnswer(`<${encode(VALUE)}>`));
    expect(reply.body).toBe(`<${grant.placeholder}>`);
  });

  it.each([0, 1, 2, 3, 4, 5])("is recognised in base64 behind %i bytes, in both alphabets", async (before) => {
    for (const alphabet of ["base64", "base64url"] as const) {
      const encoded = Buffer.from(`${"u".repeat(before)}${VALUE}:and more`).toString(alphabet);
      const reply = await answered(plainAnswer(encoded));
      expect(reply.body).toContain(grant.placeholder);
      expect(Buffer.from(reply.body.replace(grant.placeholder, ""), "base64").toString()).not.toContain(VALUE.slice(2, -2));
    }
  });

  it.each([1, 7, 100])("is recognised in pieces of %i bytes", async (size) => {
    const body = `${"x".repeat(50)}${VALUE}${"y".repeat(50)}${VALUE}`;
    answer = inPieces(Buffer.from(plainAnswer(body)), size);
    const reply = await ask(run.proxy, host, request());
    expect(reply.body).toBe(body.replaceAll(VALUE, grant.placeholder));
  });

  it("is recognised over chunks and without any length", async () => {
    const half = VALUE.length >> 1;
    const chunks = [VALUE.slice(0, half), VALUE.slice(half)].map((part) => `${part.length.toString(16)}\r\n${part}\r\n`).join("");
    expect((await answered(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}0\r\n\r\n`)).body).toBe(grant.placeholder);
    answer = (_request, socket) => {
      socket.end(`HTTP/1.1 200 OK\r\n\r\n${VALUE}`);
      return undefined;
    };
    expect((await ask(run.proxy, host, request())).body).toBe(grant.placeholder);
  });

  it("is recognised beyond 2 MiB, in binary, byte for byte", async () => {
    const noise = randomBytes(3_000_000);
    const body = Buffer.concat([noise, Buffer.from(VALUE), noise]);
    answer = () => Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n`), body]);
    const reply = await ask(run.proxy, host, request());
    const expected = Buffer.concat([noise, Buffer.from(grant.placeholder), noise]);
    expect(createHash("sha256").update(Buffer.from(reply.body, "latin1")).digest("hex")).toBe(createHash("sha256").update(expected).digest("hex"));
  });

  it.each<[string, (body: Buffer) => Uint8Array]>([
    ["gzip", gzipSync],
    ["br", brotliCompressSync],
    ["deflate", deflateSync],
    ["deflate", deflateRawSync],
    ["br, gzip", (body) => gzipSync(brotliCompressSync(body))],
  ])("is recognised inside %s, which the child gets decoded", async (coding, compress) => {
    const body = `${"text ".repeat(10_000)}${VALUE}`;
    const reply = await answered(coded(coding, compress(Buffer.from(body))));
    expect(reply.body).toBe(body.replace(VALUE, grant.placeholder));
    expect(reply.headers["content-encoding"]).toBeUndefined();
    expect(reply.headers["etag"]).toBe('W/"abc"');
  });
});

describe("an answer", () => {
  it("is asked for without compression", async () => {
    const before = stage.server.received().length;
    await answered(plainAnswer("x"), request("GET", "Accept-Encoding: gzip, br"));
    expect(stage.server.received().slice(before)).toContain("Accept-Encoding: identity\r\n");
  });

  it("comes without those that say that one is on its way: hints could carry anything, and a child behind a proxy needs none", async () => {
    const reply = await answered(`HTTP/1.1 103 Early Hints\r\nLink: </${VALUE}>; rel=preload\r\n\r\nHTTP/1.1 199 Odd\r\nX-Part: ${VALUE.slice(0, 9)}\r\n\r\n${plainAnswer("fine")}`);
    expect(reply.raw).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(reply.raw).not.toMatch(/ (?:103|199) |Link|X-Part/);
    expect(reply.body).toBe("fine");
  });

  it("keeps what speaks of it where there is no body", async () => {
    const head = await answered('HTTP/1.1 200 OK\r\nETag: "x"\r\nContent-Length: 1234\r\n\r\n', request("HEAD"));
    expect([head.status, head.headers["content-length"], head.headers["etag"], head.body]).toEqual([200, "1234", '"x"', ""]);
    const unchanged = await answered('HTTP/1.1 304 Not Modified\r\nETag: "x"\r\n\r\n', request("GET", 'If-None-Match: "x"'));
    expect([unchanged.status, unchanged.body]).toEqual([304, ""]);
    const empty = await answered("HTTP/1.1 204 No Content\r\n\r\n", request("DELETE"));
    expect([empty.status, empty.body]).toEqual([204, ""]);
    const nothing = await answered("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    expect([nothing.status, nothing.headers["content-length"], nothing.body]).toEqual([200, "0", ""]);
  });

  it("hands on events as they come", async () => {
    answer = (_request, socket) => {
      socket.write("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n");
      setTimeout(() => socket.write("data: one\n\n"), 50);
      return undefined;
    };
    const secure = await openSecure(run.proxy, host);
    const bytes = collect(secure);
    secure.write(request());
    await bytes.read((raw) => raw.includes("text/event-stream"));
    // The answer has no end: what waited for more would wait for ever.
    await bytes.read((raw) => raw.includes("data: one\n\n"));
    secure.destroy();
  });

  it.each<[string, string]>([
    ["an unknown coding", "HTTP/1.1 200 OK\r\nContent-Encoding: secret-sauce\r\nContent-Length: 5\r\n\r\nhello"],
    ["too many layers", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip, gzip, gzip\r\nContent-Length: 5\r\n\r\nhello"],
  ])("is 502 for %s", async (_name, text) => {
    const reply = await answered(text);
    expect([reply.status, reply.headers["x-vault-refusal"]]).toEqual([502, "upstream-answer"]);
  });

  it("that cannot be decoded, or is cut, does not look whole", async () => {
    for (const bytes of [coded("gzip", Buffer.from("this is no gzip")), coded("gzip", gzipSync(randomBytes(100_000)).subarray(0, 50_000))]) {
      answer = () => bytes;
      const secure = await openSecure(run.proxy, host);
      const collected = collect(secure);
      secure.write(request());
      expect(await collected.read()).not.toMatch(/0\r\n\r\n$/);
    }
    answer = (_request, socket) => {
      socket.end("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\nshort");
      return undefined;
    };
    const secure = await openSecure(run.proxy, host);
    const collected = collect(secure);
    secure.write(request());
    expect(await collected.read()).not.toMatch(/0\r\n\r\n$/);
  });

  it("to a child that hung up ends upstream too", async () => {
    let isClosed = false;
    answer = (_request, socket) => {
      socket.once("close", () => (isClosed = true));
      socket.write("HTTP/1.1 200 OK\r\n\r\nstart\n");
      return undefined;
    };
    const secure = await openSecure(run.proxy, host);
    secure.write(request());
    await collect(secure).read((raw) => raw.includes("start"));
    secure.destroy();
    await expect.poll(() => isClosed).toBe(true);
  });

  it("without a value in it stays as it is", async () => {
    const body = randomBytes(200_000);
    answer = () => Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\nX-Case: Kept\r\nContent-Length: ${body.length}\r\n\r\n`), body]);
    const reply = await ask(run.proxy, host, request());
    expect(Buffer.from(reply.body, "latin1").equals(body)).toBe(true);
    expect(reply.raw).toContain("X-Case: Kept\r\n");
  });
});

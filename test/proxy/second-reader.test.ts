// Requests are read by code of our own, and here Node's own reader (llhttp) is the second opinion: whatever ours takes for a request, Node's takes for the
// same one, byte for byte, with the same requests before it. Ours may refuse what Node's takes; the other way about, a request could be smuggled past one of them.
import { createServer, METHODS } from "node:http";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { ChildConnection } from "../../src/proxy/http1/child-connection.ts";
import { InMemorySocket } from "../support/in-memory-socket.ts";
import { smugglingCases } from "../support/smuggling-corpus.ts";

interface SeenRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: readonly string[];
  /** Undefined where its end did not come. */
  body: string | undefined;
}

const HEAD_MS = 60_000;

/** @returns the requests, and whether the reader found fault in the end. */
async function readByOurs(chunks: readonly Uint8Array[]): Promise<{ readonly requests: SeenRequest[]; readonly hasRefused: boolean }> {
  const requests: SeenRequest[] = [];
  let hasRefused = false;
  const socket = new InMemorySocket();
  new ChildConnection(socket, {
    headMs: HEAD_MS,
    servesSwitches: false,
    onMalformed: () => {
      hasRefused = true;
      return "id";
    },
    serve({ head, body }, response) {
      const seen: SeenRequest = { method: head.method, url: head.url, headers: head.rawHeaders, body: undefined };
      requests.push(seen);
      const answer = (text: string): void => {
        seen.body = text;
        response.start(200, [], { kind: "some", lengthBytes: 2 });
        response.endWith(Buffer.from("ok"));
      };
      if (body.kind === "none") answer("");
      else if (body.kind === "whole") answer(Buffer.from(body.bytes).toString("latin1"));
      else {
        let text = "";
        body.stream.on("data", (chunk: Buffer) => (text += chunk.toString("latin1"))).once("end", () => { answer(text); });
      }
      return {
        refuse() {
          hasRefused = true;
          response.destroy();
        },
      };
    },
  });
  await socket.feed(chunks);
  await settle();
  socket.destroy();
  return { requests, hasRefused };
}

const server = createServer({ maxHeaderSize: 65_536, requireHostHeader: false, joinDuplicateHeaders: false });
server.maxHeadersCount = 0;
// It reads ahead: to end the connection at once would take from the requests before the fault what was read of them.
server.on("clientError", () => undefined);
const seenBy = new WeakMap<object, SeenRequest[]>();
server.on("request", (request, response) => {
  const seen: SeenRequest = { method: request.method ?? "", url: request.url ?? "", headers: request.rawHeaders, body: undefined };
  seenBy.get(request.socket)?.push(seen);
  let text = "";
  request.on("data", (chunk: Buffer) => (text += chunk.toString("latin1"))).once("end", () => {
    seen.body = text;
    response.end("ok");
  });
});
afterAll(() => server.close());

async function readByNode(chunks: readonly Uint8Array[]): Promise<SeenRequest[]> {
  const requests: SeenRequest[] = [];
  const socket = new InMemorySocket();
  seenBy.set(socket, requests);
  server.emit("connection", socket);
  await socket.feed(chunks);
  await settle();
  socket.destroy();
  return requests;
}

/** In-memory connections have nothing to wait for but turns of the event loop. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 6; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

function cut(text: string, places: readonly number[]): Uint8Array[] {
  const bytes = Buffer.from(text, "latin1");
  const ends = [...new Set(places.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b);
  return [...ends, bytes.length].map((end, index) => bytes.subarray(index === 0 ? 0 : (ends[index - 1] ?? 0), end)).filter(({ length }) => length > 0);
}

/** @returns how many requests ours took. */
async function expectSameReading(text: string, places: readonly number[] = []): Promise<number> {
  const chunks = cut(text, places);
  const { requests: taken } = await readByOurs(chunks);
  // Node's knows a list of methods, and targets in ASCII alone; ours passes on others as well, as many servers do.
  const unknown = taken.findIndex(({ method, url }) => !METHODS.includes(method) || /[\x80-\xff]/.test(url));
  const requests = unknown < 0 ? taken : taken.slice(0, unknown);
  const byNode = (await readByNode(chunks)).slice(0, requests.length);
  // A body that ours found fault with goes nowhere as a whole one.
  for (const [index, { body }] of requests.entries()) if (body === undefined && byNode[index] !== undefined) byNode[index].body = undefined;
  expect(byNode).toEqual(requests);
  return requests.length;
}

const HONEST = "GET /honest HTTP/1.1\r\nHost: a:1\r\n\r\n";

describe("Node's reader agrees about", () => {
  it.each(smugglingCases("api.example.test:443"))("$name", async ({ bytes }) => {
    await expectSameReading(bytes + HONEST);
  });

  it("sound requests of every form, however they are cut", async () => {
    const requests = [
      "GET / HTTP/1.1\r\nHost: a:1\r\n\r\n",
      "\r\n\r\nGET /?a=b&c HTTP/1.1\r\nhost:a:1\r\nX:\t spaced \t\r\nEmpty:\r\nX: again\r\n\r\n",
      "POST /form HTTP/1.1\r\nHost: a:1\r\nContent-Length: 5\r\n\r\nhello",
      "PUT /chunks HTTP/1.1\r\nHost: a:1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;name=value\r\n world\r\n0\r\nTrailer: x\r\n\r\n",
      "PUT /none HTTP/1.1\r\nHost: a:1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "DELETE /obs HTTP/1.1\r\nHost: a:1\r\nX-Text: \xe9\xff\r\n\r\n",
      "OPTIONS * HTTP/1.1\r\nHost: a:1\r\n\r\n",
    ];
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom(...requests), { minLength: 1, maxLength: 6 }), fc.array(fc.nat(2_000), { maxLength: 12 }), async (parts, places) => {
        expect(await expectSameReading(parts.join(""), places)).toBe(parts.length);
      }),
      { numRuns: 300 },
    );
  });

  it("requests in which bytes were changed, put in and taken out", async () => {
    const sound = "POST /attack HTTP/1.1\r\nHost: a:1\r\nX-Key: v\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\nPOST /b HTTP/1.1\r\nHost: a:1\r\nContent-Length: 40\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: internal\r\n\r\n";
    const piece = fc.constantFrom("\r", "\n", "\r\n", " ", "\t", "\0", ":", ";", ",", "0", "5", "a", "\x0b", "\x7f", "\xa0", "Content-Length: 3\r\n", "Transfer-Encoding: chunked\r\n", "Connection: close\r\n", "\r\n\r\n", "HTTP/1.1", "GET / HTTP/1.1\r\n");
    const change = fc.record({ at: fc.nat(sound.length), drop: fc.nat(3), put: fc.oneof(piece, fc.constant("")) });
    let taken = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 3 }), fc.array(fc.nat(400), { maxLength: 3 }), async (changes, places) => {
        const text = changes.reduce((made, { at, drop, put }) => made.slice(0, at) + put + made.slice(at + drop), sound);
        taken += await expectSameReading(text + HONEST, places);
      }),
      { numRuns: 3_000 },
    );
    expect(taken).toBeGreaterThan(500);
  });
});

describe("ours", () => {
  it.each(["GET /a HTTP/1.1\nHost: a:1\n\n", "GET  /a HTTP/1.1\r\nHost: a:1\r\n\r\n", "GET /a HTTP/1.1\r\nHost : a:1\r\n\r\n", "GET /a HTTP/1.1\r\nHost: a:1\r\n folded\r\n\r\n", "GET /a\r\n\r\n", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "GET /a HTTP/2.0\r\n\r\n", "SSH-2.0-OpenSSH_9.6\r\n"])("refuses %j, without waiting for more", async (text) => {
    expect(await readByOurs(cut(text, []))).toEqual({ requests: [], hasRefused: true });
    expect(await readByOurs(cut(text, [3, 7]))).toEqual({ requests: [], hasRefused: true });
  });

  it("waits for the end of what is a request so far", async () => {
    const text = "GET /a HTTP/1.1\r\nHost: a:1\r\nX: y\r\n";
    for (let end = 1; end < text.length; end += 1) expect(await readByOurs(cut(text.slice(0, end), []))).toEqual({ requests: [], hasRefused: false });
  });
});

// What the connection with the child does beside reading requests: order, room, time, and how answers are framed.
import { describe, expect, it } from "vitest";
import type { ConnectionUse } from "../../../src/proxy/http1/child-connection.ts";
import { ChildConnection } from "../../../src/proxy/http1/child-connection.ts";
import type { ChildRequest } from "../../../src/proxy/http1/child-request.ts";
import type { ChildResponse } from "../../../src/proxy/http1/child-response.ts";
import { InMemorySocket } from "../../support/in-memory-socket.ts";

interface Asked {
  readonly request: ChildRequest;
  readonly response: ChildResponse;
}

const HEAD_MS = 60_000;
const get = (path: string, ...lines: readonly string[]): Buffer => Buffer.from([`GET ${path} HTTP/1.1`, "Host: a:1", ...lines, "", ""].join("\r\n"), "latin1");
const post = (length: number, body: string): Buffer => Buffer.from(`POST / HTTP/1.1\r\nHost: a:1\r\nContent-Length: ${length}\r\n\r\n${body}`);

function open(use: Partial<ConnectionUse> = {}) {
  const socket = new InMemorySocket();
  const asked: Asked[] = [];
  const connection = new ChildConnection(socket, {
    headMs: HEAD_MS,
    servesSwitches: true,
    onMalformed: () => "id",
    serve(request, response) {
      asked.push({ request, response });
      return { refuse: () => { response.destroy(); } };
    },
    ...use,
  });
  const answer = (index: number, text: string): void => {
    asked[index]?.response.start(200, [], { kind: "some", lengthBytes: text.length });
    asked[index]?.response.endWith(Buffer.from(text));
  };
  return { socket, asked, connection, answer };
}

describe("requests", () => {
  it("whose body breaks the rules are refused where they are being served", async () => {
    const refusals: string[] = [];
    const { socket } = open({ serve: () => ({ refuse: ({ code }) => { refusals.push(code); } }) });
    await socket.feed([Buffer.from("POST / HTTP/1.1\r\nHost: a:1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n"), Buffer.from("no size\r\n")]);
    expect(refusals).toEqual(["bad-request"]);
  });

  it("are read one at a time", async () => {
    const { socket, asked, answer } = open();
    await socket.feed([Buffer.concat([get("/1"), get("/2"), get("/3")])]);
    expect(asked.map(({ request }) => request.head.url)).toEqual(["/1"]);
    answer(0, "one");
    expect(asked.map(({ request }) => request.head.url)).toEqual(["/1", "/2"]);
    answer(1, "two");
    answer(2, "three");
    expect(socket.written.match(/one|two|three/g)).toEqual(["one", "two", "three"]);
  });

  it("wait in the connection where they come too fast, and none is lost", async () => {
    const { socket, asked, answer } = open();
    const paths = Array.from({ length: 4_000 }, (_, index) => `/${index}`);
    await socket.feed(paths.map((path) => get(path)));
    expect(socket.isPaused()).toBe(true);
    for (let index = 0; index < paths.length; index += 1) {
      answer(index, "x");
      if (socket.isPaused() || index % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    expect(asked.map(({ request }) => request.head.url)).toEqual(paths);
  });

  it("have their body at once where it came with the head, and as a stream where it did not", async () => {
    const { socket, asked, answer } = open();
    await socket.feed([Buffer.concat([post(5, "hello"), get("/behind")])]);
    expect(asked[0]?.request.body).toEqual({ kind: "whole", bytes: Buffer.from("hello") });
    answer(0, "x");
    expect(asked[1]?.request.head.url).toBe("/behind");
    answer(1, "x");
    await socket.feed([post(5, "he"), Buffer.from("llo")]);
    expect(asked[2]?.request.body.kind).toBe("stream");
  });

  it("are not read any further than their reader wants", async () => {
    const { socket, asked } = open();
    await socket.feed([post(10_000_000, ""), ...new Array<Buffer>(40).fill(Buffer.alloc(65_536))]);
    const body = asked[0]?.request.body;
    expect(socket.isPaused()).toBe(true);
    expect(body?.kind === "stream" && body.stream.readableLength).toBeLessThan(300_000);
    if (body?.kind === "stream") body.stream.resume();
    await expect.poll(() => socket.isPaused()).toBe(false);
  });
});

describe("an answer", () => {
  it.each<[string, string, (response: ChildResponse) => void, RegExp]>([
    ["of a known length", "HTTP/1.1", (response) => { response.start(200, ["A", "b"], { kind: "some", lengthBytes: 2 }); response.endWith(Buffer.from("ok")); }, /^HTTP\/1\.1 200 OK\r\nA: b\r\nconnection: keep-alive\r\nkeep-alive: timeout=\d+\r\ncontent-length: 2\r\n\r\nok$/],
    ["of no known length", "HTTP/1.1", (response) => { response.start(200, [], { kind: "some", lengthBytes: undefined }); response.write(Buffer.from("ok")); response.end(["T", "v", "B\r\nX", "v"]); }, /\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nT: v\r\n\r\n$/],
    ["of no known length, to HTTP/1.0", "HTTP/1.0", (response) => { response.start(200, [], { kind: "some", lengthBytes: undefined }); response.write(Buffer.from("ok")); response.end(); }, /^HTTP\/1\.1 200 OK\r\nconnection: close\r\n\r\nok$/],
    ["without a body", "HTTP/1.1", (response) => { response.start(204, [], { kind: "none" }); response.end(); }, /^HTTP\/1\.1 204 No Content\r\nconnection: keep-alive\r\nkeep-alive: timeout=\d+\r\n\r\n$/],
    ["with an unknown status", "HTTP/1.1", (response) => { response.start(599, [], { kind: "none" }); response.end(); }, /^HTTP\/1\.1 599 \r\n/],
  ])("%s", async (_name, version, answer, expected) => {
    const { socket, asked } = open();
    await socket.feed([Buffer.from(`GET / ${version}\r\nHost: a:1\r\n\r\n`)]);
    const [first] = asked;
    if (first !== undefined) answer(first.response);
    expect(socket.written).toMatch(expected);
  });

  it("to HEAD has no body, whoever gives it one", async () => {
    const { socket, asked } = open();
    await socket.feed([Buffer.from("HEAD / HTTP/1.1\r\nHost: a:1\r\n\r\n"), get("/next")]);
    asked[0]?.response.start(403, [], { kind: "some", lengthBytes: 7 });
    asked[0]?.response.endWith(Buffer.from("refused"));
    expect(socket.written).toMatch(/content-length: 7\r\n\r\n$/);
    expect(asked).toHaveLength(2);
  });

  it.each([["a name", ["X Y", "v"]], ["a value", ["X", "a\r\nSet-Cookie: b"]], ["a value", ["X", "a\u0100"]]])("with %s that no header may have is not begun: %j", async (_name, headers) => {
    const { socket, asked } = open();
    await socket.feed([get("/")]);
    expect(asked[0]?.response.start(200, headers, { kind: "none" })).toBe(false);
    expect([asked[0]?.response.isStarted, socket.written]).toEqual([false, ""]);
  });

  it("that ends the connection is followed by nothing", async () => {
    const { socket, asked, answer } = open();
    await socket.feed([Buffer.concat([get("/1", "Connection: close"), get("/2")])]);
    answer(0, "last");
    await socket.feed([get("/3")]);
    expect(asked).toHaveLength(1);
    expect(socket.writableEnded).toBe(true);
  });

  it("hears of a child that has hung up, once", async () => {
    const { socket, asked } = open();
    await socket.feed([get("/")]);
    let gone = 0;
    asked[0]?.response.whenGone(() => (gone += 1));
    socket.push(null);
    await expect.poll(() => gone).toBe(1);
    expect(asked[0]?.response.isOver).toBe(true);
  });
});

describe("time is up", () => {
  const later = (ms: number): number => performance.now() + ms;

  it("for a head that does not end, which is told so", async () => {
    const { socket, connection } = open();
    await socket.feed([Buffer.from("GET / HTT")]);
    connection.checkTime(later(HEAD_MS / 2));
    expect(socket.written).toBe("");
    connection.checkTime(later(HEAD_MS + 1_000));
    expect(socket.written).toMatch(/^HTTP\/1\.1 408 /);
  });

  it("for a connection that says nothing, without a word, and later for one that has served", async () => {
    const silent = open();
    silent.connection.checkTime(later(HEAD_MS + 1_000));
    expect([silent.socket.destroyed, silent.socket.written]).toEqual([true, ""]);
    const { socket, connection, answer } = open();
    await socket.feed([get("/")]);
    answer(0, "ok");
    connection.checkTime(later(HEAD_MS + 1_000));
    expect(socket.destroyed).toBe(false);
    connection.checkTime(later(200_000));
    expect(socket.destroyed).toBe(true);
  });

  it("for the rest of a body whose request was answered early", async () => {
    const { socket, asked, connection, answer } = open();
    await socket.feed([post(1_000_000, "begun")]);
    connection.checkTime(later(1_000_000));
    expect(socket.destroyed).toBe(false);
    answer(0, "no");
    await socket.feed([Buffer.alloc(10)]);
    connection.checkTime(later(1_000));
    expect(socket.destroyed).toBe(false);
    connection.checkTime(later(10_000));
    expect(socket.destroyed).toBe(true);
    expect(asked).toHaveLength(1);
  });

  it("for nothing else: a request may take as long as it takes", async () => {
    const { socket, connection } = open();
    await socket.feed([get("/")]);
    connection.checkTime(later(10_000_000));
    expect(socket.destroyed).toBe(false);
  });
});

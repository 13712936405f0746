// A program fills the proxy's memory: with headers without number, with one header without end, with a head that never comes to its end, a body that
// stands still, connections that say nothing. There are limits on all of them, and whoever meets one is told so (431, 408) and disconnected.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AttackStage } from "../support/attack-stage.ts";
import { attempt, converse, expectRefused, expectServedWithValue, openStage } from "../support/attack-stage.ts";
import { askPlain, collect, openConnect, proxyAuthorization } from "../support/proxy-child.ts";
import { connect } from "../support/raw-sockets.ts";

let stage: AttackStage;
beforeAll(async () => {
  stage = await openStage({ headMs: 700, bodyIdleMs: 400 });
});
afterAll(() => stage.close());

const get = (...lines: readonly string[]): string => ["GET /MARKER HTTP/1.1", `Host: ${stage.host}`, `X-Api-Key: ${stage.grant.placeholder}`, ...lines, "", ""].join("\r\n");

describe("a head is refused with", () => {
  it.each<[string, () => string]>([
    ["more headers than 200", () => get(...new Array<string>(199).fill("X: y"))],
    ["thousands of headers", () => get(...new Array<string>(8_000).fill("X: y"))],
    ["a value of 64 KiB", () => get(`X: ${"y".repeat(65_536)}`)],
    ["a name of 64 KiB", () => get(`${"x".repeat(65_536)}: y`)],
    ["a target of 64 KiB", () => get().replace("/MARKER", `/${"y".repeat(65_536)}`)],
    ["many middling headers", () => get(...new Array<string>(100).fill(`X: ${"y".repeat(1_000)}`))],
  ])("%s", async (_name, request) => {
    await expectRefused(stage, request(), 431, "header-limit");
  });

  it("64 KiB of trailers", async () => {
    const { statuses, sent } = await converse(stage, `POST / HTTP/1.1\r\nHost: ${stage.host}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: ${"y".repeat(70_000)}\r\n\r\n`);
    expect(statuses).toEqual([431]);
    expect(sent).not.toContain("yyyy");
    expect(sent).not.toMatch(/\r\n0\r\n/);
  });

  it("too much on the proxy's own port", async () => {
    const reply = await askPlain(stage.run.proxy, `GET http://plain.example.test/ HTTP/1.1\r\nHost: plain.example.test\r\nX: ${"y".repeat(70_000)}\r\nProxy-Authorization: ${proxyAuthorization(stage.run.proxy)}\r\n\r\n`);
    expect(reply.status).toBe(431);
  });
});

describe("a connection ends", () => {
  it.each<[string, () => string]>([
    ["a head that stops in its request line", () => "GET /MAR"],
    ["a head that stops in a header", () => `GET /MARKER HTTP/1.1\r\nHost: ${stage.host}\r\nX:`],
    ["a head that stops before its end", () => `GET /MARKER HTTP/1.1\r\nHost: ${stage.host}\r\n`],
    ["a body that stands still", () => `POST /body HTTP/1.1\r\nHost: ${stage.host}\r\nContent-Length: 10\r\n\r\nhello`],
    ["a body in chunks that stands still", () => `POST /body HTTP/1.1\r\nHost: ${stage.host}\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel`],
    ["a body that never begins", () => `POST /body HTTP/1.1\r\nHost: ${stage.host}\r\nContent-Length: 10\r\n\r\n`],
  ])("with 408 after %s", async (_name, bytes) => {
    const { statuses, sent } = await converse(stage, bytes());
    expect(statuses).toEqual([408]);
    expect(sent).not.toContain("MARKER");
    expect(sent).not.toMatch(/\r\n0\r\n/);
    expect(stage.run.events.at(-1)).toMatchObject({ kind: "refused", code: "timeout" });
  });

  it("with 408 when a head drips in", async () => {
    const socket = connect(stage.run.proxy.port, "127.0.0.1");
    const answer = collect(socket);
    const text = `CONNECT ${stage.host} HTTP/1.1\r\nX: ${"y".repeat(1_000)}`;
    let at = 0;
    const timer = setInterval(() => socket.write(text.charAt(at++)), 50);
    expect(await answer.read()).toMatch(/^HTTP\/1\.1 408 /);
    clearInterval(timer);
  });

  it("without a word when no TLS greeting follows a CONNECT", async () => {
    const { socket } = await openConnect(stage.run.proxy, stage.host);
    expect(await collect(socket).read()).toBe("");
  });
});

describe("a request is served", () => {
  it("with many headers, and with large ones", async () => {
    await expectServedWithValue(stage, get(...new Array<string>(150).fill("X: y")));
    await expectServedWithValue(stage, get(`X: ${"y".repeat(50_000)}`));
  });

  it("whose body pauses, and goes on", async () => {
    const pending = attempt(stage, `POST /body HTTP/1.1\r\nHost: ${stage.host}\r\nContent-Length: 5\r\n\r\nhello`);
    expect((await pending).reply.status).toBe(200);
  });
});

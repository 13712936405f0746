// The first request of a connection is honest, and those that ride behind it in the same segment are not: for another Host, with the secret's
// placeholder once more, with a fault. Each is judged afresh, answered in its turn, and a bad one does not take what is due to a good one.
import { beforeEach, describe, expect, it } from "vitest";
import type { AttackStage } from "../support/attack-stage.ts";
import { converse, openOwnStage } from "../support/attack-stage.ts";
import { VALUE } from "../support/proxy-run.ts";
import { openConnect, openSecure } from "../support/proxy-child.ts";
import type { Answer } from "../support/raw-server.ts";
import { plainAnswer } from "../support/raw-server.ts";

const answer: Answer = (request) => plainAnswer(`for ${/^\S+ (\S+)/.exec(request)?.[1] ?? ""};`);
let stage: AttackStage;
beforeEach(async () => {
  stage = await openOwnStage({ answer });
});

const get = (path: string, host = stage.host, ...lines: readonly string[]): string => [`GET ${path} HTTP/1.1`, `Host: ${host}`, ...lines, "", ""].join("\r\n");
const key = (): string => `X-Api-Key: ${stage.grant.placeholder}`;
const last = (): string => get("/last", stage.host, "Connection: close");

describe("behind an honest request", () => {
  it.each<[string, () => string, readonly number[]]>([
    ["one for another Host", () => get("/MARKER", "evil.example.test", key()), [200, 421, 200]],
    ["one for the Host's other port", () => get("/MARKER", "api.example.test:1", key()), [200, 421, 200]],
    ["one for another host's absolute target", () => get("https://evil.example.test/MARKER", stage.host, key()), [200, 421, 200]],
    ["one that uses the secret twice", () => get("/MARKER", stage.host, key(), key()), [200, 400, 200]],
    ["one without a Host", () => "GET /MARKER HTTP/1.1\r\n\r\n", [200, 400]],
    ["one with two Hosts", () => get("/MARKER", stage.host, "Host: evil.example.test"), [200, 400]],
    ["one that is no HTTP", () => "GARBAGE MARKER\r\n\r\n", [200, 400]],
    ["one with a fold", () => get("/MARKER", stage.host, "X: a\r\n b"), [200, 400]],
    ["one of a TLS greeting", () => "\x16\x03\x01\x00\x05MARKER", [200, 400]],
  ])("%s is refused by itself", async (_name, second, expected) => {
    const { statuses, sent } = await converse(stage, get("/first", stage.host, key()) + second() + last());
    expect(statuses).toEqual(expected);
    expect(sent.split(VALUE)).toHaveLength(2);
    expect(sent).not.toContain("MARKER");
    if (expected.length === 3) expect(sent).toContain("GET /last ");
  });
});

describe("behind a request that has no answer yet", () => {
  it.each<[string, () => string, number]>([
    ["another protocol", () => get("/MARKER", stage.host, key(), "Upgrade: h2c", "Connection: Upgrade"), 501],
    ["a WebSocket without its key", () => get("/MARKER", stage.host, key(), "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13"), 501],
    ["a second CONNECT", () => `CONNECT ${stage.host} HTTP/1.1\r\nHost: ${stage.host}\r\n\r\n`, 405],
  ])("a wish for %s waits for its turn, and is refused then", async (_name, second, status) => {
    const { statuses, sent } = await converse(stage, get("/first", stage.host, key()) + second() + last());
    expect(statuses.slice(0, 2)).toEqual([200, status]);
    expect(sent).not.toContain("MARKER");
  });

  it("a WebSocket waits for its turn, and the connection ends with the answer of a server that does not agree", async () => {
    const handshake = get("/second", stage.host, "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==");
    const { statuses, sent } = await converse(stage, get("/first", stage.host, key()) + handshake + get("/MARKER", stage.host, key()));
    expect(statuses).toEqual([200, 200]);
    expect(sent).not.toContain("MARKER");
  });
});

describe("many good requests", () => {
  it("are answered in order, each with its own", async () => {
    const paths = Array.from({ length: 30 }, (_, index) => `/${index}`);
    const { raw, statuses } = await converse(stage, paths.map((path) => get(path, stage.host, key())).join("") + last());
    expect(statuses).toEqual(new Array<number>(31).fill(200));
    expect([...raw.matchAll(/for (\S+);/g)].map(([, path]) => path)).toEqual([...paths, "/last"]);
  });

  it("take turns: one goes up when the one before it has its answer", async () => {
    const own = await openOwnStage({ answer: () => undefined });
    const secure = await openSecure(own.run.proxy, own.host);
    secure.write(`POST /turn HTTP/1.1\r\nHost: ${own.host}\r\nContent-Length: 2\r\n\r\nhi`.repeat(3_000));
    await expect.poll(() => own.server.received()).toContain("hi");
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(own.server.connections()).toBe(1);
    expect(own.server.received().match(/POST \/turn/g)).toHaveLength(1);
    secure.destroy();
  });

  it("arrive in order, whatever they are", async () => {
    const posts = Array.from({ length: 20 }, (_, index) => `POST /${index} HTTP/1.1\r\nHost: ${stage.host}\r\nContent-Length: 2\r\n\r\nhi`);
    await converse(stage, posts.join("") + last());
    expect([...stage.server.received().matchAll(/^(?:hi)?POST \/(\d+)/gm)].map(([, index]) => Number(index))).toEqual(posts.map((_, index) => index));
  });

  it("without number wait in the connection, and are all answered", async () => {
    const { raw, statuses } = await converse(stage, Array.from({ length: 2_000 }, (_, index) => get(`/${index}`)).join("") + last());
    expect(new Set(statuses)).toEqual(new Set([200]));
    expect([...raw.matchAll(/for \/(\w+);/g)].map(([, path]) => path)).toEqual([...Array.from({ length: 2_000 }, (_, index) => String(index)), "last"]);
  });

  it.each<[string, () => string]>([
    ["has a malformed body", () => `POST /bad HTTP/1.1\r\nHost: ${stage.host}\r\nTransfer-Encoding: chunked\r\n\r\n0x5\r\nhello\r\n0\r\n\r\n`],
    ["is followed by what is no request", () => `${get("/third")}GARBAGE\r\n\r\n`],
  ])("are answered before the last, which %s, is refused", async (_name, third) => {
    const { statuses, sent } = await converse(stage, get("/first") + get("/second") + third() + last());
    expect([...statuses.slice(0, 2), statuses.at(-1)]).toEqual([200, 200, 400]);
    expect(sent).not.toMatch(/\/last|\/bad/);
  });

  it("on several connections do not get each other's answers", async () => {
    const all = await Promise.all(Array.from({ length: 8 }, async (_, index) => (await converse(stage, get(`/a${index}`) + get(`/b${index}`) + last())).raw));
    expect(all.map((raw) => [...raw.matchAll(/for (\S+);/g)].map(([, path]) => path))).toEqual(all.map((_, index) => [`/a${index}`, `/b${index}`, "/last"]));
  });

  it("behind the CONNECT itself, before its answer, go nowhere in the clear", async () => {
    const { socket } = await openConnect(stage.run.proxy, stage.host);
    const before = stage.server.received().length;
    socket.write(get("/MARKER", stage.host, key()));
    await new Promise((resolve) => socket.once("close", resolve));
    expect(stage.server.received()).toHaveLength(before);
  });
});

// Somebody without the run's token, another user of the machine, say, wants the run to stop: by lines without number in its audit log, until the disk is full and no secret may go out, or by connections that say nothing, until there is room for no other.
// Everything before the token shares one line a minute in the log and a few places of its own for three seconds; the oldest has to go first, and whoever has shown the token is never counted among them.
import type { Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import type { ProxyEvent } from "../../../src/proxy/grants/event.ts";
import type { AttackStage } from "../../support/attack-stage.ts";
import { attempt, openOwnStage } from "../../support/attack-stage.ts";
import { askPlain, collect, openConnect, proxyAuthorization } from "../../support/proxy-child.ts";
import { VALUE } from "../../support/proxy-run.ts";
import { connect } from "../../support/raw-sockets.ts";

const sockets = new Set<Socket>();
afterEach(() => {
  for (const socket of sockets) socket.destroy();
  sockets.clear();
});

/** Connections that are there, and say this. */
async function crowd({ run }: AttackStage, count: number, says = ""): Promise<Socket[]> {
  const all: Socket[] = [];
  for (let at = 0; at < count; at += 100) {
    all.push(...(await Promise.all(Array.from({ length: Math.min(100, count - at) }, () => open(run.proxy.port, says)))));
  }
  return all;
}

function open(port: number, says: string): Promise<Socket> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => {
      if (says !== "") socket.write(says);
      resolve(socket);
    });
    socket.on("error", () => socket.destroy()).resume();
    sockets.add(socket);
  });
}

const refusals = (events: readonly ProxyEvent[]): Extract<ProxyEvent, { readonly kind: "refused" }>[] => events.flatMap((event) => (event.kind === "refused" ? [event] : []));
const withKey = ({ host, grant }: AttackStage): string => `GET / HTTP/1.1\r\nHost: ${host}\r\nX-Api-Key: ${grant.placeholder}\r\n\r\n`;

describe("a flood of requests without the token", () => {
  const kinds: readonly (readonly [name: string, request: string])[] = [
    ["nothing to show", "GET http://a.example.test/ HTTP/1.1\r\nHost: a.example.test\r\n\r\n"],
    ["a wrong token", "CONNECT b.example.test:443 HTTP/1.1\r\nProxy-Authorization: Basic eA==\r\n\r\n"],
    ["a page's request", "GET /status HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"],
    ["no HTTP", "\x16\x03\x01\x00\x05hello"],
    ["a head without end", `GET http://a.example.test/ HTTP/1.1\r\nX: ${"y".repeat(70_000)}\r\n`],
  ];

  it("is one entry, and one more with the count of the others", async () => {
    const stage = await openOwnStage();
    for (const [, request] of kinds) for (let at = 0; at < 60; at += 1) expect((await askPlain(stage.run.proxy, request)).status).toBeGreaterThanOrEqual(400);
    expect(refusals(stage.run.events)).toMatchObject([{ code: "proxy-auth", authority: null }]);
    // In the midst of it the run is served, and what its own program does wrong is told of one by one.
    expect(await attempt(stage, withKey(stage))).toMatchObject({ reply: { status: 200 } });
    for (let at = 0; at < 3; at += 1) (await openConnect(stage.run.proxy, "169.254.169.254:80")).socket.destroy();
    expect(refusals(stage.run.events)).toHaveLength(4);
    await stage.run.proxy.close();
    const [first, ...others] = refusals(stage.run.events);
    expect(first).not.toHaveProperty("count");
    expect(others.map(({ count = 1 }) => count)).toEqual([1, 1, 1, kinds.length * 60 - 1]);
    expect(JSON.stringify(stage.run.events)).not.toContain("example.test:443");
  }, 60_000);
});

describe("a flood of connections that say nothing", () => {
  it.each([["nothing", ""], ["half a head", "GET http://a.example.test/ HTTP/1.1\r\nX: "]])("but %s, leaves the run its places, and those that it has", async (_name, says) => {
    const stage = await openOwnStage();
    const mine = await Promise.all(Array.from({ length: 40 }, () => openConnect(stage.run.proxy, `other.example.test:${stage.server.port}`)));
    const strangers = await crowd(stage, 1_200, says);
    const { reply, sent } = await attempt(stage, withKey(stage));
    expect(reply.status).toBe(200);
    expect(sent).toContain(VALUE);
    expect(mine.map(({ head, socket }) => [head.slice(9, 12), socket.destroyed])).toEqual(mine.map(() => ["200", false]));
    // The first to come have been the first to go.
    await expect.poll(() => strangers.filter(({ destroyed }) => !destroyed).length).toBeLessThanOrEqual(512);
    expect(strangers[0]?.destroyed).toBe(true);
    for (const { socket } of mine) socket.destroy();
  }, 60_000);

  it("is over by itself, whether they drip or not, and a connection on which the token was shown goes on", async () => {
    const stage = await openOwnStage();
    const [quiet] = await crowd(stage, 1);
    const drip = await open(stage.run.proxy.port, "GET ");
    const timer = setInterval(() => drip.write("/"), 100);
    const tunnel = await openConnect(stage.run.proxy, `other.example.test:${stage.server.port}`);
    const ends = [quiet, drip].map((socket) => new Promise((resolve) => socket?.once("close", resolve)));
    await Promise.all(ends);
    clearInterval(timer);
    expect(tunnel.socket.destroyed).toBe(false);
    tunnel.socket.destroy();
  }, 30_000);
});

describe("many connections of the run's own program", () => {
  it("at once are all served", async () => {
    const stage = await openOwnStage();
    const request = `GET http://${stage.host}/ HTTP/1.1\r\nHost: ${stage.host}\r\nProxy-Authorization: ${proxyAuthorization(stage.run.proxy)}\r\nConnection: close\r\n\r\n`;
    const answers = await Promise.all(Array.from({ length: 400 }, async () => {
      const socket = await open(stage.run.proxy.port, "");
      const answer = collect(socket);
      socket.write(request);
      return (await answer.read()).slice(0, 12);
    }));
    expect(new Set(answers).size).toBe(1);
    expect(answers[0]).toMatch(/^HTTP\/1\.1 [245]/);
  }, 60_000);
});

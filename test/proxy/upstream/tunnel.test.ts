// Tunnels between real sockets. What goes through is read into one buffer, over and over: nothing may be read into it before what it holds has gone out.
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import type { AddressInfo, Server, Socket } from "node:net";
import { PassThrough } from "node:stream";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readIntoOneBuffer } from "../../../src/proxy/http1/one-buffer.ts";
import { joinSockets } from "../../../src/proxy/upstream/tunnel.ts";
import { connect, createBareServer, makeBareSocket } from "../../support/raw-sockets.ts";

const MIB = 1024 * 1024;

let server: Server;

beforeAll(async () => {
  server = createBareServer({ allowHalfOpen: true, pauseOnConnect: true });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});

afterAll(() => {
  server.close();
});

/** @returns a connection's two ends; nothing has been read from either. */
async function openPair(): Promise<readonly [Socket, Socket]> {
  const accepted = once(server, "connection") as Promise<[Socket]>;
  const outer = connect({ port: (server.address() as AddressInfo).port, host: "127.0.0.1", allowHalfOpen: true });
  const [[inner]] = await Promise.all([accepted, once(outer, "connect")]);
  outer.on("error", () => outer.destroy());
  return [outer, inner];
}

interface Tunnel {
  readonly child: Socket;
  readonly origin: Socket;
  /** Resolves when the tunnel has ended. */
  readonly ended: Promise<void>;
}

/** @param before is done before the tunnel is there. */
async function openTunnel(before: (child: Socket, origin: Socket) => Promise<void> = () => Promise.resolve()): Promise<Tunnel> {
  const [[child, near], [origin, far]] = [await openPair(), await openPair()];
  await before(child, origin);
  return { child, origin, ended: joinSockets(near, far) };
}

/** Writes bytes in pieces of all sizes. */
async function send(socket: Socket, bytes: Buffer): Promise<void> {
  for (let [at, size] = [0, 1]; at < bytes.length; at += size, size = (size * 7 + 3) % 100_003) {
    if (!socket.write(bytes.subarray(at, at + size))) await once(socket, "drain");
  }
  socket.end();
}

/** Reads until the end. @param rest is taken after each 256 KiB. */
async function receive(socket: Socket, rest: () => Promise<unknown> = () => Promise.resolve()): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let sinceRest = 0;
  for await (const chunk of socket.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    sinceRest += chunk.length;
    if (sinceRest < MIB / 4) continue;
    sinceRest = 0;
    await rest();
  }
  return Buffer.concat(chunks);
}

const hash = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");
const pause = (): Promise<unknown> => new Promise((resolve) => setTimeout(resolve, 5));

describe("bytes through a tunnel", () => {
  it.each<readonly [string, (() => Promise<unknown>) | undefined]>([
    ["as fast as they go", undefined],
    ["to readers that rest", pause],
  ])("arrive as they were sent, both ways at once, %s", async (_how, rest) => {
    const { child, origin, ended } = await openTunnel();
    const [up, down] = [randomBytes(8 * MIB), randomBytes(8 * MIB)];
    const [, , upHeard, downHeard] = await Promise.all([send(child, up), send(origin, down), receive(origin, rest), receive(child, rest)]);
    expect([hash(upHeard), hash(downHeard)]).toEqual([hash(up), hash(down)]);
    await ended;
  });

  it("wait for a reader that has stopped", async () => {
    const { child, origin, ended } = await openTunnel();
    origin.pause();
    const bytes = randomBytes(64 * MIB);
    const sent = send(child, bytes);
    let before = -1;
    // Until nothing moves any more.
    await expect.poll(() => before === (before = child.bytesWritten - child.writableLength), { interval: 50, timeout: 5_000 }).toBe(true);
    expect(child.writableLength).toBeGreaterThan(0);
    expect(hash(await receive(origin))).toBe(hash(bytes));
    origin.end();
    child.resume();
    await Promise.all([sent, ended]);
  });

  it("that came before it was there come first", async () => {
    const { child, origin, ended } = await openTunnel(async (early, later) => {
      early.write("first, ");
      later.write("welcome, ");
      await pause();
    });
    child.end("then");
    origin.end("friend");
    expect((await receive(origin)).toString()).toBe("first, then");
    expect((await receive(child)).toString()).toBe("welcome, friend");
    await ended;
  });

  it("that somebody has read and put back come first", async () => {
    const [[child, near], [origin, far]] = [await openPair(), await openPair()];
    near.unshift(Buffer.from("first, "));
    const ended = joinSockets(near, far);
    child.end("then");
    origin.end();
    expect((await receive(origin)).toString()).toBe("first, then");
    child.resume();
    await ended;
  });
});

describe("the end of a tunnel", () => {
  it.each(["child", "origin"] as const)("is half an end while only the %s has ended", async (first) => {
    const tunnel = await openTunnel();
    const [one, other] = first === "child" ? [tunnel.child, tunnel.origin] : [tunnel.origin, tunnel.child];
    one.end("a question");
    expect((await receive(other)).toString()).toBe("a question");
    const answer = randomBytes(MIB);
    await send(other, answer);
    expect(hash(await receive(one))).toBe(hash(answer));
    await tunnel.ended;
  });

  it("may have come before the tunnel", async () => {
    const [[child, near], [origin, far]] = [await openPair(), await openPair()];
    child.end("all at once");
    near.once("readable", () => undefined);
    await expect.poll(() => near.readableLength).toBeGreaterThan(0);
    await pause();
    const ended = joinSockets(near, far);
    expect((await receive(origin)).toString()).toBe("all at once");
    origin.end("fine");
    expect((await receive(child)).toString()).toBe("fine");
    await ended;
  });

  it("may have come, and been heard of, before the tunnel", async () => {
    const [[child, near], [origin, far]] = [await openPair(), await openPair()];
    child.end();
    near.resume();
    await once(near, "end");
    const ended = joinSockets(near, far);
    origin.end("nothing to say?");
    expect((await receive(origin)).length).toBe(0);
    expect((await receive(child)).toString()).toBe("nothing to say?");
    await ended;
  });

  it.each(["child", "origin"] as const)("is abrupt where the %s resets its connection", async (first) => {
    const tunnel = await openTunnel();
    const [one, other] = first === "child" ? [tunnel.child, tunnel.origin] : [tunnel.origin, tunnel.child];
    one.write("half a");
    await once(other, "data");
    one.resetAndDestroy();
    await Promise.all([tunnel.ended, once(other, "end")]);
    other.destroy();
  });

  it("comes with the end of either socket, whoever ends it", async () => {
    const [[child, near], [origin, far]] = [await openPair(), await openPair()];
    const ended = joinSockets(near, far);
    near.destroy();
    await Promise.all([ended, once(child.resume(), "end"), once(origin.resume(), "end")]);
    expect(far.destroyed).toBe(true);
    for (const socket of [child, origin]) socket.destroy();
  });
});

describe("one buffer", () => {
  it("serves a connection that was accepted, and one that was made", async () => {
    const sides = (await openPair()).map(readIntoOneBuffer);
    expect(sides.every((side) => side !== undefined)).toBe(true);
    for (const side of sides) side?.socket.destroy();
  });

  it("is not for what is no connection, or has ended", async () => {
    const [outer, inner] = await openPair();
    outer.destroy();
    inner.destroy();
    expect([new PassThrough(), makeBareSocket(), inner].map(readIntoOneBuffer)).toEqual([undefined, undefined, undefined]);
  });
});

// Single ports through the wall, over real sockets: everything comes through as it is, each half ends by itself, and nothing stays.
import { once } from "node:events";
import type { AddressInfo, Server, Socket } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { takeOverListener } from "../../../src/wall/net/listener.ts";
import { dialHostPort, openRelay, publishPort } from "../../../src/wall/net/relay.ts";
import { connect, createServer } from "../../support/raw-sockets.ts";

const opened: { close(): unknown }[] = [];
afterEach(() => {
  for (const each of opened.splice(0)) each.close();
});

async function listen(onConnection: (socket: Socket) => void, host = "127.0.0.1"): Promise<{ readonly server: Server; readonly port: number }> {
  const server = createServer({ allowHalfOpen: true }, (socket) => { onConnection(socket.on("error", () => socket.destroy())); });
  server.listen(0, host);
  await once(server, "listening");
  opened.push(server);
  return { server, port: (server.address() as AddressInfo).port };
}

const freePort = async (): Promise<number> => {
  const { server, port } = await listen(() => undefined);
  await new Promise((resolve) => server.close(resolve));
  return port;
};

async function exchange(port: number, bytes: Buffer): Promise<Buffer> {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  const parts: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => parts.push(chunk)).on("error", () => socket.destroy());
  socket.end(bytes);
  await once(socket, "close");
  return Buffer.concat(parts);
}

const BYTES = Buffer.alloc(3_000_000, "0123456789\0\xff");

describe("a published port", () => {
  test("leads to the program's, both ways, and each half ends by itself", async () => {
    // Answers when all of the question is there.
    const inside = await listen((socket) => {
      const parts: Buffer[] = [];
      socket.on("data", (chunk: Buffer) => parts.push(chunk)).once("end", () => socket.end(Buffer.concat([Buffer.from("got "), ...parts])));
    });
    const port = await freePort();
    opened.push(await publishPort(port, () => dialHostPort(inside.port)));
    const [long, short, none] = await Promise.all([exchange(port, BYTES), exchange(port, Buffer.from("a")), exchange(port, Buffer.alloc(0))]);
    expect([long.length, short.length, none.length]).toEqual([BYTES.length + 4, 5, 4]);
    expect(long.subarray(4).equals(BYTES)).toBe(true);
  });

  test("that is taken is said to be, with what to do", async () => {
    const { port } = await listen(() => undefined);
    await expect(publishPort(port, () => Promise.resolve(undefined))).rejects.toMatchObject({ code: "busy", message: `port ${port} of this machine cannot be listened on (EADDRINUSE)` });
  });

  test("ends a connection where the program does not listen, or nobody can tell", async () => {
    const port = await freePort();
    opened.push(await publishPort(port, () => Promise.resolve(undefined)));
    expect(await exchange(port, Buffer.from("a"))).toHaveLength(0);
    const broken = await freePort();
    opened.push(await publishPort(broken, () => Promise.reject(new Error("no channel"))));
    expect(await exchange(broken, Buffer.from("a"))).toHaveLength(0);
  });

  test("closed, ends what is under way and takes nothing more", async () => {
    const inside = await listen((socket) => socket.write("hello"));
    const port = await freePort();
    const published = await publishPort(port, () => dialHostPort(inside.port));
    const socket = connect(port, "127.0.0.1").on("error", () => undefined);
    await once(socket, "data");
    published.close();
    await once(socket, "close");
    await expect(exchange(port, Buffer.from("a"))).rejects.toMatchObject({ code: "ECONNREFUSED" });
  });
});

describe("a port of the host", () => {
  test.each(["127.0.0.1", "::1"])("is reached where a server listens on %s alone, by a listener that was handed over", async (host) => {
    let server: { readonly port: number };
    try {
      server = await listen((socket) => socket.pipe(socket), host);
    } catch {
      // No IPv6 on this machine.
      return;
    }
    const relay = openRelay(() => dialHostPort(server.port));
    const handed = createServer();
    handed.listen(0, "127.0.0.1");
    await once(handed, "listening");
    opened.push(relay, await takeOverListener(handed, relay.accept));
    expect((await exchange((handed.address() as AddressInfo).port, BYTES)).equals(BYTES)).toBe(true);
  });

  test("on which nobody listens is none", async () => {
    expect(await dialHostPort(await freePort())).toBeUndefined();
  });
});

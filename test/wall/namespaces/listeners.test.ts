// The two programs that listen behind a wall give the same sockets: the one in perl, and the one in Node for machines without it.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { createSocket } from "node:dgram";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import type { Listeners } from "../../../src/wall/namespaces/listeners.ts";
import { openListeners } from "../../../src/wall/namespaces/listeners.ts";
import { PERL_LISTENER, sendmsgNumber } from "../../../src/wall/namespaces/perl-listener.ts";
import { NODE, RUN_JS } from "../../support/program.ts";
import { connect, createServer } from "../../support/raw-sockets.ts";

const NODE_LISTENER = [NODE, join(RUN_JS, "../../dist/wall-listener.cjs")] as const;
const number = sendmsgNumber(process.arch)?.toString();
const hasPerl = process.platform === "linux" && number !== undefined && spawnSync("perl", ["-e", "0"]).status === 0;

const programs: Readonly<Record<string, readonly string[]>> = {
  "in Node": NODE_LISTENER,
  ...(hasPerl ? { "in perl": ["perl", "-e", PERL_LISTENER, number, ...NODE_LISTENER], "a perl that cannot": ["perl", "-e", PERL_LISTENER.replace("== 8 &&", "== 9 &&"), number, ...NODE_LISTENER] } : {}),
};

if (!hasPerl) test.skip("[no perl, or no Linux] the listener in perl");

describe.each(Object.entries(programs))("what listens behind a wall, %s", (_, [command = "", ...args]) => {
  const opened: (() => void)[] = [];
  const open = (): Listeners => {
    const listeners = openListeners(spawn(command, args, { stdio: ["ignore", "ignore", "inherit", "ipc"] }));
    opened.push(() => { listeners.close(); });
    return listeners;
  };
  afterEach(() => {
    for (const close of opened.splice(0)) close();
  });

  test("hands over listeners of every address, whatever is asked for at once", async () => {
    const listeners = open();
    const given = await Promise.all(Array.from({ length: 20 }, () => listeners.listen(0)));
    expect(new Set(given.map(({ port }) => port)).size).toBe(20);
    for (const { server, port } of given) {
      server.on("connection", (socket) => socket.end(`port ${port}`));
      for (const host of ["127.0.0.1", "127.0.0.77"]) {
        const socket = connect({ port, host }).setEncoding("utf8");
        const [text] = await once(socket, "data") as [string];
        expect(text).toBe(`port ${port}`);
        socket.destroy();
      }
      server.close();
    }
  });

  test("a port that is taken is told, and what comes after it is granted", async () => {
    const listeners = open();
    const taken = createServer().listen(0);
    await once(taken, "listening");
    const address = taken.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    await expect(listeners.listen(port)).rejects.toThrow(/EADDRINUSE/);
    const { server } = await listeners.listen(0);
    server.close();
    taken.close();
  });

  test("datagrams come in at loopback, and go out", async () => {
    const socket = await open().bind(0);
    const { port, address } = socket.address();
    expect(address).toBe("127.0.0.1");
    socket.on("message", (message, from) => { socket.send(`${String(message)} too`, from.port, from.address); });
    const asker = createSocket("udp4");
    asker.send("hello", port, "127.0.0.1");
    const [answer] = await once(asker, "message") as [Buffer];
    expect(String(answer)).toBe("hello too");
    asker.close();
    socket.close();
  });

  test("connects to loopback: megabytes go through what it gives, and nobody there is no socket", async () => {
    const listeners = open();
    const echo = createServer((socket) => socket.pipe(socket)).listen(0, "127.0.0.1");
    await once(echo, "listening");
    const address = echo.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const socket = await listeners.connect(port);
    if (socket === undefined) throw new Error("no socket");
    const sent = Buffer.alloc(4 * 1024 * 1024, "abcdefghijklmnop");
    let got = 0;
    socket.on("data", (chunk: Buffer) => (got += chunk.length));
    socket.end(sent);
    await once(socket, "end");
    expect(got).toBe(sent.length);
    echo.close();
    await once(echo, "close");
    expect(await listeners.connect(port)).toBeUndefined();
  });

  test("ends with its channel", async () => {
    const child = spawn(command, args, { stdio: ["ignore", "ignore", "inherit", "ipc"] });
    const listeners = openListeners(child);
    const { server } = await listeners.listen(0);
    listeners.close();
    expect(await once(child, "exit")).toEqual([0, null]);
    server.close();
    await expect(listeners.listen(0)).rejects.toThrow(/has ended/);
  });
});

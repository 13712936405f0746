// Real processes and connections: whose they are is the kernel's word.
import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import type { AddressInfo, Server, Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { descends, findPeerInode, openPeerCheck } from "../../src/run/peer-process.ts";
import { connect, createServer } from "../support/raw-sockets.ts";

const CONNECT = 'require("net").connect(Number(process.argv[1]), "127.0.0.1").on("data", () => process.exit())';
let server: Server;
let children: ChildProcess[];
let accepted: Promise<Socket>;

beforeEach(async () => {
  children = [];
  server = createServer();
  accepted = new Promise((resolve) => server.once("connection", resolve));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});

afterEach(() => {
  for (const child of children) child.kill("SIGKILL");
  server.close();
});

const ownPort = (): number => (server.address() as AddressInfo).port;
const start = (command: string, ...args: readonly string[]): ChildProcess => {
  const child = spawn(command, args, { stdio: "ignore" });
  children.push(child);
  return child;
};
const connectionOf = ({ remotePort = 0 }: Socket) => ({ peerPort: remotePort, ownPort: ownPort() });

describe.skipIf(!existsSync("/proc/net/tcp"))("a connection", () => {
  test("of a child and of a grandchild is this process's own", async () => {
    start("sh", "-c", `"${process.execPath}" -e '${CONNECT}' ${ownPort()}; true`);
    const socket = await accepted;
    const { isOwn } = openPeerCheck(process.pid, process.getuid?.());
    expect(isOwn(connectionOf(socket))).toBe(true);
    expect(isOwn(connectionOf(socket))).toBe(true);
    socket.end("x");
  });

  test("of a child is, also where it leads a group of its own", async () => {
    start("sh", "-c", `setsid -w "${process.execPath}" -e '${CONNECT}' ${ownPort()}; true`);
    const socket = await accepted;
    expect(openPeerCheck(process.pid, process.getuid?.()).isOwn(connectionOf(socket))).toBe(true);
    socket.end("x");
  });

  test("of a process that does not descend from the root is not", async () => {
    start(process.execPath, "-e", CONNECT, String(ownPort()));
    const stranger = start("sleep", "60");
    const socket = await accepted;
    expect(openPeerCheck(stranger.pid ?? 0, process.getuid?.()).isOwn(connectionOf(socket))).toBe(false);
    socket.end("x");
  });

  test("that was handed on to init is not", async () => {
    start("sh", "-c", `(setsid "${process.execPath}" -e '${CONNECT}' ${ownPort()} &) `);
    const socket = await accepted;
    expect(openPeerCheck(process.pid, process.getuid?.()).isOwn(connectionOf(socket))).toBe(false);
    socket.end("x");
  });

  test("that is closed, or another's with the same port, is not", async () => {
    const own = connect(ownPort(), "127.0.0.1");
    const socket = await accepted;
    const { peerPort, ownPort: port } = connectionOf(socket);
    const { isOwn } = openPeerCheck(process.pid, process.getuid?.());
    expect(isOwn({ peerPort, ownPort: port })).toBe(true);
    expect(isOwn({ peerPort: port, ownPort: peerPort + 1 })).toBe(false);
    own.destroy();
    await new Promise((resolve) => socket.once("close", resolve).resume());
    expect(isOwn({ peerPort, ownPort: port })).toBe(false);
  });
});

test("without /proc nothing is", () => {
  expect(openPeerCheck(process.pid, process.getuid?.(), "/not-there").isOwn({ peerPort: 1, ownPort: 2 })).toBe(false);
});

test("a row of the kernel's table is read by both its ends", () => {
  const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:9C40 0100007F:0050 01 00000000:00000000 00:00000000 00000000  1000        0 4711 1 0000000000000000 20 4 30 10 -1
   1: 0100007F:0050 0100007F:9C40 01 00000000:00000000 00:00000000 00000000  1000        0 4712 1 0000000000000000 20 4 30 10 -1
   2: 0100007F:9C41 0100007F:0050 06 00000000:00000000 03:00000000 00000000     0        0 0 3 0000000000000000
`;
  expect(findPeerInode(table, { peerPort: 40_000, ownPort: 80 }, 1000)).toBe("4711");
  expect(findPeerInode(table, { peerPort: 40_000, ownPort: 80 }, 1001)).toBeUndefined();
  expect(findPeerInode(table, { peerPort: 40_001, ownPort: 80 }, 1000)).toBeUndefined();
  expect(findPeerInode(table, { peerPort: 40_000, ownPort: 81 }, 1000)).toBeUndefined();
});

test("a way up that leads round in a circle leads nowhere", () => {
  const parents = new Map([[5, 4], [4, 3], [3, 1], [8, 9], [9, 8]]);
  expect([descends(5, 3, parents), descends(3, 3, parents), descends(3, 4, parents), descends(8, 3, parents)]).toEqual([true, true, false, false]);
});

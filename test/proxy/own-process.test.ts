// A browser shows no token. The run's own processes may go without one where no secret goes; whose a connection is, is told in test/run/peer-process.test.ts.
import type { AddressInfo, Server } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { askPlain, openConnect } from "../support/proxy-child.ts";
import type { TestRun } from "../support/proxy-run.ts";
import { makeGrant, openTestRun } from "../support/proxy-run.ts";
import { createServer } from "../support/raw-sockets.ts";
import type { ProxyOptions } from "../../src/proxy/proxy-options.ts";

let server: Server;
let run: TestRun;
let asked: { readonly peerPort: number; readonly ownPort: number }[];

beforeEach(async () => {
  asked = [];
  server = createServer((socket) => {
    socket.on("error", () => undefined).once("data", () => socket.end("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello"));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});

afterEach(async () => {
  await run.proxy.close();
  server.close();
});

const port = (): number => (server.address() as AddressInfo).port;
const open = async (isOwn: boolean, options: Partial<ProxyOptions> = {}): Promise<void> => {
  run = await openTestRun([makeGrant("TOKEN", ["bound.example.test:443"])], { isOwnProcess: (connection) => { asked.push(connection); return isOwn; }, findNextProxy: () => undefined, ...options });
};
const statusOf = async (authority: string): Promise<string> => {
  const { head, socket } = await openConnect(run.proxy, authority, "");
  socket.destroy();
  return head.slice(9, 12);
};

test("a process of the run reaches a host that no secret is bound to", async () => {
  await open(true);
  expect(await statusOf(`localhost:${port()}`)).toBe("200");
  const [{ ownPort } = { ownPort: 0 }] = asked;
  expect(ownPort).toBe(run.proxy.port);
  expect((await askPlain(run.proxy, `GET http://localhost:${port()}/ HTTP/1.1\r\nHost: localhost:${port()}\r\n\r\n`)).status).toBe(200);
});

test("a bound host wants the token of everybody, at every port, and nobody is asked about", async () => {
  await open(true);
  for (const authority of ["bound.example.test:443", "bound.example.test:8443"]) expect(await statusOf(authority)).toBe("407");
  expect((await askPlain(run.proxy, "GET http://bound.example.test/ HTTP/1.1\r\nHost: bound.example.test\r\n\r\n")).status).toBe(407);
  expect((await askPlain(run.proxy, "GET https://bound.example.test/ HTTP/1.1\r\nHost: bound.example.test\r\n\r\n")).status).toBe(407);
  expect(asked).toEqual([]);
});

test("another's process reaches nothing", async () => {
  await open(false);
  expect(await statusOf(`localhost:${port()}`)).toBe("407");
  expect((await askPlain(run.proxy, `GET http://localhost:${port()}/ HTTP/1.1\r\nHost: localhost:${port()}\r\n\r\n`)).status).toBe(407);
  expect(run.events.filter(({ kind }) => kind === "tunnelled")).toEqual([]);
});

test("where other hosts are refused, they are refused to the run's own as well", async () => {
  await open(true, { denyUnmatched: true });
  expect(await statusOf(`localhost:${port()}`)).toBe("403");
});

// Connections end with those who made them. With the run ends every one outwards, also one that is still being made: until then its process could not end.
import { once } from "node:events";
import type { AddressInfo, Socket } from "node:net";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { NextProxy } from "../../src/proxy/upstream/next-proxy.ts";
import { openConnect, openSecure, proxyAuthorization } from "../support/proxy-child.ts";
import { makeGrant, openTestRun } from "../support/proxy-run.ts";
import { connect, createServer } from "../support/raw-sockets.ts";

/** Takes connections and never says a word. */
const mute = createServer((socket) => {
  open.add(socket);
  socket.resume().on("error", () => socket.destroy()).on("close", () => open.delete(socket));
});
const open = new Set<Socket>();
let port: number;

beforeAll(async () => {
  await new Promise<void>((resolve) => mute.listen(0, "127.0.0.1", resolve));
  port = (mute.address() as AddressInfo).port;
});

afterAll(() => {
  mute.close();
});

const ownProxy = (isTls: boolean): NextProxy => ({ isTls, host: "127.0.0.1", port, authorization: undefined });

it.each<readonly [string, () => NextProxy | undefined, boolean]>([
  ["to a bound host", () => undefined, true],
  ["to a bound host through the user's proxy", () => ownProxy(false), true],
  ["to a bound host through the user's proxy over TLS", () => ownProxy(true), true],
  ["of a tunnel through the user's proxy", () => ownProxy(false), false],
])("a connection %s that is still being made", async (_what, next, isBound) => {
  const host = `api.example.test:${port}`;
  const { proxy } = await openTestRun([makeGrant("API_KEY", [isBound ? host : "other.example.test"])], { findNextProxy: next });
  if (isBound) (await openSecure(proxy, host)).write(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  else openConnect(proxy, host).catch(() => undefined);
  await expect.poll(() => open.size).toBe(1);
  await proxy.close();
  await expect.poll(() => open.size, { timeout: 5_000 }).toBe(0);
});

it("a child that hangs up before its TLS greeting is not waited for", async () => {
  const host = `api.example.test:${port}`;
  const { proxy } = await openTestRun([makeGrant("API_KEY", [host])]);
  try {
    const socket = connect({ port: proxy.port, host: "127.0.0.1", allowHalfOpen: true });
    socket.write(`CONNECT ${host} HTTP/1.1\r\nHost: ${host}\r\nProxy-Authorization: ${proxyAuthorization(proxy)}\r\n\r\n`);
    const [head] = (await once(socket, "data")) as [Buffer];
    expect(head.toString()).toMatch(/^HTTP\/1.1 200 /);
    let hasEnded = false;
    socket.resume().once("end", () => (hasEnded = true)).end();
    await expect.poll(() => hasEnded, { timeout: 5_000 }).toBe(true);
    socket.destroy();
  } finally {
    await proxy.close();
  }
});

// A broker's proxy leads to hosts that no secret names as well. A program far away has it lead into the broker's own machine and network: a database that listens for its user alone, a cloud's metadata service, a router's page. However such an address
// is written, and whatever name leads to it, it is refused where no binding names it.
import type { AddressInfo } from "node:net";
import { networkInterfaces } from "node:os";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openProxy } from "../../src/proxy/server.ts";
import { ask, askPlain, openConnect, proxyAuthorization } from "../support/proxy-child.ts";
import type { TestRun } from "../support/proxy-run.ts";
import { makeGrant, openTestRun } from "../support/proxy-run.ts";
import type { RawServer } from "../support/raw-server.ts";
import { openRawServer, plainAnswer } from "../support/raw-server.ts";
import { connect, createBareServer, createServer } from "../support/raw-sockets.ts";
import { makeTestCa } from "../support/test-ca.ts";

const ca = makeTestCa();
const own = Object.values(networkInterfaces()).flatMap((list = []) => list.filter(({ internal, scopeid }) => !internal && (scopeid ?? 0) === 0).map(({ address, family }) => (family === "IPv6" ? `[${address}]` : address)));
const MACHINE = ["127.0.0.1", "localhost", "0.0.0.0", "2130706433", "0x7f.1", "127.1", "127.0.0.2", "[::1]", "[::]", "[::ffff:127.0.0.1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "loopback.example.test", "mixed.example.test", ...own];
const NETWORK = ["10.1.2.3", "172.16.0.1", "192.168.1.1", "100.64.0.1", "169.254.1.1", "198.18.0.1", "[fd00::1]", "[fe80::1]", "[::ffff:10.1.2.3]", "[64:ff9b::a01:203]", "ten.example.test"];
const METADATA = ["169.254.169.254", "metadata.google.internal", "[fd00:ec2::254]", "[::ffff:169.254.169.254]", "cloud.example.test"];
const ADDRESSES: Readonly<Record<string, readonly string[]>> = { "loopback.example.test": ["127.0.0.1"], "mixed.example.test": ["192.0.78.9", "127.0.0.1"], "ten.example.test": ["10.1.2.3"], "cloud.example.test": ["169.254.169.254"] };

let inner: RawServer;
let bound: RawServer;
let run: TestRun;
beforeAll(async () => {
  [inner, bound] = await Promise.all([openRawServer(undefined, () => plainAnswer("inner")), openRawServer(ca.identityFor("localhost"), () => plainAnswer("bound"))]);
  run = await openTestRun([makeGrant("API_KEY", [`localhost:${bound.port}`]), makeGrant("NARROW_KEY", [`inner.example.test:${bound.port}`], { allowPrivate: false }), makeGrant("WIDE_KEY", [`wide.example.test:${bound.port}`])], {
    isElsewhere: true, roots: [ca.certificate],
    resolve: (host) => Promise.resolve((ADDRESSES[host] ?? ["127.0.0.1"]).map((address) => ({ address, family: 4 }))),
  });
});
afterAll(async () => {
  await run.proxy.close();
  await Promise.all([inner.close(), bound.close()]);
});

describe("a program far away does not reach", () => {
  const cases = [["the broker's machine", MACHINE, "private-address"], ["its network", NETWORK, "private-address"], ["its metadata", METADATA, "metadata-address"]] as const;
  for (const [what, names, code] of cases) {
    it.each(names)(`${what} by a tunnel to %s`, async (name) => {
      const { head, socket } = await openConnect(run.proxy, `${name}:${inner.port}`);
      socket.destroy();
      // Of the bound host's other ports, what is spoken there decides.
      if (name !== "localhost") expect(head).toContain(`x-vault-refusal: ${code}`);
      expect(inner.connections()).toBe(0);
    });

    it.each(names)(`${what} by plain HTTP to %s`, async (name) => {
      const authority = `${name}:${inner.port}`;
      const reply = await askPlain(run.proxy, `GET http://${authority}/ HTTP/1.1\r\nHost: ${authority}\r\nProxy-Authorization: ${proxyAuthorization(run.proxy)}\r\n\r\n`);
      expect([reply.status, reply.headers["x-vault-refusal"], inner.connections()]).toEqual([403, code, 0]);
    });
  }

  it("another port of a bound host, whatever is spoken there", async () => {
    for (const first of ["GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", "\x16\x03\x01\x00\x05hello", "SSH-2.0-x\r\n"]) {
      const { socket } = await openConnect(run.proxy, `localhost:${inner.port}`);
      socket.write(first, "latin1");
      await new Promise((resolve) => socket.once("close", resolve).once("data", resolve));
      socket.destroy();
      expect(inner.connections()).toBe(0);
    }
  });

  it.each(["127.0.0.1", "10.1.2.3", "loopback.example.test"])("%s, where the machine of the run says that its program has dialled it", async (host) => {
    const proxy = await openProxy({
      grants: [], denyUnmatched: false, strict: false, roots: [], enter: () => undefined, flush: () => undefined, isRevoked: () => false, isElsewhere: true, listens: false,
      resolve: () => Promise.resolve([{ address: "127.0.0.1", family: 4 }]),
    });
    const door = createBareServer({ pauseOnConnect: true }, (socket) => { proxy.admit(socket, { kind: "direct", authority: { host, port: inner.port } }); });
    await new Promise<void>((resolve) => door.listen(0, "127.0.0.1", resolve));
    const socket = connect((door.address() as AddressInfo).port, "127.0.0.1");
    const answer = new Promise<string>((resolve) => socket.once("data", (chunk: Buffer) => { resolve(chunk.toString("latin1")); }));
    socket.write(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    expect(await answer).toContain("x-vault-refusal: private-address");
    expect(inner.connections()).toBe(0);
    socket.destroy();
    await proxy.close();
    await new Promise((resolve) => door.close(resolve));
  });

  it("a bound host at a private address, unless its secret allows that", async () => {
    const before = bound.connections();
    const narrow = await ask(run.proxy, `inner.example.test:${bound.port}`, `GET / HTTP/1.1\r\nHost: inner.example.test:${bound.port}\r\n\r\n`);
    expect([narrow.status, narrow.headers["x-vault-refusal"], bound.connections()]).toEqual([403, "private-address", before]);
  });

  it("what a proxy on the broker's way out would lead it to, by a name of its choosing", async () => {
    const asked: string[] = [];
    const next = createServer((socket) => { socket.on("error", () => undefined).once("data", (chunk: Buffer) => { asked.push(chunk.toString("latin1").split("\r\n")[0] ?? ""); socket.end("HTTP/1.1 502 Bad Gateway\r\n\r\n"); }); });
    await new Promise<void>((resolve) => next.listen(0, "127.0.0.1", resolve));
    const behind = await openTestRun([makeGrant("API_KEY", ["api.example.test:443"])], { isElsewhere: true, findNextProxy: () => ({ isTls: false, host: "127.0.0.1", port: (next.address() as AddressInfo).port, authorization: undefined }) });
    for (const authority of ["inner.corp.example:443", "other.example:80"]) {
      const { head, socket } = await openConnect(behind.proxy, authority);
      socket.destroy();
      expect(head).toContain("x-vault-refusal: private-address");
    }
    const plain = await askPlain(behind.proxy, `GET http://inner.corp.example/ HTTP/1.1\r\nHost: inner.corp.example\r\nProxy-Authorization: ${proxyAuthorization(behind.proxy)}\r\n\r\n`);
    expect([plain.status, plain.headers["x-vault-refusal"], asked]).toEqual([403, "private-address", []]);
    // What a secret is bound to goes by way of it.
    const bound = await ask(behind.proxy, "api.example.test:443", "GET / HTTP/1.1\r\nHost: api.example.test\r\n\r\n");
    expect([bound.status, asked]).toEqual([502, ["CONNECT api.example.test:443 HTTP/1.1"]]);
    await behind.proxy.close();
    await new Promise((resolve) => next.close(resolve));
  });

  it("but reaches what a binding names", async () => {
    const reply = await ask(run.proxy, `localhost:${bound.port}`, `GET / HTTP/1.1\r\nHost: localhost:${bound.port}\r\n\r\n`);
    expect([reply.status, reply.body]).toEqual([200, "bound"]);
  });
});

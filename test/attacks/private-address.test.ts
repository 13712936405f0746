// DNS rebinding: the name of a bound host resolves to this machine, the office's network or a tunnel's end, now or at the second look, and the secret goes to
// whatever listens there (with a certificate, if the attacker has the name). A bound host is at public addresses unless its binding says otherwise; every
// address is judged, also what it carries inside; and the address that was judged is the one that is dialled.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ask, askPlain, openConnect, proxyAuthorization } from "../support/proxy-child.ts";
import { makeGrant, openTestRun, VALUE } from "../support/proxy-run.ts";
import type { RawServer } from "../support/raw-server.ts";
import { openRawServer, plainAnswer } from "../support/raw-server.ts";
import { makeTestCa } from "../support/test-ca.ts";

const ca = makeTestCa();
let server: RawServer;
let host: string;
beforeAll(async () => {
  server = await openRawServer(ca.identityFor("api.example.test"), () => plainAnswer("fine"));
  host = `api.example.test:${server.port}`;
});
afterAll(() => server.close());

const resolveTo = (...addresses: readonly string[]) => () => Promise.resolve(addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 })));

/** One request with the secret, to a host that is at these addresses. */
async function askAt(addresses: readonly string[], allowPrivate: boolean): Promise<{ status: number; code: string | undefined; last: unknown }> {
  const grant = makeGrant("API_KEY", [host], { allowPrivate });
  const run = await openTestRun([grant], { roots: [ca.certificate], resolve: resolveTo(...addresses) });
  try {
    const reply = await ask(run.proxy, host, `GET / HTTP/1.1\r\nHost: ${host}\r\nX-Api-Key: ${grant.placeholder}\r\n\r\n`);
    return { status: reply.status, code: reply.headers["x-vault-refusal"], last: run.events.at(-1) };
  } finally {
    await run.proxy.close();
  }
}

describe("a bound host is refused at", () => {
  it.each([
    ["loopback", "127.0.0.1"], ["loopback's far end", "127.255.255.254"], ["loopback in IPv6", "::1"], ["no address", "0.0.0.0"], ["this network", "0.1.2.3"], ["no address in IPv6", "::"],
    ["private 10/8", "10.1.2.3"], ["private 172.16/12", "172.31.255.1"], ["private 192.168/16", "192.168.1.1"], ["CGNAT", "100.64.0.1"], ["CGNAT's end", "100.127.255.254"], ["link-local", "169.254.1.1"],
    ["benchmarks", "198.18.0.1"], ["documentation", "203.0.113.9"], ["multicast", "224.0.0.1"], ["broadcast", "255.255.255.255"], ["reserved", "240.0.0.1"], ["6to4's relay", "192.88.99.1"],
    ["link-local in IPv6", "fe80::1"], ["site-local", "fec0::1"], ["ULA", "fd12:3456::1"], ["ULA's other half", "fc00::1"], ["multicast in IPv6", "ff02::1"], ["documentation in IPv6", "2001:db8::1"],
    ["a v4-mapped loopback", "::ffff:127.0.0.1"], ["a v4-mapped private", "::ffff:10.0.0.1"], ["a v4-mapped public", "::ffff:8.8.8.8"], ["a v4-mapped loopback in hex", "::ffff:7f00:1"], ["a v4-compatible", "::7f00:1"],
    ["NAT64 to loopback", "64:ff9b::7f00:1"], ["NAT64 to a private", "64:ff9b::10.0.0.1"], ["local NAT64", "64:ff9b:1::1"], ["6to4 to loopback", "2002:7f00:1::"], ["6to4 to a private", "2002:a00:1::1"], ["Teredo", "2001:0:4136:e378::1"],
    ["the discard prefix", "100::1"],
  ])("%s: %s", async (_kind, address) => {
    const reply = await askAt([address], false);
    expect([reply.status, reply.code]).toEqual([403, "private-address"]);
    expect(reply.last).toMatchObject({ remedy: "if that is meant: vault secrets update API_KEY --allow-private" });
    expect(server.received()).toBe("");
  });

  it.each([
    ["a public address and a private one", ["93.184.216.34", "127.0.0.1"]],
    ["a private address and a public one", ["127.0.0.1", "93.184.216.34"]],
    ["many, of which the last is private", [...new Array<string>(20).fill("93.184.216.34"), "10.0.0.1"]],
  ])("%s", async (_kind, addresses) => {
    expect((await askAt(addresses, false)).code).toBe("private-address");
    expect(server.received()).toBe("");
  });
});

describe("a name", () => {
  it("that changes its mind is asked once, and the address that was judged is dialled", async () => {
    let count = 0;
    const grant = makeGrant("API_KEY", [host]);
    const resolve = () => resolveTo((count += 1) === 1 ? "127.0.0.1" : "169.254.169.254")();
    const run = await openTestRun([grant], { roots: [ca.certificate], resolve });
    try {
      const before = server.received().length;
      expect((await ask(run.proxy, host, `GET / HTTP/1.1\r\nHost: ${host}\r\nX-Api-Key: ${grant.placeholder}\r\n\r\n`)).status).toBe(200);
      expect(server.received().slice(before)).toContain(VALUE);
      expect(count).toBe(1);
    } finally {
      await run.proxy.close();
    }
  });

  it("without an address, or where nobody listens, is unreachable, and says no more", async () => {
    expect(await askAt([], true)).toMatchObject({ status: 502, code: "upstream-unreachable" });
    expect(await askAt(["127.0.0.77"], true)).toMatchObject({ status: 502, code: "upstream-unreachable" });
  });

  it("that is private for one secret is not so for another that does not say so", async () => {
    const [open, guarded] = [makeGrant("OPEN", [host]), makeGrant("GUARDED", [host], { value: "another value entirely", allowPrivate: false })];
    const run = await openTestRun([open, guarded], { roots: [ca.certificate] });
    try {
      const statusOf = async (placeholder: string) => (await ask(run.proxy, host, `GET / HTTP/1.1\r\nHost: ${host}\r\nX-Api-Key: ${placeholder}\r\n\r\n`)).status;
      // Also on the connection that the first has left open.
      expect([await statusOf(open.placeholder), await statusOf(guarded.placeholder), await statusOf(open.placeholder)]).toEqual([200, 403, 200]);
      expect(server.received()).not.toContain("another value entirely");
    } finally {
      await run.proxy.close();
    }
  });
});

describe("a private address works", () => {
  it("where the binding says so", async () => {
    expect((await askAt(["127.0.0.1"], true)).status).toBe(200);
  });

  it.each(["localhost", "127.0.0.1"])("where the binding names it: %s", async (name) => {
    const own = await openRawServer(ca.identityFor(name), () => plainAnswer("fine"));
    const grant = makeGrant("API_KEY", [`${name}:${own.port}`], { allowPrivate: false });
    const run = await openTestRun([grant], { roots: [ca.certificate] });
    try {
      expect((await ask(run.proxy, `${name}:${own.port}`, `GET / HTTP/1.1\r\nHost: ${name}:${own.port}\r\nX-Api-Key: ${grant.placeholder}\r\n\r\n`)).status).toBe(200);
      expect(own.received()).toContain(VALUE);
    } finally {
      await run.proxy.close();
      await own.close();
    }
  });

  it("for a host without a binding, which gets no secret: a development server, say", async () => {
    const run = await openTestRun([makeGrant("API_KEY", [host])], { roots: [ca.certificate] });
    try {
      const { head, socket } = await openConnect(run.proxy, `dev.example.test:${server.port}`);
      expect(head).toMatch(/^HTTP\/1\.1 200 /);
      socket.destroy();
    } finally {
      await run.proxy.close();
    }
  });
});

describe("with --deny-unmatched, what listens on this machine and in its network is reached where a binding names it, and nowhere else", () => {
  it.each(["127.0.0.1", "localhost", "0.0.0.0", "[::1]", "10.0.0.1", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1", "dev.example.test"])("not at %s", async (name) => {
    const own = await openRawServer(undefined, () => plainAnswer("a database without a password"));
    const run = await openTestRun([makeGrant("API_KEY", [host])], { roots: [ca.certificate], denyUnmatched: true });
    try {
      const { head, socket } = await openConnect(run.proxy, `${name}:${own.port}`);
      socket.destroy();
      expect(head).toMatch(/^HTTP\/1\.1 40[03] /);
      const plain = await askPlain(run.proxy, `GET http://${name}:${own.port}/ HTTP/1.1\r\nHost: ${name}:${own.port}\r\nProxy-Authorization: ${proxyAuthorization(run.proxy)}\r\n\r\n`);
      expect([400, 403]).toContain(plain.status);
      expect(own.connections()).toBe(0);
    } finally {
      await run.proxy.close();
      await own.close();
    }
  });
});

// Behind a wall a program needs no proxy: what it dials arrives at the run's proxy with the host that its address stands for. It dials one host and speaks of another: in the TLS greeting, in the Host header, in its target, in the
// second of two requests; it speaks without TLS where a secret is bound, or something else than HTTP; it dials addresses in place of names. In each case the host that was dialled counts, and no value goes anywhere else.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { collect, parseReply } from "../support/proxy-child.ts";
import { makeGrant, VALUE } from "../support/proxy-run.ts";
import type { RawServer } from "../support/raw-server.ts";
import { openRawServer, plainAnswer } from "../support/raw-server.ts";
import { connectTls } from "../support/raw-sockets.ts";
import { makeTestCa } from "../support/test-ca.ts";
import { openUserProxy } from "../support/user-proxy.ts";
import type { WalledRun } from "../support/walled-run.ts";
import { greet, openWalledRun } from "../support/walled-run.ts";

const ca = makeTestCa();
const [NAME, OTHER] = ["api.example.test", "other.example.test"];
const [grant, second] = [makeGrant("API_KEY", []), makeGrant("OTHER_KEY", [], { value: "another value entirely" })];
let server: RawServer;
let otherServer: RawServer;
let run: WalledRun;
beforeAll(async () => {
  [server, otherServer] = await Promise.all([openRawServer(ca.identityFor(NAME), () => plainAnswer("fine")), openRawServer(ca.identityFor(OTHER), () => plainAnswer("other"))]);
  const bound = (name: string, port: number) => [{ host: name, port, wildcard: false }];
  run = await openWalledRun([{ ...grant, bindings: bound(NAME, server.port) }, { ...second, bindings: bound(OTHER, otherServer.port) }], { roots: [ca.certificate] });
});
afterAll(async () => {
  await run.close();
  await Promise.all([server.close(), otherServer.close()]);
});

const get = (host: string, { target = "/MARKER", key = grant.placeholder } = {}): string => `GET ${target} HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${key}\r\n\r\n`;
/** What comes back over TLS that is right in every way. */
const askSecure = async (bytes: string, until = (raw: string): boolean => raw.endsWith("fine")): Promise<string> => {
  const secure = await greet(await run.dial(NAME, server.port), NAME, run.proxy.caCertificate);
  const answer = collect(secure);
  secure.write(bytes, "latin1");
  const raw = await answer.read(until);
  secure.destroy();
  return raw;
};
const askPlainly = async (host: string, port: number, bytes: string): Promise<string> => {
  const socket = await run.dial(host, port);
  const answer = collect(socket);
  socket.write(bytes, "latin1");
  const raw = await answer.read((text) => text.endsWith(")\n"));
  socket.destroy();
  return raw;
};
const refusalOf = (raw: string): unknown[] => [parseReply(raw).status, parseReply(raw).headers["x-vault-refusal"]];

describe("the host that was dialled is the one that counts:", () => {
  it.each([["another host", "evil.example.test"], ["another bound host", OTHER], ["one below", `x.${NAME}`]])("a greeting for %s ends without a certificate", async (_what, servername) => {
    const secure = connectTls({ socket: await run.dial(NAME, server.port), servername, rejectUnauthorized: false });
    const shown = await new Promise((resolve) => {
      secure.once("secureConnect", () => { resolve("a certificate"); });
      secure.once("error", () => { resolve("none"); });
    });
    secure.destroy();
    expect(shown).toBe("none");
    expect(run.events.at(-1)).toMatchObject({ kind: "refused", code: "misdirected", authority: `${NAME}:${server.port}` });
  });

  it.each([
    ["a Host of another", () => get("evil.example.test")],
    ["a Host of another that is bound", () => get(`${OTHER}:${otherServer.port}`)],
    ["that host's own key with its Host", () => get(`${OTHER}:${otherServer.port}`, { key: second.placeholder })],
    ["a Host of the same at another port", () => get(NAME)],
    ["a target of another", () => get(`${NAME}:${server.port}`, { target: `https://${OTHER}:${otherServer.port}/MARKER` })],
  ])("%s is refused in TLS that is right", async (_what, bytes) => {
    expect(refusalOf(await askSecure(bytes(), (raw) => raw.includes("misdirected")))).toEqual([421, "misdirected"]);
    expect([server.received(), otherServer.received()].join("")).not.toContain("MARKER");
  });

  it("the other's key goes to no host but its own", async () => {
    expect(refusalOf(await askSecure(get(`${NAME}:${server.port}`, { key: second.placeholder }), (raw) => raw.includes("(host")))).toEqual([403, "host"]);
    expect(server.received()).not.toContain("another value");
  });

  it("the second of two requests in one write is judged afresh", async () => {
    const raw = await askSecure(`${get(`${NAME}:${server.port}`, { target: "/first" })}${get("evil.example.test")}`, (text) => text.includes("misdirected"));
    expect(raw).toMatch(/^HTTP\/1\.1 200 [\s\S]*HTTP\/1\.1 421 /);
    expect(server.received()).toContain("/first");
    expect(server.received()).not.toContain("MARKER");
  });

  it("a CONNECT in the connection is none", async () => {
    const raw = await askSecure(`CONNECT ${OTHER}:${otherServer.port} HTTP/1.1\r\nHost: ${OTHER}:${otherServer.port}\r\n\r\n`, (text) => text.includes("\r\n\r\n"));
    expect(parseReply(raw).status).toBeGreaterThanOrEqual(400);
    expect(otherServer.connections()).toBe(0);
  });

  it("and it gets the value where all agree, also without a name in the greeting", async () => {
    expect(parseReply(await askSecure(get(`${NAME}:${server.port}`, { target: "/good" }))).status).toBe(200);
    const nameless = await greet(await run.dial(NAME, server.port), "", run.proxy.caCertificate);
    const answer = collect(nameless);
    nameless.write(get(`${NAME}:${server.port}`, { target: "/nameless" }));
    expect(parseReply(await answer.read((raw) => raw.endsWith("fine"))).status).toBe(200);
    nameless.destroy();
    expect(server.received().split(`Bearer ${VALUE}`).length).toBeGreaterThanOrEqual(3);
  });
});

describe("without TLS", () => {
  it("no value goes to a bound host, at its own port or another", async () => {
    expect(refusalOf(await askPlainly(NAME, server.port, get(`${NAME}:${server.port}`)))).toEqual([403, "plain-http"]);
    expect(refusalOf(await askPlainly(NAME, 80, get(NAME)))).toEqual([403, "plain-http"]);
    expect(refusalOf(await askPlainly(NAME, 80, get("evil.example.test")))).toEqual([421, "misdirected"]);
    expect(refusalOf(await askPlainly(NAME, 80, get(NAME, { target: "http://evil.example.test/" })))).toEqual([421, "misdirected"]);
    expect(server.received()).not.toContain("plain");
  });

  it.each([["a mail server's greeting", "EHLO me\r\n"], ["an SSH client's", "SSH-2.0-x\r\n"], ["bytes", "\x00\x01\x02\x03"], ["HTTP/2 as one who knows", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"]])("%s reaches no bound host", async (_what, bytes) => {
    const before = server.connections();
    for (const port of [server.port, 80, 443]) {
      const raw = await askPlainly(NAME, port, bytes);
      if (raw !== "") expect(parseReply(raw).status).toBeGreaterThanOrEqual(400);
      expect(run.events.at(-1)).toMatchObject({ kind: "refused", authority: `${NAME}:${port}` });
    }
    expect(server.connections()).toBe(before);
  });

  it("nor does TLS in which HTTP/1 is not wanted pass a bound host's own port unseen", async () => {
    const before = server.connections();
    await expect(greet(await run.dial(NAME, server.port), NAME, run.proxy.caCertificate, ["h2"])).rejects.toThrow();
    expect(server.connections()).toBe(before);
  });
});

describe("names", () => {
  it("of questions stay here: nobody outside is asked for one until a connection to it is made", async () => {
    const before = run.asked.length;
    for (let count = 0; count < 50; count += 1) await run.resolver.resolve4(`stolen-part-${count}.evil.test`);
    expect(run.asked).toHaveLength(before);
  });

  it("are all one to --deny-unmatched: refused before anybody is asked", async () => {
    const denied = await openWalledRun([{ ...grant, bindings: [{ host: NAME, port: server.port, wildcard: false }] }], { roots: [ca.certificate], denyUnmatched: true });
    try {
      for (const port of [80, 443, server.port]) {
        const socket = await denied.dial("stolen.evil.test", port);
        const answer = collect(socket);
        socket.write("GET / HTTP/1.1\r\nHost: stolen.evil.test\r\n\r\n");
        expect(refusalOf(await answer.read())).toEqual([403, "unmatched-host"]);
      }
      const secure = await denied.dial("stolen.evil.test", 443);
      await expect(greet(secure, "stolen.evil.test", ca.certificate)).rejects.toThrow(/access denied/);
      expect(denied.asked).toEqual([]);
    } finally {
      await denied.close();
    }
  });

  it("without number take no bound host's place", async () => {
    for (let count = 0; count < 70_000; count += 1) run.table.addressOf(`n${count}.flood.test`);
    await expect(run.resolver.resolve4("late.flood.test")).rejects.toMatchObject({ code: "ESERVFAIL" });
    expect(parseReply(await askSecure(get(`${NAME}:${server.port}`, { target: "/after-the-flood" }))).status).toBe(200);
  });

  it.each([["loopback", "127.0.0.1", "private-address"], ["the office's network", "10.0.0.1", "private-address"], ["a metadata service", "169.254.169.254", "metadata-address"]])("that lead a bound host to %s are refused", async (_what, address, code) => {
    const strict = await openWalledRun([{ ...grant, allowPrivate: false, bindings: [{ host: NAME, port: server.port, wildcard: false }] }], { roots: [ca.certificate], resolve: () => Promise.resolve([{ address, family: 4 }]) });
    try {
      const secure = await greet(await strict.dial(NAME, server.port), NAME, strict.proxy.caCertificate);
      const answer = collect(secure);
      secure.write(get(`${NAME}:${server.port}`));
      expect(refusalOf(await answer.read((raw) => raw.includes(code)))).toEqual([403, code]);
      secure.destroy();
      expect(server.received()).not.toContain("MARKER");
    } finally {
      await strict.close();
    }
  });
});

describe("an address", () => {
  it("of a bound host's is no bound host: the server sees the placeholder", async () => {
    const plain = await openRawServer(undefined, () => plainAnswer("fine"));
    const leading = await openUserProxy("anne:pass", undefined, plain.port);
    const next = { isTls: false, host: "127.0.0.1", port: leading.port, authorization: `Basic ${Buffer.from("anne:pass").toString("base64")}` };
    const through = await openWalledRun([{ ...grant, bindings: [{ host: NAME, port: server.port, wildcard: false }] }], { findNextProxy: () => next });
    try {
      const socket = await through.dial("127.9.9.9", 80);
      const answer = collect(socket);
      socket.write(get(NAME));
      expect(parseReply(await answer.read((raw) => raw.endsWith("fine"))).status).toBe(200);
      expect(plain.received()).toContain(grant.placeholder);
      expect(plain.received()).not.toContain(VALUE);
    } finally {
      await through.close();
      await Promise.all([plain.close(), leading.close()]);
    }
  });

  it("that no name was given leads nowhere", async () => {
    const socket = await run.dial("127.1.255.255", server.port);
    expect(await collect(socket).read()).toBe("");
  });
});

describe("to the proxy itself no token is shown, and", () => {
  it("it speaks as on its own port", async () => {
    const socket = await run.dialProxy();
    const head = collect(socket);
    socket.write(`CONNECT ${NAME}:${server.port} HTTP/1.1\r\nHost: ${NAME}:${server.port}\r\n\r\n`);
    expect(await head.read((raw) => raw.includes("\r\n\r\n"))).toMatch(/^HTTP\/1\.1 200 /);
    const secure = await greet(socket, NAME, run.proxy.caCertificate);
    const answer = collect(secure);
    secure.write(get(`${NAME}:${server.port}`, { target: "/by-proxy" }));
    expect(parseReply(await answer.read((raw) => raw.endsWith("fine"))).status).toBe(200);
    secure.destroy();
  });

  it("what is no request to a proxy is refused as there", async () => {
    const socket = await run.dialProxy();
    const answer = collect(socket);
    socket.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    expect(refusalOf(await answer.read())).toEqual([400, "bad-request"]);
  });
});

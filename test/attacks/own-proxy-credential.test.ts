// The way out leads through the user's own proxy, a company's say, which asks for a credential. A program would like to have it, an origin to read it, and the
// proxy in between to read the secret. The credential goes to that proxy only, the secret inside TLS to its host only, and a proxy that refuses ends the request.
import type { TLSSocket } from "node:tls";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { NextProxy } from "../../src/proxy/upstream/next-proxy.ts";
import type { Grant } from "../../src/proxy/grants/grant.ts";
import { ask, askPlain, collect, openConnect, proxyAuthorization } from "../support/proxy-child.ts";
import type { TestRun } from "../support/proxy-run.ts";
import { makeGrant, openTestRun, VALUE } from "../support/proxy-run.ts";
import type { RawServer } from "../support/raw-server.ts";
import { openRawServer, plainAnswer } from "../support/raw-server.ts";
import { connectTls } from "../support/raw-sockets.ts";
import { makeTestCa } from "../support/test-ca.ts";
import type { UserProxy } from "../support/user-proxy.ts";
import { openUserProxy } from "../support/user-proxy.ts";

const CREDENTIAL = "me:a-password-of-the-company";
const ENCODED = Buffer.from(CREDENTIAL).toString("base64");
const ca = makeTestCa();

let server: RawServer;
let plain: UserProxy;
let secure: UserProxy;
let host: string;
let grant: Grant;

beforeAll(async () => {
  server = await openRawServer(ca.identityFor("api.example.test"), () => plainAnswer("hello"));
  plain = await openUserProxy(CREDENTIAL);
  secure = await openUserProxy(CREDENTIAL, ca.identityFor("localhost"));
  host = `api.example.test:${server.port}`;
  grant = makeGrant("API_KEY", [host], { allowPrivate: false });
});

afterAll(async () => {
  await Promise.all([plain.close(), secure.close(), server.close()]);
});

const request = (): string => `GET /path HTTP/1.1\r\nHost: ${host}\r\nX-Api-Key: ${grant.placeholder}\r\n\r\n`;

describe.each(["http", "https"] as const)("the user's own proxy, reached over %s", (kind) => {
  let own: UserProxy;
  let next: NextProxy;

  beforeEach(() => {
    own = kind === "https" ? secure : plain;
    next = { isTls: kind === "https", host: "localhost", port: own.port, authorization: `Basic ${ENCODED}` };
  });

  /** Nothing here may resolve a name: that is the other proxy's to do. */
  const withRun = async <T>(use: (run: TestRun) => Promise<T>, proxy: NextProxy = next, grants = [grant]): Promise<T> => {
    const resolve = (name: string): Promise<never> => Promise.reject(new Error(`resolved ${name}`));
    const run = await openTestRun(grants, { roots: [ca.certificate], findNextProxy: () => proxy, resolve });
    try {
      return await use(run);
    } finally {
      await run.proxy.close();
      expect(JSON.stringify(run.events)).not.toContain(ENCODED);
    }
  };
  const asked = (): string[] => own.requests().map(({ method, target }) => `${method} ${target}`);

  it("is gone through to a bound host, which gets the value and not the proxy's credential", async () => {
    const before = server.received().length;
    const reply = await withRun((run) => ask(run.proxy, host, request()));
    expect([reply.status, reply.body]).toEqual([200, "hello"]);
    expect(asked().at(-1)).toBe(`CONNECT ${host}`);
    const received = server.received().slice(before);
    expect(received).toContain(VALUE);
    expect(received).not.toContain(ENCODED);
    expect(received.toLowerCase()).not.toContain("proxy-authorization");
  });

  it("is gone through by a blind tunnel", async () => {
    const before = server.received().length;
    await withRun(async (run) => {
      const { socket, head } = await openConnect(run.proxy, host);
      expect(head).toMatch(/^HTTP\/1\.1 200/);
      const child: TLSSocket = connectTls({ socket, ca: ca.certificate, servername: "api.example.test" });
      child.write(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
      expect(await collect(child).read((raw) => raw.endsWith("hello"))).toContain("200 OK");
      child.destroy();
    }, next, []);
    expect(asked().at(-1)).toBe(`CONNECT ${host}`);
    expect(server.received().slice(before)).not.toContain(ENCODED);
  });

  it("gets plain requests with their whole URL, with its credential and not the run's token", async () => {
    const reply = await withRun((run) => askPlain(run.proxy, `GET http://plain.example.test/p?q HTTP/1.1\r\nHost: plain.example.test\r\nProxy-Authorization: ${proxyAuthorization(run.proxy)}\r\n\r\n`));
    expect([reply.status, reply.body]).toEqual([200, "proxied http://plain.example.test:80/p?q"]);
    expect(own.requests().at(-1)).toMatchObject({ isAdmitted: true });
  });

  it("is named in the refusal where it does not let us through, and its credential is not", async () => {
    const wrong = { ...next, authorization: `Basic ${Buffer.from("me:wrong-password").toString("base64")}` };
    const reply = await withRun((run) => ask(run.proxy, host, request()), wrong);
    expect([reply.status, reply.headers["x-vault-refusal"]]).toEqual([502, "upstream-unreachable"]);
    expect(reply.body).toContain("your own proxy answered 407");
    expect(reply.raw).not.toMatch(/wrong-password|bWU6/);
    const gone = await withRun((run) => ask(run.proxy, host, request()), { ...next, port: 1 });
    expect(gone.body).toContain("your own proxy localhost:1 cannot be reached (ECONNREFUSED)");
  });

  it("is not asked for a bound private address, nor for metadata services", async () => {
    const before = asked().length;
    const bound = makeGrant("OTHER", ["metadata.google.internal"], { allowPrivate: true });
    await withRun(async (run) => {
      expect((await ask(run.proxy, "metadata.google.internal:443", `GET / HTTP/1.1\r\nHost: metadata.google.internal\r\nX-Api-Key: ${bound.placeholder}\r\n\r\n`)).headers["x-vault-refusal"]).toBe("metadata-address");
      expect((await openConnect(run.proxy, "169.254.169.254:443")).head).toContain("metadata-address");
    }, next, [bound]);
    expect(asked().length).toBe(before);
  });
});

it("a proxy over TLS must show a certificate that is trusted", async () => {
  const run = await openTestRun([grant], { roots: [makeTestCa().certificate], findNextProxy: () => ({ isTls: true, host: "localhost", port: secure.port, authorization: `Basic ${ENCODED}` }) });
  const before = secure.requests().length;
  try {
    expect((await ask(run.proxy, host, request())).body).toContain("your own proxy localhost:");
    expect(secure.requests().length).toBe(before);
  } finally {
    await run.proxy.close();
  }
});

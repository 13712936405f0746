// `GET https://host/…` asked of the proxy itself, without CONNECT: the bytes are those of axios 1.7 on Node 20 with HTTPS_PROXY set.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Grant } from "../../src/proxy/grants/grant.ts";
import { askPlain, proxyAuthorization } from "../support/proxy-child.ts";
import type { TestRun } from "../support/proxy-run.ts";
import { makeGrant, openTestRun, VALUE } from "../support/proxy-run.ts";
import type { Answer, RawServer } from "../support/raw-server.ts";
import { openRawServer, plainAnswer } from "../support/raw-server.ts";
import type { TestCa } from "../support/test-ca.ts";
import { makeTestCa } from "../support/test-ca.ts";

let ca: TestCa;
let server: RawServer;
let run: TestRun;
let grant: Grant;
let other: Grant;
let host: string;
let answer: Answer;
let before: number;

beforeAll(async () => {
  ca = makeTestCa();
  server = await openRawServer(ca.identityFor("api.example.test"), (request, socket) => answer(request, socket));
  host = `api.example.test:${server.port}`;
  grant = makeGrant("API_KEY", [host]);
  other = makeGrant("OTHER", ["other.example.test"], { value: "value-of-the-other-one" });
  run = await openTestRun([grant, other], { roots: [ca.certificate] });
});

beforeEach(() => {
  answer = () => plainAnswer("fine");
  before = server.received().length;
});

afterAll(async () => {
  await run.proxy.close();
  await server.close();
});

const received = (): string => server.received().slice(before);

/** As axios writes it. */
function axios(url: string, more: readonly string[] = [], { method = "GET", asHost = /\/\/([^/]*)/.exec(url)?.[1] ?? "", authorization = proxyAuthorization(run.proxy), body = "" } = {}): string {
  const lines = [`${method} ${url} HTTP/1.1`, "Accept: application/json, text/plain, */*", ...more, "User-Agent: axios/1.7.9", "Accept-Encoding: gzip, compress, deflate, br", ...(authorization === "" ? [] : [`Proxy-Authorization: ${authorization}`]), `host: ${asHost}`, "Connection: keep-alive"];
  return `${lines.join("\r\n")}\r\n\r\n${body}`;
}

const bearer = (held: Grant): string => `authorization: Bearer ${held.placeholder}`;

describe("to a bound host", () => {
  test("the value goes out over verified TLS, in origin-form, and without the proxy's password", async () => {
    expect((await askPlain(run.proxy, axios(`https://${host}/x?y=1`, [bearer(grant)]))).status).toBe(200);
    expect(received()).toMatch(/^GET \/x\?y=1 HTTP\/1\.1\r\n/);
    expect(received()).toContain(`authorization: Bearer ${VALUE}\r\n`);
    expect(received()).not.toMatch(/proxy-authorization|vault_ph_/i);
    expect(run.events.at(-1)).toMatchObject({ kind: "substituted", authority: host, secrets: ["API_KEY"] });
  });

  test("a body goes with it, and the value comes back as the placeholder", async () => {
    answer = () => plainAnswer(`you sent ${VALUE}`, `X-Echo: ${VALUE}`);
    const reply = await askPlain(run.proxy, axios(`https://${host}/x`, [bearer(grant), "Content-Type: application/json", "Content-Length: 7"], { method: "POST", body: '{"a":1}' }));
    expect(reply.body).toBe(`you sent ${grant.placeholder}`);
    expect(reply.raw).not.toContain(VALUE);
    expect(received()).toMatch(/\r\n\r\n\{"a":1\}$/);
  });

  test.each([
    ["another Host", 421, "misdirected", (): string => axios(`https://${host}/`, [bearer(grant)], { asHost: "other.example.test" })],
    ["two Hosts", 400, "bad-request", (): string => axios(`https://${host}/`, [bearer(grant), `Host: ${host}`])],
    ["a user name in the URL", 400, "bad-request", (): string => axios(`https://me@${host}/`, [bearer(grant)], { asHost: host })],
    ["another secret's placeholder", 403, "host", (): string => axios(`https://${host}/`, [bearer(other)])],
    ["the placeholder twice", 400, "repeated", (): string => axios(`https://${host}/`, [`cookie: a=${grant.placeholder}; b=${grant.placeholder}`])],
    ["a port that no secret is bound to", 403, "host", (): string => axios("https://api.example.test/", [bearer(grant)])],
    ["a change of protocol", 501, "upgrade", (): string => axios(`https://${host}/`, [bearer(grant), "Upgrade: h2c"])],
    ["plain HTTP", 403, "plain-http", (): string => axios(`http://${host}/`, [bearer(grant)])],
    ["no password", 407, "proxy-auth", (): string => axios(`https://${host}/`, [bearer(grant)], { authorization: "" })],
    ["another password", 407, "proxy-auth", (): string => axios(`https://${host}/`, [bearer(grant)], { authorization: "Basic dmF1bHQ6dG9r" })],
  ] as const)("the rules hold: %s is refused (%i)", async (_what, status, code, request) => {
    const reply = await askPlain(run.proxy, request());
    expect([reply.status, reply.headers["x-vault-refusal"]]).toEqual([status, code]);
    expect(received()).toBe("");
    // Of one without a password it is told when the connection is over.
    await expect.poll(() => run.events.at(-1)).toMatchObject({ kind: "refused", code });
  });

  test("the upstream's certificate is verified", async () => {
    const strangers = await openTestRun([grant], { roots: [makeTestCa().certificate] });
    const reply = await askPlain(strangers.proxy, axios(`https://${host}/`, [bearer(grant)], { authorization: proxyAuthorization(strangers.proxy) }));
    await strangers.proxy.close();
    expect([reply.status, reply.headers["x-vault-refusal"]]).toEqual([502, "upstream-certificate"]);
    expect(received()).toBe("");
  });

  test("after vault lock nothing is put in", async () => {
    const locked = await openTestRun([grant], { roots: [ca.certificate], isRevoked: () => true });
    const reply = await askPlain(locked.proxy, axios(`https://${host}/`, [bearer(grant)], { authorization: proxyAuthorization(locked.proxy) }));
    await locked.proxy.close();
    expect([reply.status, reply.headers["x-vault-refusal"]]).toEqual([403, "locked"]);
    expect(received()).toBe("");
  });
});

describe("to any other host", () => {
  test("it is refused, and told what to do", async () => {
    const reply = await askPlain(run.proxy, axios(`https://unbound.example.test:${server.port}/`));
    expect([reply.status, reply.headers["x-vault-refusal"]]).toEqual([400, "bad-request"]);
    expect(reply.body).toContain("axios does from 1.17 on");
    expect(received()).toBe("");
  });

  test("as it is where the run denies such hosts", async () => {
    const denying = await openTestRun([grant], { denyUnmatched: true });
    const reply = await askPlain(denying.proxy, axios("https://unbound.example.test/", [], { authorization: proxyAuthorization(denying.proxy) }));
    await denying.proxy.close();
    expect(reply.headers["x-vault-refusal"]).toBe("unmatched-host");
  });
});

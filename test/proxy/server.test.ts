import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Grant } from "../../src/proxy/grants/grant.ts";
import { ask, askPlain, collect, openConnect, openSecure, proxyAuthorization } from "../support/proxy-child.ts";
import type { TestRun } from "../support/proxy-run.ts";
import { makeGrant, openTestRun, VALUE } from "../support/proxy-run.ts";
import type { RawServer } from "../support/raw-server.ts";
import { openRawServer, plainAnswer } from "../support/raw-server.ts";
import { connectTls } from "../support/raw-sockets.ts";
import { makeTestCa } from "../support/test-ca.ts";

const ca = makeTestCa();
let bound: RawServer;
let blind: RawServer;
let plain: RawServer;
let run: TestRun;
let grant: Grant;
let host: string;

beforeAll(async () => {
  bound = await openRawServer(ca.identityFor("api.example.test"), () => plainAnswer("fine"));
  blind = await openRawServer(ca.identityFor("blind.example.test"), (request) => plainAnswer(`blind ${request.length}`));
  plain = await openRawServer(undefined, () => plainAnswer(`plain ${VALUE}`));
  host = `api.example.test:${bound.port}`;
  grant = makeGrant("API_KEY", [host]);
  run = await openTestRun([grant], { roots: [ca.certificate] });
});

afterAll(async () => {
  await run.proxy.close();
  await Promise.all([bound.close(), blind.close(), plain.close()]);
});

describe("a blind tunnel", () => {
  const authority = (): string => `blind.example.test:${blind.port}`;

  it("shows the child the server's own certificate (ground rule 1)", async () => {
    const secure = await openSecure(run.proxy, authority(), "blind.example.test", ca.certificate);
    expect(secure.getPeerCertificate().subject.CN).toBe("blind.example.test");
    const answer = collect(secure);
    secure.write(`GET / HTTP/1.1\r\nHost: x\r\nX-Api-Key: ${grant.placeholder}\r\n\r\n`);
    expect(await answer.read((raw) => raw.includes("blind "))).toContain("blind ");
    secure.destroy();
    expect(blind.received()).toContain(grant.placeholder);
    expect(run.events.at(-1)).toMatchObject({ kind: "tunnelled", authority: authority() });
  });

  it("passes on a half-close", async () => {
    const half = await openRawServer(undefined, () => undefined);
    try {
      const { socket } = await openConnect(run.proxy, `blind.example.test:${half.port}`);
      socket.end("last words");
      await expect.poll(() => half.received()).toBe("last words");
    } finally {
      await half.close();
    }
  });

  it("is refused in a run that denies unmatched hosts, as plain HTTP is", async () => {
    const denying = await openTestRun([grant], { roots: [ca.certificate], denyUnmatched: true });
    try {
      const { head, socket } = await openConnect(denying.proxy, authority());
      expect(head).toMatch(/^HTTP\/1\.1 403 /);
      expect(head).toContain("x-vault-refusal: unmatched-host");
      socket.destroy();
      const reply = await askPlain(denying.proxy, `GET http://plain.example.test:${plain.port}/ HTTP/1.1\r\nHost: plain.example.test:${plain.port}\r\nProxy-Authorization: ${proxyAuthorization(denying.proxy)}\r\n\r\n`);
      expect([reply.status, reply.headers["x-vault-refusal"]]).toEqual([403, "unmatched-host"]);
      expect((await ask(denying.proxy, host, `GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`)).status).toBe(200);
    } finally {
      await denying.proxy.close();
    }
  });
});

describe("plain HTTP", () => {
  const request = (name: string, ...headers: readonly string[]): string =>
    [`GET http://${name}:${plain.port}/a?b HTTP/1.1`, `Host: ${name}:${plain.port}`, `Proxy-Authorization: ${proxyAuthorization(run.proxy)}`, "Proxy-Connection: keep-alive", ...headers, "", ""].join("\r\n");

  it("passes to a host without a binding, unseen, without what was meant for the proxy", async () => {
    const before = plain.received().length;
    const reply = await askPlain(run.proxy, request("plain.example.test", "Accept-Encoding: gzip"));
    expect([reply.status, reply.body]).toEqual([200, `plain ${VALUE}`]);
    const sent = plain.received().slice(before);
    expect(sent).toMatch(/^GET \/a\?b HTTP\/1\.1\r\n/);
    expect(sent).toContain("Accept-Encoding: gzip");
    expect(sent).not.toMatch(/proxy-/i);
  });

  it("from a bound name is looked through too", async () => {
    expect((await askPlain(run.proxy, request("api.example.test"))).body).toBe(`plain ${grant.placeholder}`);
  });

  it.each([
    ["a credential header", () => request("api.example.test", `Authorization: Bearer ${grant.placeholder}`)],
    ["Basic", () => request("api.example.test", `Authorization: Basic ${Buffer.from(`a:${grant.placeholder}`).toString("base64")}`)],
    ["any header", () => request("plain.example.test", `X-Note: ${grant.placeholder}`)],
    ["the query", () => request("plain.example.test").replace("a?b", `a?${grant.placeholder}`)],
  ])("with a placeholder in %s is refused", async (_where, text) => {
    const before = plain.received().length;
    const reply = await askPlain(run.proxy, text());
    expect([reply.status, reply.headers["x-vault-refusal"]]).toEqual([403, "plain-http"]);
    expect(plain.received().length).toBe(before);
  });
});

describe("the end of a run", () => {
  it("ends every connection, and the port", async () => {
    const short = await openTestRun([grant], { roots: [ca.certificate] });
    const secure = await openSecure(short.proxy, host);
    const tunnelled = await openConnect(short.proxy, `blind.example.test:${blind.port}`);
    const [one, two] = [collect(secure), collect(tunnelled.socket)];
    await short.proxy.close();
    await Promise.all([one.read(), two.read()]);
    await expect(ask(short.proxy, host, `GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`)).rejects.toThrow();
  });

  it("has another token and another CA each time", async () => {
    const other = await openTestRun([grant]);
    try {
      expect(other.proxy.url).not.toContain(new URL(run.proxy.url).password);
      expect(new URL(run.proxy.url).password).toMatch(/^[0-9a-f]{64}$/);
      const { socket } = await openConnect(other.proxy, host);
      await expect(
        new Promise((resolve, reject) => {
          connectTls({ socket, ca: run.proxy.caCertificate, servername: "api.example.test" }, () => {
            resolve(undefined);
          }).once("error", reject);
        }),
      ).rejects.toThrow();
      expect(createHash("sha256").update(other.proxy.caCertificate).digest("hex")).not.toBe(createHash("sha256").update(run.proxy.caCertificate).digest("hex"));
    } finally {
      await other.proxy.close();
    }
  });
});

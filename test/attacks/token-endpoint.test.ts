// The agent alone asks for a login's tokens. A program that asks by itself, with a grant of its own (a device code that its person has confirmed, say), would have tokens that nobody keeps from it, at a host that the run is trusted with.
import { afterEach, describe, expect, it } from "vitest";
import { ask, askPlain, openConnect, openSecure, proxyAuthorization } from "../support/proxy-child.ts";
import type { TestRun } from "../support/proxy-run.ts";
import { makeGrant, openTestRun } from "../support/proxy-run.ts";
import type { RawServer } from "../support/raw-server.ts";
import { openRawServer, plainAnswer } from "../support/raw-server.ts";
import { makeTestCa } from "../support/test-ca.ts";
import { COMMAND } from "../support/attack-stage.ts";

const NAME = "auth.example.test";
const GRANT = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code&device_code=mine";

let closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing) await close();
  closing = [];
});

/** @param isBound whether the secret may go to the host of its token endpoint as well. */
async function open(isBound: boolean, path = "/oauth/token"): Promise<{ readonly run: TestRun; readonly server: RawServer; readonly host: string; readonly placeholder: string }> {
  const ca = makeTestCa();
  const server = await openRawServer(ca.identityFor(NAME), () => plainAnswer("fine"));
  const host = `${NAME}:${server.port}`;
  const closedEndpoints = [{ authority: { host: NAME, port: server.port }, path }];
  const grant = makeGrant("LOGIN", ["api.example.test", ...(isBound ? [host] : [])], { closedEndpoints });
  const run = await openTestRun([grant], { roots: [ca.certificate] });
  closing.push(() => run.proxy.close(), () => server.close());
  return { run, server, host, placeholder: grant.placeholder };
}

const post = (host: string, target: string, more = ""): string => `POST ${target} HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: ${GRANT.length}\r\n${more}Connection: close\r\n\r\n${GRANT}`;

describe.each([["that the secret is bound to", true], ["that no secret is bound to", false]])("at a host %s", (_which, isBound) => {
  it.each(["/oauth/token", "/oauth/token/", "/oauth/token?x=1", "/OAUTH/Token", "/oauth/%74oken", "/oauth%2Ftoken", "/x/../oauth/token", "//oauth/token", "/oauth/token;x"])("a grant of the program's own is refused, and nothing of it goes out: %s", async (target) => {
    const { run, server, host } = await open(isBound);
    const reply = await ask(run.proxy, host, post(host, target));
    expect([reply.status, reply.headers["x-vault-refusal"], server.received()]).toEqual([403, "token-endpoint", ""]);
    expect(reply.body).not.toMatch(COMMAND);
    const told = run.events.at(-1);
    expect(told).toMatchObject({ kind: "refused", code: "token-endpoint", authority: host, method: "POST", secrets: ["LOGIN"], remedy: expect.stringContaining("vault run -s") as string });
    expect(JSON.stringify(told)).not.toContain("device_code");
  });

  it("is refused by another method, by a header that names the path, and behind a request that was let through", async () => {
    const { run, server, host } = await open(isBound);
    for (const request of [`GET /oauth/token?${GRANT} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`, post(host, "/", "X-Original-URL: /oauth/token\r\n")]) {
      expect((await ask(run.proxy, host, request)).headers["x-vault-refusal"]).toBe("token-endpoint");
    }
    expect(server.received()).toBe("");
    await ask(run.proxy, host, `GET /first HTTP/1.1\r\nHost: ${host}\r\n\r\n${post(host, "/oauth/token")}`);
    expect(server.received()).toContain("GET /first");
    expect(server.received()).not.toContain("device_code");
  });

  it("all else goes on, and comes back", async () => {
    const { run, server, host } = await open(isBound);
    for (const target of ["/oauth/authorize", "/oauth/tokens", "/oauth/token/x", "/repository.git/info/refs?service=git-upload-pack"]) {
      const reply = await ask(run.proxy, host, post(host, target));
      expect([target, reply.status, reply.body]).toEqual([target, 200, "fine"]);
      expect(server.received()).toContain(`POST ${target} HTTP/1.1`);
    }
  });
});

describe("at a host that no secret is bound to", () => {
  it("the run's own certificate is shown, for that port alone", async () => {
    const { run, host } = await open(false);
    const secure = await openSecure(run.proxy, host);
    secure.destroy();
    // At another port it is a host like all others: the way there is a blind tunnel.
    const { socket, head } = await openConnect(run.proxy, `${NAME}:1`);
    socket.destroy();
    expect(head).toMatch(/^HTTP\/1\.1 502/);
  });

  it("a placeholder goes there in no credential", async () => {
    const { run, server, host, placeholder } = await open(false);
    const reply = await ask(run.proxy, host, `GET /userinfo HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${placeholder}\r\nConnection: close\r\n\r\n`);
    expect([reply.headers["x-vault-refusal"], server.received()]).toEqual(["host", ""]);
  });

  it("an https:// URL without CONNECT goes nowhere", async () => {
    const { run, server, host } = await open(false);
    const reply = await askPlain(run.proxy, `POST https://${host}/oauth/token HTTP/1.1\r\nHost: ${host}\r\nProxy-Authorization: ${proxyAuthorization(run.proxy)}\r\nContent-Length: 0\r\n\r\n`);
    expect([reply.status, server.received()]).toEqual([400, ""]);
  });
});

describe("where the run answers in the endpoint's place", () => {
  it("a question with the placeholder has its answer, and one with another grant is refused", async () => {
    const ca = makeTestCa();
    const server = await openRawServer(ca.identityFor(NAME), () => plainAnswer("fine"));
    const endpoint = { authority: { host: NAME, port: server.port }, path: "/token" };
    const host = `${NAME}:${server.port}`;
    const grant = makeGrant("GOOGLE", [host], { tokenEndpoint: endpoint, closedEndpoints: [endpoint] });
    const run = await openTestRun([grant], { roots: [ca.certificate] });
    closing.push(() => run.proxy.close(), () => server.close());
    const asking = (token: string): string => {
      const body = `grant_type=refresh_token&refresh_token=${token}`;
      return `POST /token HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`;
    };
    expect(JSON.parse((await ask(run.proxy, host, asking(grant.placeholder))).body)).toMatchObject({ access_token: grant.placeholder });
    expect((await ask(run.proxy, host, asking("1//mine"))).headers["x-vault-refusal"]).toBe("token-endpoint");
    expect(server.received()).toBe("");
  });
});

// Whoever can listen on another port of the right host (any user of it, a forgotten test server) would like to have the secret too. A binding is for a port:
// at every other one the same name gets a refusal that says so, and requests without the placeholder pass and come back looked through. Other protocols pass there, and carry no value.
import { setImmediate } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import type { AttackStage } from "../support/attack-stage.ts";
import { BOUND_NAME, expectServedWithValue, openOwnStage, openStage } from "../support/attack-stage.ts";
import { ask, askPlain, collect, openConnect, proxyAuthorization } from "../support/proxy-child.ts";
import { VALUE } from "../support/proxy-run.ts";
import type { RawServer } from "../support/raw-server.ts";
import { openRawServer, plainAnswer } from "../support/raw-server.ts";

let stage: AttackStage;
/** The same name, another port, a certificate as good. */
let other: RawServer;
let otherHost: string;
beforeAll(async () => {
  stage = await openStage();
  other = await openRawServer(stage.ca.identityFor(BOUND_NAME), () => plainAnswer(`you know ${VALUE}`));
  otherHost = `${BOUND_NAME}:${other.port}`;
});
afterAll(async () => {
  await stage.close();
  await other.close();
});

describe("at another port of the bound host", () => {
  it.each<[string, () => string]>([
    ["in Authorization", () => `Authorization: Bearer ${stage.grant.placeholder}`],
    ["in Basic", () => `Authorization: Basic ${Buffer.from(`u:${stage.grant.placeholder}`).toString("base64")}`],
    ["in a key", () => `X-Api-Key: ${stage.grant.placeholder}`],
    ["in a cookie", () => `Cookie: s=${stage.grant.placeholder}`],
  ])("the secret is refused %s, with the fix for the person", async (_where, line) => {
    const { length } = other.received();
    const reply = await ask(stage.run.proxy, otherHost, `GET /MARKER HTTP/1.1\r\nHost: ${otherHost}\r\n${line()}\r\n\r\n`);
    expect([reply.status, reply.headers["x-vault-refusal"]]).toEqual([403, "host"]);
    expect(reply.body).toContain(`API_KEY was not sent to ${otherHost}; it may go to ${stage.host}; ask the person`);
    expect(other.received()).toHaveLength(length);
    expect(stage.run.events.at(-1)).toMatchObject({ kind: "refused", code: "host", authority: otherHost, secrets: ["API_KEY"], remedy: `if you trust ${otherHost} with it: vault secrets update API_KEY --host ${otherHost}` });
  });

  it.each<[string, (request: string) => readonly string[]]>([
    ["whole", (request) => [request]],
    ["behind empty lines", (request) => ["\r\n", `\r\n${request}`]],
    ["in pieces", (request) => [request.slice(0, 2), request.slice(2, 9), request.slice(9)]],
  ])("without TLS, in a tunnel, the secret is refused as well: %s", async (_how, pieces) => {
    const plain = await openRawServer(undefined, () => plainAnswer(`you know ${VALUE}`));
    onTestFinished(() => plain.close());
    const host = `${BOUND_NAME}:${plain.port}`;
    for (const line of [`Authorization: Bearer ${stage.grant.placeholder}`, "Accept: text/plain"]) {
      const { socket } = await openConnect(stage.run.proxy, host);
      const answer = collect(socket);
      for (const piece of pieces(`GET /MARKER HTTP/1.1\r\nHost: ${host}\r\n${line}\r\nConnection: close\r\n\r\n`)) {
        socket.write(piece);
        await setImmediate();
      }
      const raw = await answer.read();
      expect(raw).not.toContain(VALUE);
      expect(raw).toContain(line.startsWith("Accept") ? `you know ${stage.grant.placeholder}` : "plain-http");
    }
    expect(plain.received()).not.toContain(stage.grant.placeholder);
  });

  it("another protocol carries the placeholder as it is, and never the value", async () => {
    const plain = await openRawServer(undefined, () => undefined);
    onTestFinished(() => plain.close());
    const { socket } = await openConnect(stage.run.proxy, `${BOUND_NAME}:${plain.port}`);
    socket.end(`AUTH ${stage.grant.placeholder}\r\nGET / HTTP/1.1\r\nAuthorization: Bearer ${stage.grant.placeholder}\r\n\r\n`);
    await collect(socket).read();
    expect(plain.received()).toContain(`AUTH ${stage.grant.placeholder}`);
    expect(plain.received()).not.toContain(VALUE);
  });

  it("a connection for the bound port does not carry a request for the other", async () => {
    const reply = await ask(stage.run.proxy, stage.host, `GET /MARKER HTTP/1.1\r\nHost: ${otherHost}\r\nX-Api-Key: ${stage.grant.placeholder}\r\n\r\n`);
    expect(reply.status).toBe(421);
  });

  it("plain HTTP on the bound port is no way round", async () => {
    const { length } = stage.server.received();
    const reply = await askPlain(stage.run.proxy, `GET http://${stage.host}/MARKER HTTP/1.1\r\nHost: ${stage.host}\r\nX-Api-Key: ${stage.grant.placeholder}\r\nProxy-Authorization: ${proxyAuthorization(stage.run.proxy)}\r\n\r\n`);
    expect([reply.status, reply.headers["x-vault-refusal"]]).toEqual([403, "plain-http"]);
    expect(stage.server.received()).toHaveLength(length);
  });

  it("a request without the placeholder passes, and the value does not come back", async () => {
    const reply = await ask(stage.run.proxy, otherHost, `GET / HTTP/1.1\r\nHost: ${otherHost}\r\n\r\n`);
    expect([reply.status, reply.body]).toEqual([200, `you know ${stage.grant.placeholder}`]);
  });
});

describe("at the bound port", () => {
  it("the secret goes in", async () => {
    await expectServedWithValue(stage, `GET / HTTP/1.1\r\nHost: ${stage.host}\r\nX-Api-Key: ${stage.grant.placeholder}\r\n\r\n`);
  });

  it("a binding for 443 is for 443", async () => {
    const own = await openOwnStage();
    const reply = await ask(own.run.proxy, `${BOUND_NAME}:443`, `GET / HTTP/1.1\r\nHost: ${BOUND_NAME}\r\nX-Api-Key: ${own.grant.placeholder}\r\n\r\n`);
    expect([reply.status, reply.headers["x-vault-refusal"]]).toEqual([403, "host"]);
  });
});

// The port on loopback is open to every user of the machine and to every web page in a browser on it (DNS rebinding, `fetch` to 127.0.0.1). Without the
// run's token there is 407 and nothing else; to a page, which can only ask in origin-form, it is no web server at all: 400, no CORS, no control API, and
// the same whether a guess at the token was good. Strangers cannot fill the audit log either.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AttackStage } from "../support/attack-stage.ts";
import { openOwnStage, openStage } from "../support/attack-stage.ts";
import { ask, askPlain, openConnect, proxyAuthorization } from "../support/proxy-child.ts";

let stage: AttackStage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage.close());

const basic = (text: string): string => `Basic ${Buffer.from(text).toString("base64")}`;
const token = (): string => new URL(stage.run.proxy.url).password;

describe("without the token there is 407:", () => {
  it.each<[string, () => string]>([
    ["nothing", () => ""],
    ["an empty credential", () => "Basic "],
    ["a scheme alone", () => "Basic"],
    ["a wrong token", () => basic(`vault:${"0".repeat(64)}`)],
    ["the last letter wrong", () => basic(`vault:${token().slice(0, -1)}${token().endsWith("0") ? "1" : "0"}`)],
    ["the first letter wrong", () => basic(`vault:${token().startsWith("0") ? "1" : "0"}${token().slice(1)}`)],
    ["half a token", () => basic(`vault:${token().slice(0, 32)}`)],
    ["a token too long", () => basic(`vault:${token()}0`)],
    ["the token in capitals", () => basic(`vault:${token().toUpperCase()}`)],
    ["another user", () => basic(`root:${token()}`)],
    ["no user", () => basic(`:${token()}`)],
    ["the token as the user", () => basic(`${token()}:`)],
    ["the token in clear", () => `Basic vault:${token()}`],
    ["the token as a bearer", () => `Bearer ${token()}`],
    ["another scheme", () => proxyAuthorization(stage.run.proxy).replace("Basic", "Digest")],
    ["the token twice", () => `${proxyAuthorization(stage.run.proxy)}, ${proxyAuthorization(stage.run.proxy)}`],
    ["the token of another run", () => basic(`vault:${"ab".repeat(32)}`)],
  ])("%s", async (_name, authorization) => {
    const { head, socket } = await openConnect(stage.run.proxy, stage.host, authorization());
    socket.destroy();
    expect(head).toMatch(/^HTTP\/1\.1 407 /);
    expect(head).toMatch(/^proxy-authenticate: Basic/m);
    const line = authorization() === "" ? "" : `Proxy-Authorization: ${authorization()}\r\n`;
    expect((await askPlain(stage.run.proxy, `GET http://plain.example.test/ HTTP/1.1\r\nHost: plain.example.test\r\n${line}\r\n`)).status).toBe(407);
    expect(stage.server.received()).toBe("");
  });

  it("also where the host is not said, or would be refused: a stranger learns no binding", async () => {
    for (const authority of ["nowhere", stage.host, "169.254.169.254:80", `127.0.0.1:${stage.run.proxy.port}`]) {
      const { head, socket } = await openConnect(stage.run.proxy, authority, "");
      socket.destroy();
      expect(head).toMatch(/^HTTP\/1\.1 407 /);
    }
  });

  it("the token for a server is not one for the proxy", async () => {
    const reply = await askPlain(stage.run.proxy, `GET http://plain.example.test/ HTTP/1.1\r\nHost: plain.example.test\r\nAuthorization: ${proxyAuthorization(stage.run.proxy)}\r\n\r\n`);
    expect(reply.status).toBe(407);
  });
});

describe("to a web page it is no server:", () => {
  it.each([
    ["GET", "/"], ["GET", "/status"], ["GET", "/api/secrets"], ["POST", "/"], ["OPTIONS", "/"], ["GET", "/.well-known/vault"], ["GET", "//evil.example.test/"], ["OPTIONS", "*"],
  ])("%s %s is 400, token or not, and says nothing to other origins", async (method, target) => {
    for (const line of ["", `Proxy-Authorization: ${proxyAuthorization(stage.run.proxy)}\r\n`]) {
      const reply = await askPlain(stage.run.proxy, `${method} ${target} HTTP/1.1\r\nHost: 127.0.0.1:${stage.run.proxy.port}\r\nOrigin: https://evil.example.test\r\nAccess-Control-Request-Method: GET\r\n${line}\r\n`);
      expect([400, 407]).toContain(reply.status);
      if (target !== "*") expect(reply.status).toBe(400);
      expect(Object.keys(reply.headers).filter((name) => name.startsWith("access-control"))).toEqual([]);
    }
  });

  it("nor under a name of its own, as after rebinding", async () => {
    const reply = await askPlain(stage.run.proxy, `GET / HTTP/1.1\r\nHost: evil.example.test:${stage.run.proxy.port}\r\nProxy-Authorization: ${proxyAuthorization(stage.run.proxy)}\r\n\r\n`);
    expect(reply.status).toBe(400);
  });

  it("nor for a WebSocket, which pages may open anywhere", async () => {
    const reply = await askPlain(stage.run.proxy, `GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`);
    expect(reply.status).toBe(400);
  });
});

describe("a plain target is refused that is", () => {
  it.each(["https://plain.example.test/", "ftp://plain.example.test/", "file:///etc/passwd", "http://a@plain.example.test/", "http://plain.example.test:00080/", "http:///", "plain.example.test/"])("%s", async (target) => {
    const reply = await askPlain(stage.run.proxy, `GET ${target} HTTP/1.1\r\nHost: plain.example.test\r\nProxy-Authorization: ${proxyAuthorization(stage.run.proxy)}\r\n\r\n`);
    expect(reply.status).toBe(400);
  });
});

describe("the audit log", () => {
  it("has the strangers, but not without number", async () => {
    const own = await openOwnStage();
    for (let count = 0; count < 120; count += 1) (await openConnect(own.run.proxy, own.host, "Basic x")).socket.destroy();
    expect(own.run.events).toMatchObject([{ kind: "refused", code: "proxy-auth", authority: null }]);
    // And who has the token is served as before.
    expect((await ask(own.run.proxy, own.host, `GET / HTTP/1.1\r\nHost: ${own.host}\r\n\r\n`)).status).toBe(200);
  });
});

// A CONNECT whose target is no plain host and port: without a port, with a user, a path, an escape, a number written oddly. Node hands all of them on,
// and whoever splits such a text at another place than the proxy does talks to another host. Only what reads in one way is taken.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AttackStage } from "../support/attack-stage.ts";
import { openStage } from "../support/attack-stage.ts";
import { ask, collect, openConnect, proxyAuthorization } from "../support/proxy-child.ts";
import { connect } from "../support/raw-sockets.ts";

let stage: AttackStage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage.close());

describe("CONNECT is refused for", () => {
  it.each([
    "api.example.test", "api.example.test:", "api.example.test:0", "api.example.test:00443", "api.example.test:+443", "api.example.test:-443", "api.example.test:443443", "api.example.test:65536",
    "api.example.test:0x1bb", "api.example.test:4e2", "api.example.test:443:443", "api.example.test::443", ":443", "443", "h:443@evil.example.test:443", "evil@api.example.test:443", "api%2eexample.test:443",
    "api.example.test%00.evil.test:443", "api.example.test:443/path", "api.example.test:443?query", "api.example.test:443#fragment", "api.example.test\\evil:443", "//api.example.test:443", "https://api.example.test:443",
    "*.example.test:443", "*:443", "api..example.test:443", ".example.test:443", "-api.example.test:443", "api.example.test..:443", "::1:443", "[::1]", "[::1:443", "::1]:443", "[::1]x:443", "[fe80::1%25eth0]:443",
    "[api.example.test]:443", "1.2.3.4.5:443", "256.256.256.256:443", "1.2.3:443443", "a b:443", "/", "*",
  ])("%j", async (authority) => {
    const before = stage.run.events.length;
    const { head, socket } = await openConnect(stage.run.proxy, authority);
    socket.destroy();
    expect(head).toMatch(/^HTTP\/1\.1 400 /);
    expect(stage.run.events.slice(before).map(({ kind }) => kind)).toEqual(["refused"]);
    expect(JSON.stringify(stage.run.events.slice(before))).not.toContain("evil");
  });

  it("a target in which a byte of its own stands", async () => {
    for (const byte of ["\0", "\x01", "\x0b", "\x7f", "\x80", "\xa0"]) {
      const { head, socket } = await openConnect(stage.run.proxy, `api${byte}.example.test:443`);
      socket.destroy();
      expect(head).toMatch(/^HTTP\/1\.1 400 /);
    }
  });
});

describe("CONNECT", () => {
  it("is judged by its target, not by its Host", async () => {
    const socket = connect(stage.run.proxy.port, "127.0.0.1");
    socket.write(`CONNECT evil.example.test:443x HTTP/1.1\r\nHost: ${stage.host}\r\nProxy-Authorization: ${proxyAuthorization(stage.run.proxy)}\r\n\r\n`);
    expect(await collect(socket).read()).toMatch(/^HTTP\/1\.1 400 /);
    expect(stage.server.received()).toBe("");
  });

  it.each(["api.example.test", "API.EXAMPLE.TEST", "api.example.test.", "Api.Example.Test."])("works for the bound host as %j with its port", async (name) => {
    const authority = `${name}:${stage.server.port}`;
    const { head, socket } = await openConnect(stage.run.proxy, authority);
    socket.destroy();
    expect(head).toMatch(/^HTTP\/1\.1 200 /);
    expect((await ask(stage.run.proxy, stage.host, `GET / HTTP/1.1\r\nHost: ${stage.host}\r\n\r\n`)).status).toBe(200);
  });
});

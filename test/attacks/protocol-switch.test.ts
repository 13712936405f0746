// A program talks its way out of HTTP/1.1: with `Upgrade: h2c` the rest of the connection would be frames that nobody looks at; HTTP/2's preface, a TRACE
// that echoes the credential, or a CONNECT inside the tunnel do the same. Only a WebSocket is a switch that a bound host's connection may make.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AttackStage } from "../support/attack-stage.ts";
import { converse, expectRefused, expectServedWithValue, openStage } from "../support/attack-stage.ts";
import { openConnect } from "../support/proxy-child.ts";
import { connectTls } from "../support/raw-sockets.ts";

let stage: AttackStage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage.close());

const ask = (start: string, ...lines: readonly string[]): string => [start, `Host: ${stage.host}`, `X-Api-Key: ${stage.grant.placeholder}`, ...lines, "", ""].join("\r\n");

describe("a switch is refused to", () => {
  it.each<[string, readonly string[]]>([
    ["h2c", ["Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA"]],
    ["h2c without its settings", ["Connection: Upgrade", "Upgrade: h2c"]],
    ["h2c, though the Connection does not say so", ["Upgrade: h2c"]],
    ["h2c among others", ["Connection: Upgrade", "Upgrade: websocket, h2c"]],
    ["h2c in a second line", ["Connection: Upgrade", "Upgrade: websocket", "Upgrade: h2c"]],
    ["TLS", ["Connection: Upgrade", "Upgrade: TLS/1.2"]],
    ["a protocol of one's own", ["Connection: Upgrade", "Upgrade: spdy/3"]],
    ["a WebSocket without its key", ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13"]],
  ])("%s", async (_name, lines) => {
    await expectRefused(stage, ask("GET /MARKER HTTP/1.1", ...lines), 501, "upgrade");
  });

  it("h2 in the TLS greeting: HTTP/1.1 is all that is agreed upon", async () => {
    const { socket } = await openConnect(stage.run.proxy, stage.host);
    const secure = connectTls({ socket, servername: "api.example.test", ca: stage.run.proxy.caCertificate, ALPNProtocols: ["h2", "http/1.1"] });
    await new Promise<void>((resolve) => secure.once("secureConnect", () => { resolve(); }));
    expect(secure.alpnProtocol).toBe("http/1.1");
    secure.destroy();
  });
});

describe("a request is refused of", () => {
  it.each<[string, string]>([
    ["HTTP/2's preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
    ["HTTP/0.9", "GET /MARKER\r\n\r\n"],
    ["HTTP/2.0 by name", "GET /MARKER HTTP/2.0\r\nHost: HOST\r\n\r\n"],
    ["HTTP/3 by name", "GET /MARKER HTTP/3\r\nHost: HOST\r\n\r\n"],
    ["another protocol's name", "GET /MARKER ICAP/1.0\r\nHost: HOST\r\n\r\n"],
    ["another protocol's name, of a form like ours", "GET /MARKER RTSP/1.0\r\nHost: HOST\r\n\r\n"],
    ["a first line with a tab in it", "GET\t/MARKER HTTP/1.1\r\nHost: HOST\r\n\r\n"],
    ["the whole server", "OPTIONS * HTTP/1.1\r\nHost: HOST\r\n\r\n"],
    ["a fragment", "GET /MARKER#x HTTP/1.1\r\nHost: HOST\r\n\r\n"],
  ])("%s", async (_name, text) => {
    await expectRefused(stage, text.replace("HOST", stage.host), 400, "bad-request");
  });

  it.each([["TRACE, which would give the credential back", "TRACE"], ["HTTP/2's first word, with a version that is spoken here", "PRI"], ["a method in small letters, which some servers read and others do not", "get"], ["a method that is longer than any rule can name", "A".repeat(33)]])("%s", async (_name, method) => {
    await expectRefused(stage, ask(`${method} /MARKER HTTP/1.1`), 405, "method");
  });

  it.each(["HOST", "evil.example.test:443", "127.0.0.1:22"])("CONNECT inside the tunnel, to %s", async (authority) => {
    const { raw, sent } = await converse(stage, ask(`CONNECT ${authority.replace("HOST", stage.host)} HTTP/1.1`) + ask("GET /MARKER HTTP/1.1"));
    expect(raw).not.toContain(" 200 ");
    expect(sent).toBe("");
  });
});

describe("a request is served of", () => {
  it.each(["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND", "QUERY", "LIST", "M-SEARCH"])("%s", async (method) => {
    await expectServedWithValue(stage, ask(`${method} / HTTP/1.1`));
  });

  it("HTTP/1.0, which goes on as HTTP/1.1", async () => {
    const { sent } = await expectServedWithValue(stage, ask("GET / HTTP/1.0"));
    expect(sent).toMatch(/^GET \/ HTTP\/1\.1\r\n/);
  });
});

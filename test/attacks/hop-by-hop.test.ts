// `Connection: authorization` asks a proxy to drop a header that the next server needs, and `Connection: host` or `content-length` one that it counts on:
// what arrives is a request without its credential, or with another end (RFC 9110 section 7.6.1). Naming a credential or a structural header is refused;
// naming any other drops it, as the RFC says; and what is for the proxy itself never goes on.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AttackStage } from "../support/attack-stage.ts";
import { expectRefused, expectServedWithValue, openStage } from "../support/attack-stage.ts";

let stage: AttackStage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage.close());

const get = (...lines: readonly string[]): string => ["GET / HTTP/1.1", `Host: ${stage.host}`, `X-Api-Key: ${stage.grant.placeholder}`, ...lines, "", ""].join("\r\n");

describe("a Connection header is refused when it names", () => {
  it.each([
    "authorization", "Authorization", "AUTHORIZATION", "close, authorization", "authorization,close", ", ,authorization", "keep-alive,\tauthorization ", "x-api-key", "cookie", "api-key", "private-token",
    "host", "content-length", "Content-Length", "transfer-encoding", "close, Host",
  ])("%j", async (value) => {
    await expectRefused(stage, get(`Connection: ${value}`), 400, "bad-request");
  });

  it("a credential in a second line of its own", async () => {
    await expectRefused(stage, get("Connection: close", "X: y", "Connection: x-api-key"), 400, "bad-request");
  });
});

describe("a Connection header", () => {
  it("drops what it names, and itself", async () => {
    const { sent } = await expectServedWithValue(stage, get("Connection: close, X-Hop , x-other", "X-Hop: 1", "x-OTHER: 2", "X-Kept: 3"));
    expect(sent).not.toMatch(/x-hop|x-other|^connection: close/im);
    expect(sent).toContain("X-Kept: 3\r\n");
  });

  it.each(["GET / HTTP/1.1", "POST / HTTP/1.1"])("may not stand beside an Expect that nobody here can meet: %s", async (line) => {
    await expectRefused(stage, get("Expect: something-else", ...(line.startsWith("POST") ? ["Content-Length: 5"] : [])).replace("GET / HTTP/1.1", line), 417, "expectation");
  });

  it.each(["Keep-Alive: timeout=5", "Proxy-Connection: keep-alive", "Proxy-Authorization: Basic dTpw", "TE: trailers", "Trailer: X-Sum", "Proxy-Authenticate: Basic"])("is not needed for what is hop-by-hop by nature: %s", async (line) => {
    const { sent } = await expectServedWithValue(stage, get(line));
    expect(sent.toLowerCase()).not.toContain(`${line.slice(0, line.indexOf(":")).toLowerCase()}:`);
  });
});

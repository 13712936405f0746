// A secret that may post and not delete. The program says DELETE in another place than the method: in headers, parameters and members of bodies that frameworks take for the method, in a body under a wrong, a doubled or no type,
// compressed, or in pieces; or it asks for another protocol, in which no request is seen any more.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AttackStage } from "../../support/attack-stage.ts";
import { expectRuledOut, expectThrough, openRuledStage, requestOf } from "../../support/ruled-stage.ts";

let stage: AttackStage;
beforeAll(async () => {
  stage = await openRuledStage({ allow: ["GET /**", "POST /**"], deny: ["DELETE /**"], maxBodyBytes: 300_000 });
});
afterAll(() => stage.close());

const FORM = "Content-Type: application/x-www-form-urlencoded";
const JSON_TYPE = "Content-Type: application/json";
const PARTS = "Content-Type: multipart/form-data; boundary=b";
const part = (name: string): string => `--b\r\nContent-Disposition: form-data; name=${name}\r\n\r\nDELETE\r\n--b--\r\n`;

describe("is refused by its head:", () => {
  it.each(["DELETE /x", "PUT /x", "PATCH /x", "HEAD /x", "OPTIONS /x", "PURGE /x", "LOCK /x", "M-SEARCH /x"])("%s", async (line) => {
    await expectRuledOut(stage, requestOf(stage, line));
  });

  it.each(["delete /x", "Delete /x", "gET /x", "TRACE /x", "CONNECT /x", "CONNECT api.example.test:443", "DELETE\t/x", "G\u0000T /x"])("%j, which is no method here", async (line) => {
    const { attempt } = await import("../../support/attack-stage.ts");
    const { reply, sent } = await attempt(stage, requestOf(stage, line));
    expect(sent).toBe("");
    expect(reply.status).toBeGreaterThanOrEqual(400);
  });

  it.each(["X-HTTP-Method-Override: DELETE", "x-http-method: DELETE", "X-Method-Override: DELETE", "X-HTTP-Method-Override: POST", "X_HTTP_METHOD_OVERRIDE: DELETE", "X-Http_Method-Override: DELETE", "X-HTTP-METHOD-OVERRIDE:DELETE", "X-Original-URL: /admin", "X-Rewrite-URL: /admin"])("%s", async (header) => {
    await expectRuledOut(stage, requestOf(stage, "POST /x", [header]));
    await expectRuledOut(stage, requestOf(stage, "GET /x", [header]));
  });

  it.each(["/x?_method=DELETE", "/x?a&_METHOD=DELETE", "/x?%5Fmethod=DELETE", "/x?_method%5B%5D=DELETE", "/x?a;_method=DELETE", "/x?$httpMethod=DELETE", "/x?X-HTTP-Method-Override=DELETE"])("%s", async (target) => {
    await expectRuledOut(stage, requestOf(stage, `POST ${target}`));
  });

  it("a WebSocket, of which nothing is seen", async () => {
    await expectRuledOut(stage, requestOf(stage, "GET /x", ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="]));
  });
});

describe("is refused by its body:", () => {
  it.each<[string, readonly string[], string]>([
    ["a form's member", [FORM], "_method=DELETE"],
    ["a form's last", [FORM], "a=1&b=2&_method=DELETE"],
    ["encoded", [FORM], "%5f%6Dethod=DELETE"],
    ["in capitals", [FORM], "_METHOD=DELETE"],
    ["with an index", [FORM], "_method[0]=DELETE"],
    ["behind a semicolon", [FORM], "a=1;_method=DELETE"],
    ["of no type", [], "_method=DELETE"],
    ["of an empty type", ["Content-Type: "], "_method=DELETE"],
    ["of two types", ["Content-Type: text/plain", FORM], "_method=DELETE"],
    ["of a list of types", ["Content-Type: text/plain, application/x-www-form-urlencoded"], "_method=DELETE"],
    ["a form in another coding", [`${FORM}; charset=utf-16`], "_method=DELETE"],
    ["a part", [PARTS], part('"_method"')],
    ["a part without quotation marks", [PARTS], part("_method")],
    ["a part's long name", [PARTS], part('"a"; name*=utf-8\'\'_method')],
    ["a part with a backslash", [PARTS], part('"\\_method"')],
    ["a member in JSON", [JSON_TYPE], '{"_method":"DELETE"}'],
    ["escaped in JSON", [JSON_TYPE], '{"\\u005fmethod":"DELETE"}'],
    ["in JSON of another name", ["Content-Type: application/vnd.api+json"], '{"a":1,"_method":"DELETE"}'],
    ["compressed", [FORM, "Content-Encoding: gzip"], "x"],
    ["compressed by a name of our own", [JSON_TYPE, "Content-Encoding: x-none"], "{}"],
    ["in chunks", [FORM, "Transfer-Encoding: chunked"], "7\r\n_method\r\n7\r\n=DELETE\r\n0\r\n\r\n"],
    ["in chunks that cut the name", [FORM, "Transfer-Encoding: chunked"], "3\r\n_me\r\nb\r\nthod=DELETE\r\n0\r\n\r\n"],
    ["after a long beginning", [FORM], `a=${"x".repeat(200_000)}&_method=DELETE`],
  ])("%s", async (_, headers, body) => {
    await expectRuledOut(stage, requestOf(stage, "POST /x", headers, body));
  });

  it("longer than its rule allows, by its length and in chunks", async () => {
    expect(await expectRuledOut(stage, requestOf(stage, "POST /x", ["Content-Type: text/plain"], "x".repeat(300_001)))).toContain("300000 bytes");
    await expectRuledOut(stage, requestOf(stage, "POST /x", ["Content-Type: text/plain", "Transfer-Encoding: chunked"], `493e1\r\n${"x".repeat(300_001)}\r\n0\r\n\r\n`), "bad-request");
  });
});

describe("is let through:", () => {
  it.each<[string, readonly string[], string]>([
    ["a form", [FORM], "payment_method=card&a=_method"],
    ["JSON", [JSON_TYPE], '{"payment_method":"card","text":"\\"_method\\": 1"}'],
    ["parts", [PARTS], part('"file"')],
    ["text", ["Content-Type: text/plain"], "_method=DELETE"],
    ["bytes", ["Content-Type: application/octet-stream"], "_method=DELETE"],
    ["as long as it may be", ["Content-Type: text/plain"], "x".repeat(300_000)],
    ["JSON in chunks", [JSON_TYPE, "Transfer-Encoding: chunked"], '8\r\n{"a": 1}\r\n0\r\n\r\n'],
  ])("%s", async (_, headers, body) => {
    const sent = await expectThrough(stage, requestOf(stage, "POST /x", headers, body));
    expect(sent).toContain("POST /x HTTP/1.1");
  });

  it("a POST that waits for 100 Continue, once its body is there", async () => {
    await expectThrough(stage, requestOf(stage, "POST /x", [FORM, "Expect: 100-continue"], "a=1"));
  });
});

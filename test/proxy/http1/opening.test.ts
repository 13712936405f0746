import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { opensRequest } from "../../../src/proxy/http1/opening.ts";

const tell = (text: string): boolean | undefined => opensRequest(Buffer.from(text, "latin1"));

describe("the first bytes of a request", () => {
  it.each(["GET / HTTP/1.1\r\n", "GET /", "POST  /x", "GET\t/", "\r\n\nGET /", "BREW /pot", "GET http://h/", "GET HTTPS://h/", "OPTIONS * HTTP/1.1\r\n", "OPTIONS * HTTP/1.1\n", "GET x HTTP/1.0\r\n", `GET ${" ".repeat(9000)}`, "M-SEARCH * HTTP/1.1\r\n", "get / HTTP/1.1\r\n", "Get /x HTTP/1.0\n", " GET /", "GET\f/", " get\f/ HTTP/1.1\r\n", "\r\n".repeat(4096), `${"\r\n".repeat(5000)}GET / HTTP/1.1\r\n`, " ".repeat(9000), `get /${"x".repeat(9000)}`])("are known: %j", (text) => {
    expect(tell(text)).toBe(true);
  });

  it.each(["", "\r\n", "G", "GE", "GET", "GET ", "GET h", "GET http:/", "OPTIONS *", "OPTIONS * HTTP/1.1\r", " ", "g", "Get", "GETS", "PING", "BREW", "BREW ", "PRI *", "get /a", "get / HTTP/1.1\r"])("are waited for: %j", (text) => {
    expect(tell(text)).toBe(undefined);
  });

  it.each(["get /key\r\n", "get key\r\n", `get ${"key ".repeat(3000)}`, "gets", "hello", "GETS\r\n", "PING\r\n", "SSH-2.0-x\r\n", "PRI * HTTP/2.0\r\n", "GET key\r\n", "003egit-upload-pack /p", "CONNECT\n", "OPTIONS rtsp://h/ RTSP/1.0\r\n", "*1\r\n", "\0", "AMQP\0", "{}", " {"])("are no others: %j", (text) => {
    expect(tell(text)).toBe(false);
  });

  it("tell the same however they are cut: what was said once holds", () => {
    const piece = fc.constantFrom("GET", "get", "POST", "PRI", "x", " ", "\t", "\f", "/", "*", "http://", "HTTP/1.1", "HTTP/2.0", "\r\n", "\n", "\0", "PING");
    fc.assert(fc.property(fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join("")), (text) => {
      const whole = tell(text);
      for (let length = 0; length < text.length; length += 1) {
        const part = tell(text.slice(0, length));
        if (part !== undefined) expect([text, length, part]).toEqual([text, length, whole]);
      }
    }), { numRuns: 2_000 });
  });
});

// Clients that ask for parts get parts, though the host is asked for the whole: `test/attacks/inside/oracle-by-ranges.test.ts` has what that keeps from the program.
import { createHash, randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AnsweringRun } from "../../support/answering-run.ts";
import { openAnsweringRun } from "../../support/answering-run.ts";
import type { Reply } from "../../support/proxy-child.ts";
import { ask, collect, openSecure } from "../../support/proxy-child.ts";
import { VALUE } from "../../support/proxy-run.ts";
import type { Answer } from "../../support/raw-server.ts";
import { inPieces, plainAnswer } from "../../support/raw-server.ts";

let stage: AnsweringRun;
let answer: Answer = () => undefined;
beforeAll(async () => {
  stage = await openAnsweringRun((request, socket) => answer(request, socket));
});
afterAll(() => stage.close());

const request = (method: string, ...headers: readonly string[]): string => [`${method} /file HTTP/1.1`, `Host: ${stage.host}`, ...headers, "", ""].join("\r\n");
async function answered(given: Answer | string, method: string, ...headers: readonly string[]): Promise<Reply> {
  answer = typeof given === "string" ? () => given : given;
  return ask(stage.run.proxy, stage.host, request(method, ...headers));
}
/** All of the connection, where a body is shorter than its head says. */
async function untilClosed(given: string, ...headers: readonly string[]): Promise<string> {
  answer = () => given;
  const secure = await openSecure(stage.run.proxy, stage.host);
  secure.write(request("GET", ...headers), "latin1");
  return collect(secure).read();
}
const digest = (bytes: string | Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

describe("a part", () => {
  it("of a long body is that, byte for byte, from each offset; and the host is asked for the whole", async () => {
    const body = randomBytes(700_000);
    const whole = Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\nETag: "a"\r\nContent-Length: ${body.length}\r\n\r\n`), body]);
    const before = stage.server.received().length;
    for (const [from, to] of [[0, 0], [0, 299_999], [300_000, 599_999], [600_000, 699_999], [699_999, 699_999]] as const) {
      const reply = await answered(inPieces(whole, 30_011), "GET", `Range: bytes=${from}-${to}`);
      expect([reply.status, reply.headers["content-range"], reply.headers["content-length"]]).toEqual([206, `bytes ${from}-${to}/700000`, String(to - from + 1)]);
      expect(digest(Buffer.from(reply.body, "latin1"))).toBe(digest(body.subarray(from, to + 1)));
    }
    expect(stage.server.received().slice(before)).not.toMatch(/^range/im);
  });

  it("is asked of Azure by a header of its own, which comes first and does not go out either, but where it says where a write belongs", async () => {
    const before = stage.server.received().length;
    const reply = await answered(plainAnswer("0123456789"), "GET", "x-ms-range: bytes=2-4", "Range: bytes=0-1", "x-ms-range-get-content-md5: true");
    expect([reply.status, reply.body, reply.headers["content-range"]]).toEqual([206, "234", "bytes 2-4/10"]);
    expect(stage.server.received().slice(before)).not.toMatch(/range/i);
    await answered("HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n", "PUT", "x-ms-range: bytes=0-511", "Content-Length: 0");
    expect(stage.server.received().slice(before)).toContain("x-ms-range: bytes=0-511\r\n");
  });

  it("has no checksum of the whole, and keeps what else is said of it", async () => {
    const reply = await answered(plainAnswer("0123456789", 'ETag: "a"', "Content-MD5: eB5eJF1ptWaXm4bijSPyxw==", "x-amz-checksum-crc32: AAAAAA==", "Content-Type: text/plain"), "GET", "Range: bytes=5-");
    expect([reply.body, reply.headers["etag"], reply.headers["content-type"]]).toEqual(["56789", '"a"', "text/plain"]);
    expect(reply.raw).not.toMatch(/md5|checksum/i);
  });

  it.each([["bytes=10-", "0123456789"], ["bytes=-0", "0123456789"], ["bytes=0-3", ""]])("that is not there (%s of '%s') is told as such, with the length", async (range, body) => {
    const reply = await answered(plainAnswer(body), "GET", `Range: ${range}`);
    expect([reply.status, reply.headers["content-range"], reply.headers["content-length"], reply.body]).toEqual([416, `bytes */${body.length}`, "0", ""]);
  });

  it("is wanted of what it was of before, and otherwise the whole comes", async () => {
    const date = "Sat, 28 Nov 2026 10:00:00 GMT";
    const text = plainAnswer("0123456789", 'ETag: "a"', `Last-Modified: ${date}`);
    for (const [condition, status] of [['"a"', 206], ['"b"', 200], ['W/"a"', 200], [date, 206], ["Sat, 28 Nov 2026 10:00:01 GMT", 200]] as const) {
      expect((await answered(text, "GET", "Range: bytes=1-2", `If-Range: ${condition}`)).status, condition).toBe(status);
    }
  });

  it.each<[string, string, string]>([
    ["a HEAD", "HEAD", plainAnswer("").replace("Length: 0", "Length: 10")],
    ["a failure", "GET", plainAnswer("0123456789").replace("200 OK", "404 Not Found")],
    ["an answer of no known length", "GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\na\r\n0123456789\r\n0\r\n\r\n"],
  ])("is not cut out of %s", async (_name, method, given) => {
    const reply = await answered(given, method, "Range: bytes=1-2");
    expect([reply.status, reply.headers["content-range"]]).toEqual([/404/.test(given) ? 404 : 200, undefined]);
  });

  it("leaves the connection to the next request", async () => {
    answer = () => plainAnswer("0123456789");
    const secure = await openSecure(stage.run.proxy, stage.host);
    secure.write(request("GET", "Range: bytes=1-2") + request("GET", "Range: bytes=8-"), "latin1");
    const raw = await collect(secure).read((text) => text.endsWith("89"));
    secure.destroy();
    expect(raw.match(/HTTP\/1\.1 206/g)).toHaveLength(2);
    expect(raw).toMatch(/\r\n\r\n12HTTP/);
  });

  it("that was promised by a length that holds no more, since a value was taken out, does not look whole", async () => {
    const { placeholder } = stage.grant;
    const text = `${VALUE}${"y".repeat(20_000)}`;
    const expected = text.replace(VALUE, placeholder);
    expect(placeholder.length).not.toBe(VALUE.length);
    const reply = await untilClosed(plainAnswer(text), "Range: bytes=100-");
    const [head = "", body = ""] = reply.split("\r\n\r\n");
    expect(head).toContain(`content-length: ${text.length - 100}`);
    expect(body.length).toBeLessThan(text.length - 100);
    expect(expected.slice(100).startsWith(body)).toBe(true);
  });
});

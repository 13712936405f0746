import { describe, expect, test } from "vitest";
import { parseAnswerHead } from "../../../src/proxy/scrub/answer-head.ts";

const headersOf = (rawHeaders: readonly string[], { method = "GET", status = 200, mustRead = true } = {}): readonly string[] | string => {
  const outcome = parseAnswerHead(method, status, rawHeaders, mustRead);
  return outcome.kind === "answer" ? outcome.answer.headers : outcome.refusal.code;
};

describe("the head that the child sees", () => {
  test.each(["Connection", "Proxy-Connection", "Keep-Alive", "TE", "Trailer", "Transfer-Encoding", "Upgrade", "Proxy-Authenticate", "Proxy-Authorization"])("has no %s, which is between neighbours", (name) => {
    expect(headersOf(["X-First", "1", name, name === "Transfer-Encoding" ? "chunked" : "x", "X-Last", "2"])).toEqual(["X-First", "1", "X-Last", "2"]);
  });

  test("nor what Connection names", () => {
    expect(headersOf(["Connection", "X-Own, close", "X-Own", "1", "X-Other", "2"])).toEqual(["X-Other", "2"]);
  });

  test("has its other names and values, each with its own", () => {
    expect(headersOf(["A", "1", "B", "2", "a", "3"])).toEqual(["A", "1", "B", "2", "a", "3"]);
  });

  test("tells no length where the body is framed anew, and the one that a GET would have where there is none", () => {
    expect(headersOf(["Content-Length", "5", "X", "1"])).toEqual(["X", "1"]);
    expect(headersOf(["Content-Length", "5", "X", "1"], { method: "HEAD" })).toEqual(["Content-Length", "5", "X", "1"]);
    expect(headersOf(["Content-Length", "5"], { status: 304 })).toEqual(["Content-Length", "5"]);
    expect(headersOf(["Content-Length", "0"])).toEqual(["Content-Length", "0"]);
    expect(headersOf(["Content-Length", "0"], { status: 204 })).toEqual([]);
    expect(headersOf(["Content-Length", "5"], { status: 204 })).toBe("upstream-answer");
  });

  test("has weak validators alone where the body is decoded, and those as they were where it is not", () => {
    const etags = ["ETag", '"a"', "ETag", 'W/"b"', "X", "c"];
    expect(headersOf(etags)).toEqual(etags);
    expect(headersOf(["Content-Encoding", "gzip", ...etags])).toEqual(["ETag", 'W/"a"', "ETag", 'W/"b"', "X", "c"]);
    expect(headersOf(["Content-Encoding", "gzip", ...etags], { mustRead: false })).toEqual(["Content-Encoding", "gzip", ...etags]);
  });

  test.each(["Content-Encoding", "Content-MD5", "Content-Digest", "Digest", "Accept-Ranges", "Content-Range"])("has no %s where the body was decoded", (name) => {
    expect(headersOf([...(name === "Content-Encoding" ? [] : [name, "x"]), "Content-Encoding", "gzip", "X", "1"])).toEqual(["X", "1"]);
  });

  test.each([206, 226])("is none of %d, where answers are looked through", (status) => {
    expect(headersOf(["X", "1"], { status })).toBe("upstream-answer");
    expect(headersOf(["X", "1"], { status, mustRead: false })).toEqual(["X", "1"]);
  });
});

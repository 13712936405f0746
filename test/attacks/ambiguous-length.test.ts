// A request whose end two readers find at two places: a length and a coding, two lengths, a number that only some read, a coding that only some know.
// The bytes between the two ends are a second request to one of them, with the first one's credentials about it (RFC 9112 section 6).
// Such a request is refused and its connection closed, so that nothing after it is read as a request of its own.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AttackStage } from "../support/attack-stage.ts";
import { converse, openStage } from "../support/attack-stage.ts";
import { VALUE } from "../support/proxy-run.ts";

let stage: AttackStage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage.close());

const SMUGGLED = "GET /MARKER HTTP/1.1\r\nHost: internal\r\n\r\n";
const post = (framing: readonly string[], body: string, version = "1.1"): string =>
  [`POST / HTTP/${version}`, `Host: ${stage.host}`, `X-Api-Key: ${stage.grant.placeholder}`, ...framing, "", body].join("\r\n");

describe("a request is refused and its connection closed with", () => {
  it.each<[string, readonly string[], string, string?]>([
    ["a coding before a length", ["Transfer-Encoding: chunked", "Content-Length: 5"], `0\r\n\r\n${SMUGGLED}`],
    ["a length before a coding", ["Content-Length: 5", "Transfer-Encoding: chunked"], `0\r\n\r\n${SMUGGLED}`],
    ["a coding and a length of nothing", ["Transfer-Encoding: chunked", "Content-Length: 0"], `0\r\n\r\n${SMUGGLED}`],
    ["two lengths that differ", ["Content-Length: 5", "Content-Length: 50"], `hello${SMUGGLED}`],
    ["two lengths that agree", ["Content-Length: 5", "Content-Length: 5"], `hello${SMUGGLED}`],
    ["a length of nothing and one of something", ["Content-Length: 0", "Content-Length: 40"], SMUGGLED],
    ["a length in a list", ["Content-Length: 5, 5"], `hello${SMUGGLED}`],
    ["a length with a sign", ["Content-Length: +5"], `hello${SMUGGLED}`],
    ["a length below nothing", ["Content-Length: -5"], `hello${SMUGGLED}`],
    ["a length in hex", ["Content-Length: 0x5"], `hello${SMUGGLED}`],
    ["a length with a fraction", ["Content-Length: 5.0"], `hello${SMUGGLED}`],
    ["a length with an exponent", ["Content-Length: 5e0"], `hello${SMUGGLED}`],
    ["a length in quotes", ['Content-Length: "5"'], `hello${SMUGGLED}`],
    ["a length with a space inside", ["Content-Length: 5 0"], `hello${SMUGGLED}`],
    ["a length of nothing but white space", ["Content-Length: "], SMUGGLED],
    ["a length that is too long for any number", [`Content-Length: ${"9".repeat(20)}`], SMUGGLED],
    ["a length that wraps round at 64 bits", ["Content-Length: 18446744073709551621"], `hello${SMUGGLED}`],
    ["a length with digits of another script", ["Content-Length: \xd9\xa5"], `hello${SMUGGLED}`],
    ["an unknown coding", ["Transfer-Encoding: gzip"], SMUGGLED],
    ["an unknown coding before the chunks", ["Transfer-Encoding: gzip, chunked"], `0\r\n\r\n${SMUGGLED}`],
    ["a coding after the chunks", ["Transfer-Encoding: chunked, gzip"], `0\r\n\r\n${SMUGGLED}`],
    ["identity", ["Transfer-Encoding: identity"], SMUGGLED],
    ["identity after the chunks", ["Transfer-Encoding: chunked, identity"], `0\r\n\r\n${SMUGGLED}`],
    ["a doubled coding", ["Transfer-Encoding: chunked, chunked"], `0\r\n\r\n${SMUGGLED}`],
    ["a doubled coding in two lines", ["Transfer-Encoding: chunked", "Transfer-Encoding: chunked"], `0\r\n\r\n${SMUGGLED}`],
    ["a second coding that nobody knows", ["Transfer-Encoding: chunked", "Transfer-Encoding: x"], `0\r\n\r\n${SMUGGLED}`],
    ["an empty coding", ["Transfer-Encoding:"], SMUGGLED],
    ["an empty item in the list", ["Transfer-Encoding: , chunked"], `0\r\n\r\n${SMUGGLED}`],
    ["a coding in quotes", ['Transfer-Encoding: "chunked"'], `0\r\n\r\n${SMUGGLED}`],
    ["a coding with a parameter", ["Transfer-Encoding: chunked;q=1"], `0\r\n\r\n${SMUGGLED}`],
    ["a coding with a letter too many", ["Transfer-Encoding: xchunked"], `0\r\n\r\n${SMUGGLED}`],
    ["a coding on HTTP/1.0", ["Transfer-Encoding: chunked"], `0\r\n\r\n${SMUGGLED}`, "1.0"],
    ["a length on HTTP/1.1 that is said to be HTTP/1.2", ["Content-Length: 0"], SMUGGLED, "1.2"],
  ])("%s", async (_name, framing, body, version) => {
    const before = stage.run.events.length;
    const { statuses, sent } = await converse(stage, post(framing, body, version));
    expect(statuses).toEqual([400]);
    // One entry: what followed was not even looked at.
    expect(sent).toBe("");
    expect(stage.run.events.slice(before)).toMatchObject([{ kind: "refused", code: "bad-request" }]);
  });
});

describe("nothing is served after a refusal that closes", () => {
  it("though it came in the same segment, and is valid by itself", async () => {
    const before = stage.run.events.length;
    const valid = `GET /MARKER HTTP/1.1\r\nHost: ${stage.host}\r\nX-Api-Key: ${stage.grant.placeholder}\r\n\r\n`;
    const { statuses, sent } = await converse(stage, post(["Transfer-Encoding: gzip, chunked"], `0\r\n\r\n${valid}${valid}`));
    expect([statuses, sent]).toEqual([[400], ""]);
    expect(stage.run.events.slice(before)).toMatchObject([{ kind: "refused", code: "bad-request" }]);
  });

  it("nor after one for a Host in doubt, whose answer waits for an earlier one", async () => {
    const { statuses, sent } = await converse(stage, `GET /1 HTTP/1.1\r\nHost: ${stage.host}\r\n\r\nGET /2 HTTP/1.1\r\n\r\nGET /MARKER HTTP/1.1\r\nHost: ${stage.host}\r\n\r\n`);
    expect(statuses).toEqual([200, 400]);
    expect(sent).not.toContain("MARKER");
  });
});

describe("a request is served, as one, with", () => {
  it.each<[string, readonly string[], string]>([
    ["a length", ["Content-Length: 40"], SMUGGLED],
    ["a length with zeros before it", ["Content-Length: 0040"], SMUGGLED],
    ["a length and white space about it", ["Content-Length:   40  "], SMUGGLED],
    ["chunks", ["Transfer-Encoding: chunked"], `28\r\n${SMUGGLED}\r\n0\r\n\r\n`],
    ["chunks in another case", ["transfer-encoding:CHUNKED"], `28\r\n${SMUGGLED}\r\n0\r\n\r\n`],
  ])("%s, even where its body looks like a request", async (_name, framing, body) => {
    const { statuses, sent } = await converse(stage, post(framing, body), (raw) => raw.endsWith("fine"));
    expect(statuses).toEqual([200]);
    expect(sent.split(VALUE)).toHaveLength(2);
    // The server was told the length of what it got, in one way.
    const framings = sent.slice(0, sent.indexOf("\r\n\r\n")).match(/^(?:content-length|transfer-encoding):.*$/gim) ?? [];
    expect(framings).toHaveLength(1);
    expect(sent.slice(sent.indexOf("\r\n\r\n") + 4)).toContain(SMUGGLED);
  });
});

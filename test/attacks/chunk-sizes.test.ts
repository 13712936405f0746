// Chunk sizes that two readers take for two numbers: `0x5`, `+5`, `5_0`, one with more digits than a machine word, one behind an endless extension,
// and chunk data that does not end where it says. The proxy refuses and closes: the body stays unfinished upstream, and what follows is no request.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AttackStage } from "../support/attack-stage.ts";
import { converse, openStage } from "../support/attack-stage.ts";

let stage: AttackStage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage.close());

const post = (body: string): string => `POST / HTTP/1.1\r\nHost: ${stage.host}\r\nX-Api-Key: ${stage.grant.placeholder}\r\nTransfer-Encoding: chunked\r\n\r\n${body}`;
const second = (): string => `GET /MARKER HTTP/1.1\r\nHost: ${stage.host}\r\n\r\n`;

describe("a chunk is refused with", () => {
  it.each<[string, string]>([
    ["a size 0x5", "0x5\r\nhello\r\n0\r\n\r\n"],
    ["a size +5", "+5\r\nhello\r\n0\r\n\r\n"],
    ["a size -5", "-5\r\nhello\r\n0\r\n\r\n"],
    ["a size 5_0", "5_0\r\nhello\r\n0\r\n\r\n"],
    ["a size of 17 digits", "10000000000000005\r\nhello\r\n0\r\n\r\n"],
    ["a size of 16 digits that is too large", "fffffffffffffffff\r\nhello\r\n0\r\n\r\n"],
    ["no size", "\r\nhello\r\n0\r\n\r\n"],
    ["a size of no digit", "g\r\nhello\r\n0\r\n\r\n"],
    ["white space before the size", " 5\r\nhello\r\n0\r\n\r\n"],
    ["white space and more after the size", "5 5\r\nhello\r\n0\r\n\r\n"],
    ["a tab after the size", "5\t\r\nhello\r\n0\r\n\r\n"],
    ["a size in quotes", '"5"\r\nhello\r\n0\r\n\r\n'],
    ["an extension without end", `5;${"a".repeat(20_000)}\r\nhello\r\n0\r\n\r\n`],
    ["a bare LF after the size", "5\nhello\r\n0\r\n\r\n"],
    ["a bare CR after the size", "5\rhello\r\n0\r\n\r\n"],
    ["a bare LF in an extension", "5;a\nb\r\nhello\r\n0\r\n\r\n"],
    ["a bare CR in an extension", "5;a\rb\r\nhello\r\n0\r\n\r\n"],
    ["a NUL in an extension", "5;a\0b\r\nhello\r\n0\r\n\r\n"],
    ["a bare LF after the data", "5\r\nhello\n0\r\n\r\n"],
    ["a bare CR after the data", "5\r\nhello\r0\r\n\r\n"],
    ["more data than its size", "5\r\nhello world\r\n0\r\n\r\n"],
    ["a bare LF after the last size", "5\r\nhello\r\n0\n\r\n"],
    ["a bare LF at the end", "5\r\nhello\r\n0\r\n\n"],
    ["a last size and something else", "5\r\nhello\r\n0x\r\n\r\n"],
  ])("%s", async (_name, body) => {
    const { statuses, raw, sent } = await converse(stage, post(body) + second());
    expect(statuses).toEqual([400]);
    expect(raw).toMatch(/^connection: close\r$/im);
    expect(sent).not.toContain("MARKER");
    // What went up before the fault showed has no last chunk: it never becomes a request.
    expect(sent).not.toMatch(/\r\n0\r\n/);
    expect(stage.run.events.at(-1)).toMatchObject({ kind: "refused", code: "bad-request" });
  });
});

describe("a chunk is passed on with", () => {
  it.each<[string, string, string]>([
    ["a size in capitals", "A\r\n0123456789\r\n0\r\n\r\n", "0123456789"],
    ["zeros before its size", "0005\r\nhello\r\n000\r\n\r\n", "hello"],
    ["an extension", '5;name=value;other="quoted"\r\nhello\r\n0\r\n\r\n', "hello"],
    ["a line end inside", "7\r\nhel\r\nlo\r\n0\r\n\r\n", "hel\r\nlo"],
  ])("%s, without it, and the next request is its own", async (_name, body, data) => {
    const { statuses, sent } = await converse(stage, post(body) + second(), (raw) => raw.split("fine").length > 2);
    expect(statuses).toEqual([200, 200]);
    expect(sent).toContain(data);
    expect(sent).not.toContain("quoted");
    expect(sent.match(/HTTP\/1\.1\r\n/g)).toHaveLength(2);
  });

  it("trailers, which end here", async () => {
    const { statuses, sent } = await converse(stage, post(`5\r\nhello\r\n0\r\nX-Api-Key: ${stage.grant.placeholder}\r\nHost: evil.example.test\r\n\r\n`), (raw) => raw.endsWith("fine"));
    expect(statuses).toEqual([200]);
    expect(sent).not.toContain("evil");
    expect(sent).not.toContain(stage.grant.placeholder);
  });
});

// The program asks for a part of a file that it has made itself at the bound host. Where the part's end cut what began a value, asterisks stood, and elsewhere the text: two requests
// for a letter. And in parts that are narrow enough a value comes out in crumbs, of which none can be told from other text.
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { attempt, openOwnStage } from "../../support/attack-stage.ts";
import { openBuiltVault } from "../../support/built-vault.ts";
import { VALUE } from "../../support/proxy-run.ts";
import type { Answer } from "../../support/raw-server.ts";
import { openRawServer, plainAnswer } from "../../support/raw-server.ts";
import { makeTestCa } from "../../support/test-ca.ts";

const TEXT = `${"x".repeat(100)}${VALUE.slice(0, 12)}`;

/** Honours one range or several, as most servers do. */
const withRanges: Answer = (request) => {
  const range = /^range: bytes=(\d+)-(\d*)/im.exec(request);
  if (range === null) return plainAnswer(TEXT, "ETag: \"one\"", "Accept-Ranges: bytes");
  const part = TEXT.slice(Number(range[1]), range[2] === "" ? undefined : Number(range[2]) + 1);
  return `HTTP/1.1 206 Partial Content\r\nContent-Range: bytes ${range[1] ?? ""}-${range[2] ?? ""}/${TEXT.length}\r\nContent-Length: ${part.length}\r\n\r\n${part}`;
};
const get = (host: string, ...headers: readonly string[]): string => ["GET /file HTTP/1.1", `Host: ${host}`, ...headers, "", ""].join("\r\n");

describe("a range", () => {
  it.each([
    ["one", "bytes=0-110", 0, 110],
    ["one without an end", "bytes=64-", 64, 111],
    ["the end of it", "bytes=-80", 32, 111],
    ["more than there is", "bytes=64-999", 64, 111],
  ])("is not passed on, and cut out of the whole: %s", async (_kind, range, from, to) => {
    const stage = await openOwnStage({ answer: withRanges });
    const { reply, sent } = await attempt(stage, get(stage.host, `Range: ${range}`, 'If-Range: "one"'));
    expect(sent).not.toMatch(/range/i);
    // No word that parts can be had.
    expect([reply.status, reply.body, reply.headers["etag"], reply.headers["accept-ranges"]]).toEqual([206, TEXT.slice(from, to + 1), '"one"', undefined]);
    expect(reply.headers["content-range"]).toBe(`bytes ${from}-${to}/${TEXT.length}`);
  });

  it.each([["several", "bytes=0-70,100-111"], ["of another unit", "lines=1-2"], ["none", "bytes=9-1"]])("is not passed on, and the whole comes: %s", async (_kind, range) => {
    const stage = await openOwnStage({ answer: withRanges });
    const { reply, sent } = await attempt(stage, get(stage.host, `Range: ${range}`));
    expect(sent).not.toMatch(/range/i);
    expect([reply.status, reply.body]).toEqual([200, TEXT]);
  });

  it("of a text with a value in it is one of what comes whole: the placeholder, and never a crumb of the value", async () => {
    const text = `${"x".repeat(40)}${VALUE}${"y".repeat(9_000)}`;
    const stage = await openOwnStage({ answer: () => plainAnswer(text) });
    const whole = (await attempt(stage, get(stage.host))).reply.body;
    expect(whole).not.toContain(VALUE);
    let joined = "";
    for (let at = 0; at < 200; at += 5) joined += (await attempt(stage, get(stage.host, `Range: bytes=${at}-${at + 4}`))).reply.body;
    expect(joined).toBe(whole.slice(0, 200));
  }, 60_000);

  it("that cuts what began a value looks like one that does not", async () => {
    const stage = await openOwnStage({ answer: withRanges });
    const cut = await attempt(stage, get(stage.host, "Range: bytes=0-111"));
    const other = await attempt(stage, get(stage.host, "Range: bytes=0-99"));
    expect([cut.reply.body, other.reply.body]).toEqual([TEXT, TEXT.slice(0, 100)]);
  });

  it.each([
    ["plain", `HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-11/50\r\nContent-Length: 12\r\n\r\n${VALUE.slice(0, 12)}`],
    ["compressed", Buffer.concat([Buffer.from(`HTTP/1.1 206 Partial Content\r\nContent-Encoding: gzip\r\nContent-Length: ${gzipSync(VALUE).length}\r\n\r\n`), gzipSync(VALUE)])],
    ["in several parts", "HTTP/1.1 206 Partial Content\r\nContent-Type: multipart/byteranges; boundary=b\r\nContent-Length: 5\r\n\r\n--b--"],
    ["empty", "HTTP/1.1 206 Partial Content\r\nContent-Length: 0\r\n\r\n"],
  ])("that nobody asked for is refused: %s", async (_kind, answer) => {
    const stage = await openOwnStage({ answer: () => answer });
    const { reply } = await attempt(stage, get(stage.host, "Range: bytes=0-11"));
    expect([reply.status, reply.headers["x-vault-refusal"]]).toEqual([502, "upstream-answer"]);
  });
});

describe("whoever goes on with a download that was cut", () => {
  const has = (tool: string): boolean => spawnSync(tool, ["--version"]).status === 0;
  /** Has the first ten bytes of it. @returns how the tool ended, and what the file holds then. */
  async function resume(command: string): Promise<{ readonly status: unknown; readonly file: string }> {
    const ca = makeTestCa();
    const server = await openRawServer(ca.identityFor("localhost"), withRanges);
    const built = openBuiltVault(`localhost:${server.port}`, VALUE, ca.certificate);
    try {
      const file = join(built.folder, "file");
      writeFileSync(file, TEXT.slice(0, 10));
      const run = built.run(`${command} "${file}" https://localhost:${server.port}/file`);
      return { status: await run.ended, file: readFileSync(file, "utf8") };
    } finally {
      built.close();
      await server.close();
    }
  }

  it.skipIf(!has("curl"))("has it whole by curl (needs curl)", async () => {
    expect(await resume("curl -sS -C - -o")).toEqual({ status: 0, file: TEXT });
  });

  it.skipIf(!has("wget"))("has it whole by wget (needs wget)", async () => {
    expect(await resume("wget -q -c -O")).toEqual({ status: 0, file: TEXT });
  });
});

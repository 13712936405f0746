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
  it.each([["one", "bytes=0-110"], ["one without an end", "bytes=64-"], ["the end of it", "bytes=-80"], ["several", "bytes=0-70,100-111"], ["of another unit", "lines=1-2"]])("is not passed on: %s", async (_kind, range) => {
    const stage = await openOwnStage({ answer: withRanges });
    const { reply, sent } = await attempt(stage, get(stage.host, `Range: ${range}`, 'If-Range: "one"'));
    expect(sent).not.toMatch(/range/i);
    // The whole, which a client that goes on with a download knows what to do with; and no word that parts can be had.
    expect([reply.status, reply.body, reply.headers["etag"], reply.headers["accept-ranges"]]).toEqual([200, TEXT, '"one"', undefined]);
  });

  it("that is right about a value looks like one that is not", async () => {
    const stage = await openOwnStage({ answer: withRanges });
    const right = await attempt(stage, get(stage.host, "Range: bytes=0-111"));
    const wrong = await attempt(stage, get(stage.host, "Range: bytes=0-99"));
    expect(right.reply.raw).toBe(wrong.reply.raw);
    expect(right.reply.raw).not.toContain("**");
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

  it.skipIf(!has("curl"))("is told by curl that it cannot, and loses nothing (needs curl)", async () => {
    // 33: the server does not do ranges.
    expect(await resume("curl -sS -C - -o")).toEqual({ status: 33, file: TEXT.slice(0, 10) });
    expect(await resume("curl -sS -o")).toEqual({ status: 0, file: TEXT });
  });

  it.skipIf(!has("wget"))("begins anew with wget (needs wget)", async () => {
    expect((await resume("wget -q -c -O")).file.endsWith(TEXT)).toBe(true);
  });
});

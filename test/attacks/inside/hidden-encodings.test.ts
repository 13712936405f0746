// The program asks the bound host for the value in a notation that a list of notations forgot: in UTF-16, as an archive that nobody calls one, every byte percent-encoded, with one dash as `&#x2D;`,
// as JSON in JSON, in lines of base64. It undoes that at home. So a text is searched without its escapes too, and what cannot be searched is refused.
import { randomBytes } from "node:crypto";
import { deflateSync, gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import type { AttackStage } from "../../support/attack-stage.ts";
import { attempt, openOwnStage } from "../../support/attack-stage.ts";
import { ASCII_GUISES, FURTHER_GUISES } from "../../support/further-guises.ts";
import { collect, openSecure } from "../../support/proxy-child.ts";
import { VALUE } from "../../support/proxy-run.ts";
import { inPieces, plainAnswer } from "../../support/raw-server.ts";

const GUISES = [...FURTHER_GUISES, ...ASCII_GUISES];
const get = (host: string, ...headers: readonly string[]): string => ["GET / HTTP/1.1", `Host: ${host}`, ...headers, "", ""].join("\r\n");
const withBody = (body: Uint8Array, ...headers: readonly string[]): Buffer => Buffer.concat([Buffer.from(["HTTP/1.1 200 OK", ...headers, `Content-Length: ${body.length}`, "", ""].join("\r\n"), "latin1"), body]);

/** All that comes of an answer, whether it is whole or broken off. */
async function readAll(stage: AttackStage): Promise<string> {
  const secure = await openSecure(stage.run.proxy, stage.host);
  try {
    const bytes = collect(secure);
    secure.write(get(stage.host, "Connection: close"));
    return await bytes.read();
  } finally {
    secure.destroy();
  }
}

describe("a value comes back as the placeholder", () => {
  it(`in each of ${GUISES.length} guises, in a body and in headers`, async () => {
    const written = GUISES.map(([name, write]) => [name, write(VALUE)] as const);
    const fits = written.filter(([, text]) => /^[\t\x20-\x7e]*$/.test(text));
    const stage = await openOwnStage({
      answer: (request) => {
        const index = Number(/^GET \/(\d+)/.exec(request)?.[1] ?? -1);
        return index < 0 ? plainAnswer("", ...fits.map(([, text], at) => `X-Echo-${at}: "${text}"`)) : plainAnswer(`"${written[index]?.[1] ?? ""}"`);
      },
    });
    const { placeholder } = stage.grant;
    const seen: Record<string, boolean> = {};
    for (const [index, [name]] of written.entries()) {
      const { reply } = await attempt(stage, `GET /${index} HTTP/1.1\r\nHost: ${stage.host}\r\n\r\n`);
      seen[name] = reply.body.includes(placeholder);
    }
    expect(Object.entries(seen).filter(([, isThere]) => !isThere)).toEqual([]);
    const { reply } = await attempt(stage, get(stage.host));
    expect(fits.filter((_fit, at) => reply.headers[`x-echo-${at}`]?.includes(placeholder) !== true).map(([name]) => name)).toEqual([]);
  });
});

describe("a charset in which a value is something else", () => {
  it("is not asked for", async () => {
    const stage = await openOwnStage();
    const { sent } = await attempt(stage, get(stage.host, "Accept-Charset: utf-16", "Accept: text/plain;charset=utf-16le, application/json;charset=utf-8", "A-IM: gzip"));
    expect(sent).not.toMatch(/accept-charset|utf-16|a-im/i);
    expect(sent).toContain("Accept: text/plain, application/json;charset=utf-8\r\n");
  });

  it.each(["utf-16", "UTF-16LE", '"utf-32"', "ebcdic-cp-us", "utf-7", "cp037", "whatever"])("is refused: %s", async (charset) => {
    const stage = await openOwnStage({ answer: () => plainAnswer("x", `Content-Type: text/plain; charset=${charset}`) });
    const { reply } = await attempt(stage, get(stage.host));
    expect([reply.status, reply.headers["x-vault-refusal"]]).toEqual([502, "upstream-answer"]);
  });

  it.each<[string, Uint8Array]>([
    ["UTF-16", Buffer.from(`\ufeff${VALUE}`, "utf16le")],
    ["UTF-16, the high byte first", Buffer.from(`\ufeff${VALUE}`, "utf16le").swap16()],
    ["UTF-32, the high byte first", Buffer.from([0, 0, 0xfe, 0xff, ...Array.from(Buffer.from(VALUE)).flatMap((byte) => [0, 0, 0, byte])])],
  ])("is refused where only the body's first bytes tell: %s", async (_name, body) => {
    const stage = await openOwnStage({ answer: () => withBody(body, "Content-Type: text/plain") });
    const { reply } = await attempt(stage, get(stage.host));
    expect([reply.status, reply.headers["x-vault-refusal"]]).toEqual([502, "upstream-answer"]);
    const slow = await openOwnStage({ answer: inPieces(withBody(body), 1) });
    expect(await readAll(slow)).not.toContain(VALUE.slice(0, 3));
  });

  it("without a word of it: the value is looked for in UTF-16 too", async () => {
    const stage = await openOwnStage({ answer: () => withBody(Buffer.from(`<${VALUE}>`, "utf16le")) });
    expect((await attempt(stage, get(stage.host))).reply.body).toContain(stage.grant.placeholder);
  });
});

describe("a body that is compressed without a word", () => {
  const text = `${"text ".repeat(3_000)}${VALUE} and more`;

  it.each<[string, Buffer]>([
    ["gzip", gzipSync(text)],
    ["zlib's", deflateSync(text)],
    ["gzip, of which the second member has it", Buffer.concat([gzipSync("nothing"), gzipSync(text)])],
  ])("is cut off where it has a value in it: %s", async (_name, body) => {
    for (const answer of [(): Buffer => withBody(body, "Content-Type: application/octet-stream"), inPieces(withBody(body), 100)]) {
      const stage = await openOwnStage({ answer });
      const raw = await readAll(stage);
      expect(raw).not.toMatch(/0\r\n\r\n$/);
      expect(raw.length).toBeLessThan(body.length + 400);
      expect(stage.run.events).toContainEqual(expect.objectContaining({ kind: "scrubbed", secrets: ["API_KEY"] }));
    }
  });

  it("is refused where it is short", async () => {
    const stage = await openOwnStage({ answer: () => withBody(gzipSync(VALUE)) });
    expect(await readAll(stage)).not.toContain(gzipSync(VALUE).toString("latin1").slice(10, -8));
  });

  it("is found inside one that is compressed and says so", async () => {
    const body = gzipSync(gzipSync(text));
    const stage = await openOwnStage({ answer: () => withBody(body, "Content-Encoding: gzip") });
    expect(await readAll(stage)).not.toMatch(/0\r\n\r\n$/);
  });

  it("arrives byte for byte where it has none, as packages and archives do", async () => {
    const body = gzipSync(randomBytes(300_000).toString("base64"));
    for (const [sent, headers] of [[body, []], [body.subarray(0, 100_000), []], [gzipSync(body), ["Content-Encoding: gzip"]], [Buffer.concat([body, randomBytes(5_000)]), []], [Buffer.from([0x1f, 0x8b, 0x08, ...randomBytes(9_000)]), []], [Buffer.from("x^2 + y^2 = z^2, and so on"), []], [body.subarray(0, 3), []]] as const) {
      const stage = await openOwnStage({ answer: inPieces(withBody(sent, ...headers), 9_000) });
      const { reply } = await attempt(stage, get(stage.host));
      expect(Buffer.from(reply.body, "latin1").equals(headers.length > 0 ? body : sent)).toBe(true);
    }
  });

  it("is not called so by a trailer either", async () => {
    const stage = await openOwnStage({ answer: () => `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: Content-Encoding\r\n\r\n2\r\nhi\r\n0\r\nContent-Encoding: gzip\r\nContent-Type: text/plain;charset=utf-16\r\nX-Sum: 1\r\n\r\n` });
    const { reply } = await attempt(stage, get(stage.host));
    expect(reply.raw).not.toMatch(/content-encoding|utf-16/i);
    expect(reply.raw).toContain("X-Sum: 1\r\n");
  });
});

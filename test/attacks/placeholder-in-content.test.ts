// A program puts a placeholder where the host would publish it: in a path, a query, an issue's text, a file to upload, a compressed body. It is inert there, unless
// its secret was told that it may stand in that place. Then the value goes in where the placeholder was all of a segment, of a parameter or of a value, and never
// into a part of a text; as one value, whatever separators it has in it, and lengths stay true.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Grant } from "../../src/proxy/grants/grant.ts";
import type { Reply } from "../support/proxy-child.ts";
import { ask, collect, openSecure, parseReply } from "../support/proxy-child.ts";
import type { TestRun } from "../support/proxy-run.ts";
import { makeGrant, openTestRun } from "../support/proxy-run.ts";
import type { RawServer } from "../support/raw-server.ts";
import { openRawServer, plainAnswer } from "../support/raw-server.ts";
import type { TestCa } from "../support/test-ca.ts";
import { makeTestCa } from "../support/test-ca.ts";

/** With everything in it that separates something somewhere. */
const VALUE = 'k/3?&=+%" \\<ü>:@#;z9';
const EVERYWHERE = ["basic", "body", "header", "path", "query"] as const;

let ca: TestCa;
let server: RawServer;
let grants: Record<"key" | "headerOnly" | "elsewhere" | "dots" | "binary", Grant>;
let run: TestRun;
let authority: string;
let isRevoked = false;
let isAuditBroken = false;
let answer: (request: string) => string;

beforeAll(async () => {
  ca = makeTestCa();
  server = await openRawServer(ca.identityFor("api.example.test"), (request) => answer(request));
  authority = `api.example.test:${server.port}`;
  grants = {
    key: makeGrant("API_KEY", [authority], { value: VALUE, places: EVERYWHERE }),
    headerOnly: makeGrant("HEADER_ONLY", [authority], { value: "in-headers-only" }),
    elsewhere: makeGrant("ELSEWHERE", ["other.example.test"], { value: "for-another-host", places: EVERYWHERE }),
    dots: makeGrant("DOTS", [authority], { value: "..", places: EVERYWHERE }),
    binary: makeGrant("BINARY", [authority], { value: "placeholder of bytes", places: EVERYWHERE }),
  };
  grants.binary.value.reveal().fill(0xff, 0, 4);
  run = await openTestRun(Object.values(grants), { roots: [ca.certificate], isRevoked: () => isRevoked });
});

beforeEach(() => {
  [isRevoked, isAuditBroken] = [false, false];
  answer = () => plainAnswer("fine");
});

afterAll(async () => {
  await run.proxy.close();
  await server.close();
});

const get = (target: string, ...headers: readonly string[]): string => [`GET ${target} HTTP/1.1`, `Host: ${authority}`, ...headers, "", ""].join("\r\n");
const post = (type: string, body: string, ...headers: readonly string[]): string =>
  ["POST /path HTTP/1.1", `Host: ${authority}`, ...(type === "" ? [] : [`Content-Type: ${type}`]), ...headers, `Content-Length: ${Buffer.byteLength(body, "latin1")}`, "", body].join("\r\n");
/** One chunk for each piece. */
const postChunked = (type: string, ...pieces: readonly string[]): string =>
  [`POST /path HTTP/1.1`, `Host: ${authority}`, `Content-Type: ${type}`, "Transfer-Encoding: chunked", "", ...pieces.flatMap((piece) => [piece.length.toString(16), piece]), "0", "", ""].join("\r\n");
const latin1 = (text: string): string => Buffer.from(text).toString("latin1");
const unchunk = (body: string): string => body.replace(/(^|\r\n)[0-9a-f]+\r\n/g, "");

async function send(text: string): Promise<{ reply: Reply; sent: string; body: string }> {
  const before = server.received().length;
  const reply = await ask(run.proxy, authority, text);
  const sent = server.received().slice(before);
  return { reply, sent, body: sent.slice(sent.indexOf("\r\n\r\n") + 4) };
}

async function expectRefusal(text: string, status: number, code: string): Promise<Reply> {
  const { reply, sent } = await send(text);
  expect([reply.status, reply.headers["x-vault-refusal"], sent]).toEqual([status, code, ""]);
  return reply;
}

/** Nothing that the proxy says of a request shows where it went or what went with it. */
function expectDiscreet(): void {
  const events = JSON.stringify(run.events);
  for (const word of ["/path", "/bot", "q=1", "k/3", encodeURIComponent(VALUE).slice(0, 6), grants.key.placeholder]) expect(events).not.toContain(word);
}

describe("a placeholder in the target, where its secret may stand there", () => {
  it("becomes the value in the query, as one value", async () => {
    const { sent, reply } = await send(get(`/path?a=1&key=${grants.key.placeholder}&b=%20+2`));
    expect(reply.status).toBe(200);
    const target = /^GET (\S+) HTTP/.exec(sent)?.[1] ?? "";
    const query = new URLSearchParams(target.slice(target.indexOf("?")));
    expect([...query]).toEqual([["a", "1"], ["key", VALUE], ["b", "  2"]]);
    expect(target.startsWith("/path?a=1&key=") && target.endsWith("&b=%20+2")).toBe(true);
    expect(run.events.at(-1)).toMatchObject({ kind: "substituted", secrets: ["API_KEY"] });
    expectDiscreet();
  });

  it("becomes the value in the path, as one segment", async () => {
    const { sent } = await send(get(`/bot/${grants.key.placeholder}/getMe?q=1`));
    const target = /^GET (\S+) HTTP/.exec(sent)?.[1] ?? "";
    const segments = target.slice(0, target.indexOf("?")).split("/");
    expect(segments.map(decodeURIComponent)).toEqual(["", "bot", VALUE, "getMe"]);
    expect(target).toContain(":@");
    expect(target.endsWith("/getMe?q=1")).toBe(true);
    expectDiscreet();
  });

  it("comes back as the placeholder when the server tells where it was", async () => {
    answer = (request) => plainAnswer("moved", `Location: https://${authority}${/^GET (\S+)/.exec(request)?.[1] ?? ""}`);
    for (const target of [`/bot/${grants.key.placeholder}/x`, `/path?key=${grants.key.placeholder}`]) {
      expect((await send(get(target))).reply.headers["location"]).toBe(`https://${authority}${target}`);
    }
  });

  it.each([
    ["in the query and a header", () => get(`/path?key=${grants.key.placeholder}`, `Authorization: Bearer ${grants.key.placeholder}`)],
    ["in the path and the query", () => get(`/${grants.key.placeholder}?key=${grants.key.placeholder}`)],
    ["in the query twice", () => get(`/?key=${grants.key.placeholder}&token=${grants.key.placeholder}`)],
  ])("stands there once: not %s", async (_where, text) => {
    // The header cannot carry this value in any case: that it stands twice is found first or last, and nothing goes out.
    const { reply, sent } = await send(text());
    expect([reply.headers["x-vault-refusal"], sent]).toEqual(["repeated", ""]);
    expectDiscreet();
  });

  it("is refused where its value would lead to another path", async () => {
    await expectRefusal(get(`/a/${grants.dots.placeholder}/b`), 403, "unusable-value");
    expect((await send(get(`/a?token=${grants.dots.placeholder}`))).sent).toContain("/a?token=.. HTTP/1.1");
  });

  it("is refused after the vault was locked, and without an audit entry", async () => {
    isRevoked = true;
    await expectRefusal(get(`/?key=${grants.key.placeholder}`), 403, "locked");
  });

  it.each([
    ["a secret for headers only", () => grants.headerOnly],
    ["another host's secret", () => grants.elsewhere],
  ])("is inert when it is the one of %s", async (_whose, whose) => {
    for (const target of [`/?key=${whose().placeholder}`, `/${whose().placeholder}/x`]) {
      const { sent } = await send(get(target));
      expect(sent).toContain(`GET ${target} HTTP/1.1\r\n`);
      expect(run.events.at(-1)).toMatchObject({ kind: "inert", secrets: [whose().name], spot: "target" });
    }
  });

  it("is no placeholder when it is encoded", async () => {
    for (const variant of [grants.key.placeholder.replace("_", "%5F"), Buffer.from(grants.key.placeholder).toString("base64url"), grants.key.placeholder.toUpperCase()]) {
      expect((await send(get(`/?key=${variant}`))).sent).toContain(`GET /?key=${variant} HTTP/1.1`);
    }
  });
});

describe("a placeholder in a body, where its secret may stand there", () => {
  it.each([
    ["application/json", (p: string) => `{"a":"${p}","b":[1]}`, (body: string) => (JSON.parse(Buffer.from(body, "latin1").toString()) as { a: string }).a],
    ["application/vnd.api+json; charset=utf-8", (p: string) => `{"a":"${p}"}`, (body: string) => (JSON.parse(Buffer.from(body, "latin1").toString()) as { a: string }).a],
    ["application/x-www-form-urlencoded", (p: string) => `a=1&key=${p}&b=+2`, (body: string) => new URLSearchParams(body).get("key") ?? ""],
    ["text/plain", (p: string) => `key:\n${p}\n`, (body: string) => Buffer.from(body, "latin1").toString().slice(5, -1)],
  ])("becomes the value in %s", async (type, write, read) => {
    const text = write(grants.key.placeholder);
    const whole = await send(post(type, text));
    expect(whole.reply.status).toBe(200);
    expect(read(whole.body)).toBe(VALUE);
    expect(whole.sent.match(/content-length: .*|transfer-encoding/gi)).toEqual([`content-length: ${whole.body.length}`]);
    expect(run.events.at(-1)).toMatchObject({ kind: "substituted", secrets: ["API_KEY"] });
    const chunked = await send(postChunked(type, text.slice(0, 12), text.slice(12, 30), text.slice(30)));
    expect(chunked.sent.match(/content-length: .*|transfer-encoding/gi)).toHaveLength(1);
    expect(read(unchunk(chunked.body).replace(/\r\n\r\n$/, ""))).toBe(VALUE);
    expectDiscreet();
  });

  it("becomes the value in a part, unless it could end the part", async () => {
    const form = (placeholder: string): string => `--b\r\nContent-Disposition: form-data; name="key"\r\n\r\n${placeholder}\r\n--b--\r\n`;
    const { body } = await send(post("multipart/form-data; boundary=b", form(grants.dots.placeholder)));
    expect(body).toBe(form(".."));
    await expectRefusal(post("multipart/form-data; boundary=b", form(grants.key.placeholder)), 403, "unusable-value");
  });

  it("goes on as it comes when the body is long, and the length is the connection's to tell", async () => {
    const filler = "x".repeat(300_000);
    const { sent, body } = await send(post("application/json", `{"f":"${filler}","key":"${grants.key.placeholder}"}`));
    expect(sent).toMatch(/transfer-encoding: chunked/i);
    expect(sent).not.toMatch(/content-length/i);
    expect(unchunk(body)).toContain(`x","key":${latin1(JSON.stringify(VALUE))}}`);
  });

  it("waits for a client that asks whether to go on", async () => {
    const secure = await openSecure(run.proxy, authority);
    const replies = collect(secure);
    const text = `{"key":"${grants.key.placeholder}"}`;
    secure.write(post("application/json", text, "Expect: 100-continue").slice(0, -text.length));
    await replies.read((raw) => raw.startsWith("HTTP/1.1 100 Continue\r\n\r\n"));
    secure.write(text);
    const raw = await replies.read((all) => all.endsWith("fine"));
    expect(parseReply(raw.slice("HTTP/1.1 100 Continue\r\n\r\n".length)).status).toBe(200);
    expect(server.received()).toContain(latin1(`{"key":${JSON.stringify(VALUE)}}`));
    secure.destroy();
  });

  it("stands there once: a second one stops a small body before it goes up", async () => {
    await expectRefusal(post("text/plain", `${grants.key.placeholder}\n${grants.key.placeholder}`), 400, "repeated");
    await expectRefusal(post("text/plain", `${grants.headerOnly.placeholder}\n${grants.dots.placeholder}`, `X-Api-Key: ${grants.dots.placeholder}`), 400, "repeated");
  });

  it("stands there once: a second one leaves a streamed body unfinished", async () => {
    const { reply, sent } = await send(postChunked("text/plain", `a\n${grants.dots.placeholder}\nb`, `${"c".repeat(100)}\n`, `${grants.dots.placeholder}\nd`));
    expect([reply.status, reply.headers["x-vault-refusal"]]).toEqual([400, "repeated"]);
    expect(sent).not.toMatch(/\r\n0\r\n\r\n$/);
    expect(sent).not.toContain(grants.dots.placeholder.slice(0, 12));
  });

  it("is refused after the vault was locked, and where JSON cannot hold its value", async () => {
    await expectRefusal(post("application/json", `"${grants.binary.placeholder}"`), 403, "unusable-value");
    isRevoked = true;
    await expectRefusal(post("text/plain", grants.key.placeholder), 403, "locked");
  });

  it("is refused without its audit entry", async () => {
    const unheard = await openTestRun([grants.key], { roots: [ca.certificate], flush: () => { if (isAuditBroken) throw new Error("disk full"); } });
    try {
      isAuditBroken = true;
      for (const text of [post("text/plain", grants.key.placeholder), postChunked("text/plain", grants.key.placeholder), get(`/?key=${grants.key.placeholder}`)]) {
        const before = server.received().length;
        const reply = await ask(unheard.proxy, authority, text);
        expect([reply.status, reply.headers["x-vault-refusal"]]).toEqual([503, "audit"]);
        expect(server.received().slice(before)).not.toContain("k/3");
      }
    } finally {
      await unheard.proxy.close();
    }
  });

  it("goes to a private address only where its own secret may, whatever others may", async () => {
    const guarded = makeGrant("GUARDED", [authority], { value: "for public addresses", places: ["body"], allowPrivate: false });
    const mixed = await openTestRun([grants.key, guarded], { roots: [ca.certificate] });
    try {
      for (const [text, status] of [
        [post("text/plain", guarded.placeholder), 403],
        [postChunked("text/plain", guarded.placeholder), 403],
        [post("text/plain", grants.key.placeholder), 200],
      ] as const) {
        const reply = await ask(mixed.proxy, authority, text);
        expect([reply.status, reply.headers["x-vault-refusal"]]).toEqual([status, status === 200 ? undefined : "private-address"]);
      }
      expect(server.received()).not.toContain("for public addresses");
    } finally {
      await mixed.proxy.close();
    }
  });

  it("is not looked for in a compressed body, which is refused", async () => {
    const zipped = gzipSync(`{"key":"${grants.key.placeholder}"}`).toString("latin1");
    const reply = await expectRefusal(post("application/json", zipped, "Content-Encoding: gzip"), 415, "coded-body");
    expect(reply.body).toContain("send it without Content-Encoding");
    expect((await send(post("application/json", "{}", "Content-Encoding: identity"))).reply.status).toBe(200);
  });

  it.each(["application/octet-stream", "application/xml", "", "text/plain; charset=utf-16", "application/json\r\nContent-Type: text/plain"])("is inert in a body of type %j", async (type) => {
    const { body } = await send(post(type, `<${grants.key.placeholder}>`));
    expect(body).toBe(`<${grants.key.placeholder}>`);
    expect(run.events.at(-1)).toMatchObject({ kind: "inert", secrets: ["API_KEY"], spot: "body" });
  });

  it("is inert when its secret may not stand in bodies, or not go to this host", async () => {
    const text = `${grants.headerOnly.placeholder} ${grants.elsewhere.placeholder} ${grants.headerOnly.placeholder}`;
    const before = run.events.length;
    expect((await send(post("text/plain", text))).body).toBe(text);
    expect(run.events.slice(before)).toMatchObject([
      { kind: "inert", secrets: ["HEADER_ONLY"], spot: "body" },
      { kind: "inert", secrets: ["ELSEWHERE"], spot: "body" },
    ]);
  });

  it("is no placeholder when it is encoded", async () => {
    for (const variant of [grants.key.placeholder.replace("v", "\\u0076"), grants.key.placeholder.replace("_", "%5f"), Buffer.from(grants.key.placeholder).toString("base64"), grants.key.placeholder.toUpperCase()]) {
      expect((await send(post("application/json", `"${variant}"`))).body).toBe(`"${variant}"`);
    }
  });
});

describe("a strict run", () => {
  it("refuses a placeholder where it may not act, and only there", async () => {
    const strict = await openTestRun(Object.values(grants), { roots: [ca.certificate], strict: true });
    try {
      for (const [text, status] of [
        [get(`/?key=${grants.headerOnly.placeholder}`), 400],
        [get(`/?key=${grants.key.placeholder}`), 200],
        [post("text/plain", grants.headerOnly.placeholder), 400],
        [post("application/octet-stream", grants.key.placeholder), 400],
        [post("text/plain", grants.key.placeholder), 200],
      ] as const) expect((await ask(strict.proxy, authority, text)).status).toBe(status);
    } finally {
      await strict.proxy.close();
    }
  });
});

describe("curl (a real client)", () => {
  it.each([
    ["a form", (p: string) => ["-G", "--data-urlencode", `key=${p}`], /^GET \/\?key=k%2F3/],
    ["a form with parts", (p: string) => ["-F", `key=${p}`, "-F", "note=none"], /name="key"\r\n\r\n\.\.\r\n/],
    ["a long upload that asks whether to go on", (p: string) => ["-H", "Content-Type: application/json", "-H", "Expect: 100-continue", "-d", `["${"x".repeat(100_000)}","${p}"]`], /x","k\/3/],
  ])("sends %s", async (what, options, expected) => {
    const folder = mkdtempSync(join(tmpdir(), "vault-places-"));
    try {
      writeFileSync(join(folder, "ca.pem"), run.proxy.caCertificate);
      const { placeholder } = what === "a form with parts" ? grants.dots : grants.key;
      const before = server.received().length;
      const { stdout, status } = await runCurl(["-sS", "--proxy", run.proxy.url, "--cacert", join(folder, "ca.pem"), ...options(placeholder), `https://${authority}/`]);
      expect([status, stdout]).toEqual([0, "fine"]);
      expect(server.received().slice(before).replace(/\r\n[0-9a-f]+\r\n(?!\r\n)/g, "")).toMatch(expected);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

function runCurl(args: readonly string[]): Promise<{ stdout: string; status: number | null }> {
  const child = spawn("curl", args, { env: { PATH: process.env["PATH"] ?? "" } });
  let stdout = "";
  child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
  return new Promise((resolve) => child.once("close", (status) => { resolve({ stdout, status }); }));
}

// A program spells its placeholder in some other way, so that the proxy lets it by and the server, or something before it, reads the real one; or so that a careless
// proxy decodes, unfolds, folds case, rescans, and puts a value where nobody judged it. A placeholder is one only as it was minted. In any other spelling, in any
// place, it goes on as it is, byte for byte, and the value goes nowhere.
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AttackStage } from "../support/attack-stage.ts";
import { attempt, expectServedWithValue, openStage } from "../support/attack-stage.ts";
import { VALUE } from "../support/proxy-run.ts";

let stage: AttackStage;
beforeAll(async () => {
  stage = await openStage({ grant: { places: ["basic", "body", "header", "path", "query"] } });
});
afterAll(() => stage.close());

const base64 = (text: string): string => Buffer.from(text).toString("base64");
const hex = (character: string): string => character.charCodeAt(0).toString(16).padStart(2, "0");

/** None of these has the placeholder in it. */
const SPELLINGS: Readonly<Record<string, (placeholder: string) => string>> = {
  "with one character percent-encoded": (text) => text.replace("_", "%5f"),
  "percent-encoded throughout": (text) => text.replace(/./g, (character) => `%${hex(character)}`),
  "percent-encoded twice": (text) => text.replace("_", "%255F"),
  "in base64": base64,
  "in base64 for URLs": (text) => Buffer.from(text).toString("base64url"),
  "in base64 twice": (text) => base64(base64(text)),
  "in hex": (text) => Buffer.from(text).toString("hex"),
  "escaped as in JSON": (text) => text.replace("v", "\\u0076"),
  "escaped as in HTML": (text) => text.replace("v", "&#118;"),
  "escaped as in C": (text) => text.replace("v", "\\x76"),
  "in quoted-printable": (text) => text.replace("_", "=5F"),
  "in UTF-7": (text) => text.replace("_", "+AF8-"),
  "in capitals": (text) => text.toUpperCase(),
  "in small letters": (text) => text.toLowerCase(),
  "with the case of one letter changed": (text) => text.replace("v", "V"),
  "without its last character": (text) => text.slice(0, -1),
  "without its first character": (text) => text.slice(1),
  "with one character changed": (text) => text.slice(0, -1) + (text.endsWith("A") ? "B" : "A"),
  "with a character in its middle": (text) => `${text.slice(0, 12)}.${text.slice(12)}`,
  "with a space in its middle": (text) => `${text.slice(0, 12)} ${text.slice(12)}`,
  "with a soft hyphen in its middle": (text) => `${text.slice(0, 12)}\xad${text.slice(12)}`,
  "with an overlong character": (text) => text.replace("_", "\xc1\x9f"),
  "with a character of full width": (text) => text.replace("v", Buffer.from("ｖ").toString("latin1")),
  "backwards": (text) => text.split("").reverse().join(""),
  "as its prefix alone": () => "vault_ph_",
  "as a guess": () => `vault_ph_${"A".repeat(26)}`,
  "in another's prefix": (text) => text.replace("vault_ph_", "vault_pg_"),
};

/** A request that has the text in one place, and what arrives of it. */
const PLACES: Readonly<Record<string, (text: string) => { readonly request: string; readonly arrives: string }>> = {
  "in a credential header": (text) => ({ request: head("GET /", `X-Api-Key: ${text}`), arrives: `X-Api-Key: ${text}\r\n` }),
  "in a bearer token": (text) => ({ request: head("GET /", `Authorization: Bearer ${text}`), arrives: `Authorization: Bearer ${text}\r\n` }),
  "in Basic": (text) => ({ request: head("GET /", `Authorization: Basic ${Buffer.from(`u:${text}`, "latin1").toString("base64")}`), arrives: `Basic ${Buffer.from(`u:${text}`, "latin1").toString("base64")}\r\n` }),
  "in a cookie": (text) => ({ request: head("GET /", `Cookie: a=${text}`), arrives: `Cookie: a=${text}\r\n` }),
  "in the query": (text) => ({ request: head(`GET /?key=${inTarget(text)}`), arrives: `GET /?key=${inTarget(text)} HTTP` }),
  "in the path": (text) => ({ request: head(`GET /${inTarget(text)}`), arrives: `GET /${inTarget(text)} HTTP` }),
  "in JSON": (text) => ({ request: post("application/json", `{"k":"${text}"}`), arrives: `{"k":"${text}"}` }),
  "in a form": (text) => ({ request: post("application/x-www-form-urlencoded", `k=${text}`), arrives: `k=${text}` }),
};

const head = (start: string, ...lines: readonly string[]): string => [`${start} HTTP/1.1`, `Host: ${stage.host}`, ...lines, "", ""].join("\r\n");
const post = (type: string, body: string): string => head("POST /", `Content-Type: ${type}`, `Content-Length: ${body.length}`) + body;
/** A target is visible ASCII. */
const inTarget = (text: string): string => text.replace(/[^\x21-\x7e]|\\|#/g, (character) => `%${hex(character)}`);

describe.each(Object.entries(PLACES))("%s", (_place, place) => {
  it.each(Object.entries(SPELLINGS))("a placeholder %s is none, and is left alone", async (_spelling, spell) => {
    const { request, arrives } = place(spell(stage.grant.placeholder));
    const { reply, sent } = await attempt(stage, request);
    expect(reply.status).toBe(200);
    expect(sent).toContain(arrives);
    expect(sent).not.toContain(VALUE.slice(0, 8));
    expect(sent).not.toContain(base64(VALUE).slice(0, 8));
  });

  it("the placeholder itself becomes the value", async () => {
    const { request } = place(stage.grant.placeholder);
    const { reply, sent } = await attempt(stage, request);
    expect(reply.status).toBe(200);
    expect([VALUE, encodeURIComponent(VALUE), base64(`u:${VALUE}`)].some((form) => sent.includes(form))).toBe(true);
    expect(sent).not.toContain(stage.grant.placeholder);
  });
});

describe("nothing is looked into", () => {
  it("that is compressed: it goes nowhere where a secret may stand in bodies", async () => {
    const body = gzipSync(`{"k":"${stage.grant.placeholder}"}`).toString("latin1");
    const { reply, sent } = await attempt(stage, head("POST /", "Content-Type: application/json", "Content-Encoding: gzip", `Content-Length: ${body.length}`) + body);
    expect([reply.status, reply.headers["x-vault-refusal"], sent]).toEqual([415, "coded-body", ""]);
  });

  it("that comes after the body: trailers are dropped", async () => {
    const { sent } = await attempt(stage, `${head("POST /", "Trailer: X-Api-Key", "Transfer-Encoding: chunked")}2\r\nhi\r\n0\r\nX-Api-Key: ${stage.grant.placeholder}\r\n\r\n`);
    expect(sent).not.toMatch(/X-Api-Key: /);
    expect(sent).not.toContain(VALUE);
  });

  it("in a header's name, which stays as it is", async () => {
    const { reply, sent } = await attempt(stage, head("GET /", `X-${stage.grant.placeholder}: 1`));
    expect([reply.status, sent.includes(VALUE)]).toEqual([200, false]);
  });

  it("but what stands as minted, beside what only looks like one", async () => {
    await expectServedWithValue(stage, head("GET /", `Authorization: Token a="vault_ph_", b="${stage.grant.placeholder}"`));
  });
});

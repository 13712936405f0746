import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { findBodyKind, isCoded } from "../../src/proxy/body-kind.ts";
import { judgeInBody, planBody } from "../../src/proxy/body-policy.ts";
import type { Grant } from "../../src/proxy/grant.ts";
import { spell } from "../../src/proxy/place-encoding.ts";
import { makeRecogniser } from "../../src/proxy/placeholder.ts";
import { decide } from "../../src/proxy/policy.ts";
import type { BodyCutter } from "../../src/proxy/request-body.ts";
import { makeBodyCutter } from "../../src/proxy/request-body.ts";
import { makeScrubber } from "../../src/proxy/scrub.ts";
import { substitute, substituteTarget, valueInBody } from "../../src/proxy/substitute.ts";
import { makeGrant } from "../support/proxy-run.ts";

const HOST = "api.example.test";
const AUTHORITY = { host: HOST, port: 443 };
const EVERYWHERE = ["basic", "body", "header", "path", "query"] as const;
const KINDS = ["json", "form", "multipart", "text"] as const;

const latin1 = (text: string): string => Buffer.from(text).toString("latin1");
const utf8 = (text: string): string => Buffer.from(text, "latin1").toString();

/** What goes out for a body that arrives in these chunks. */
function write(cutter: BodyCutter, chunks: readonly Uint8Array[]): string {
  const pieces = [...chunks.flatMap((chunk) => cutter.push(chunk)), ...cutter.end()];
  return pieces.map((piece) => Buffer.from(piece.kind === "bytes" ? piece.bytes : valueInBody(piece.grant, "json")).toString("latin1")).join("");
}

function split(text: Buffer, cuts: readonly number[]): Buffer[] {
  const places = [0, ...cuts.map((cut) => cut % (text.length + 1)).sort((a, b) => a - b), text.length];
  return places.slice(1).map((end, index) => text.subarray(places[index], end));
}

describe("a value in its place", () => {
  const anything = fc.string({ unit: "grapheme", minLength: 1, maxLength: 30 });

  it("is read there as itself, whatever is in it", () => {
    fc.assert(
      fc.property(anything, (value) => {
        expect(decodeURIComponent(spell(latin1(value), "segment"))).toBe(value);
        expect([...new URLSearchParams(`a=${spell(latin1(value), "form")}&b=c`)]).toEqual([["a", value], ["b", "c"]]);
        expect(JSON.parse(`"${utf8(spell(latin1(value), "json"))}"`)).toBe(value);
        expect(spell(latin1(value), "raw")).toBe(latin1(value));
      }),
    );
  });

  it("adds no separator to a path or a query", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 40 }), (bytes) => {
        const value = Buffer.from(bytes).toString("latin1");
        expect(spell(value, "segment")).toMatch(/^(?:[A-Za-z0-9._~:@-]|%[0-9A-F]{2})+$/);
        expect(spell(value, "form")).toMatch(/^(?:[A-Za-z0-9._~-]|%[0-9A-F]{2})+$/);
      }),
    );
  });

  it("is recognised in an answer as it was spelled", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", minLength: 8, maxLength: 30 }), (value) => {
        const grant = makeGrant("KEY", [HOST], { value });
        for (const spelling of ["segment", "form", "json", "raw"] as const) {
          expect(makeScrubber([grant]).openAnswer().text(Buffer.from(spell(latin1(value), spelling), "latin1"))).toBe(grant.placeholder);
        }
      }),
      { numRuns: 50 },
    );
  });
});

describe("a body in pieces", () => {
  /** One placeholder begins like another, and both begin like themselves further on. */
  const grants = ["abab_x", "abab_xab", "ab_yy"].map((placeholder, index) => makeGrant(`KEY_${index}`, [HOST], { placeholder, value: `<"${index}\n>`, places: EVERYWHERE }));
  const openCutter = makeBodyCutter(grants);
  const word = fc.oneof(fc.constantFrom(...grants.map(({ placeholder }) => placeholder)), fc.string({ unit: fc.constantFrom("a", "b", "_", "x", "y", "-", "é"), maxLength: 8 }));
  const recognise = makeRecogniser(grants);

  it("is written the same however it is split, and no other byte is touched", () => {
    fc.assert(
      fc.property(fc.array(word, { maxLength: 12 }), fc.array(fc.nat(120), { maxLength: 12 }), (words, cuts) => {
        const text = words.join("");
        // The other way to find placeholders, over the text as a whole, says what is right.
        let expected = "";
        let from = 0;
        for (const { grant, start, end } of recognise(text)) {
          expected += text.slice(from, start) + utf8(Buffer.from(valueInBody(grant, "json")).toString("latin1"));
          from = end;
        }
        const written = write(openCutter(), split(Buffer.from(text), cuts));
        if (utf8(written) !== expected + text.slice(from)) throw new Error(JSON.stringify([text, cuts, utf8(written)]));
      }),
      { numRuns: 20_000 },
    );
  });

  it("is written the same at every single split, and byte by byte", () => {
    const text = Buffer.from(`{"é":"${grants[1]?.placeholder ?? ""}ab${grants[0]?.placeholder ?? ""}ab","abab_":"${grants[2]?.placeholder ?? ""}"}`);
    const whole = write(openCutter(), [text]);
    for (let at = 0; at <= text.length; at += 1) {
      for (let next = at; next <= text.length; next += 1) expect(write(openCutter(), [text.subarray(0, at), text.subarray(at, next), text.subarray(next)])).toBe(whole);
    }
    expect(write(openCutter(), [...text].map((byte) => Uint8Array.of(byte)))).toBe(whole);
  });

  it("holds back nothing but what may begin a placeholder", () => {
    const cutter = openCutter();
    expect(cutter.push(Buffer.from("data: 1\n\n"))).toHaveLength(1);
    expect(cutter.push(Buffer.from("abab"))).toEqual([]);
    expect(Buffer.from(cutter.push(Buffer.from("!"))[0]?.bytes ?? []).toString()).toBe("abab!");
  });
});

describe("a target", () => {
  it("changes in nothing but the placeholder", () => {
    const grant = makeGrant("KEY", [HOST], { value: "a/b?c&d e", places: EVERYWHERE });
    const recognise = makeRecogniser([grant]);
    const part = fc.string({ unit: fc.constantFrom("/", "a", "&", "=", "%20", "+", ";", "$", "~"), maxLength: 10 });
    fc.assert(
      fc.property(part, part, part, fc.boolean(), (before, after, other, isQuery) => {
        const [left, right] = isQuery ? [`/${other}?${before}`, after] : [`/${before}`, `${after}?${other}`];
        const target = `${left}${grant.placeholder}${right}`;
        const decision = decide({ method: "GET", target, headers: [], host: HOST, bodyBytes: undefined, upgrade: undefined }, { scheme: "https", authority: AUTHORITY, recognise, strict: true });
        expect(decision.kind).toBe("forward");
        if (decision.kind === "forward") {
          expect(substituteTarget(target, decision.target)).toBe(`${left}a%2Fb%3Fc%26d%20e${right}`);
          expect(substitute([], decision.edits)).toEqual([]);
        }
      }),
    );
  });

  it("over plain HTTP takes no secret, whatever its places", () => {
    const grant = makeGrant("KEY", ["api.example.test:80"], { places: EVERYWHERE });
    const decision = decide({ method: "GET", target: `/?k=${grant.placeholder}`, headers: [], host: HOST, bodyBytes: undefined, upgrade: undefined }, { scheme: "http", authority: { host: HOST, port: 80 }, recognise: makeRecogniser([grant]), strict: false });
    expect(decision).toMatchObject({ kind: "refuse", refusal: { code: "plain-http" } });
  });
});

describe("what a body is", () => {
  it.each([
    ["application/json", "json"],
    ["Application/JSON; charset=UTF-8", "json"],
    ["application/problem+json", "json"],
    ["application/x-www-form-urlencoded", "form"],
    ["multipart/form-data; boundary=x", "multipart"],
    ["text/csv", "text"],
    ["application/json; charset=utf-16le", undefined],
    ["application/octet-stream", undefined],
    ["application/jsonp", undefined],
    ["textual/plain", undefined],
    ["", undefined],
  ])("%s is %s", (type, kind) => {
    expect(findBodyKind(["Content-Type", type])).toBe(kind);
    expect(findBodyKind(["Content-Type", type, "content-type", type])).toBeUndefined();
  });

  it("is coded where a coding is named", () => {
    expect(isCoded(["content-encoding", "identity", "Content-Encoding", "gzip"])).toBe(true);
    expect(isCoded(["Content-Encoding", "Identity, "])).toBe(false);
    expect(isCoded(["Accept-Encoding", "gzip"])).toBe(false);
  });

  it("decides whether a secret may stand in it", () => {
    const grant = makeGrant("KEY", [HOST], { places: ["body"] });
    const other: Grant = makeGrant("OTHER", ["other.example.test"], { places: ["body"] });
    const head = { method: "POST", target: "/", headers: ["Content-Type", "application/json"], host: HOST, bodyBytes: 10, upgrade: undefined };
    const plan = planBody(head, "https", AUTHORITY, [grant, other]);
    expect(plan).toEqual({ kind: "edit", body: "json", grants: [grant] });
    expect(planBody(head, "http", AUTHORITY, [grant])).toEqual({ kind: "watch" });
    expect(planBody(head, "https", AUTHORITY, [other])).toEqual({ kind: "watch" });
    expect(planBody({ ...head, bodyBytes: undefined }, "https", AUTHORITY, [grant])).toEqual({ kind: "watch" });
    expect(judgeInBody(grant, plan, AUTHORITY, new Set(), true)).toEqual({ kind: "act", body: "json" });
    expect(judgeInBody(grant, plan, AUTHORITY, new Set([grant]), false)).toMatchObject({ kind: "refuse", refusal: { code: "repeated" } });
    expect(judgeInBody(other, plan, AUTHORITY, new Set(), false)).toEqual({ kind: "inert" });
    expect(judgeInBody(other, plan, AUTHORITY, new Set(), true)).toMatchObject({ kind: "refuse", refusal: { code: "misplaced" } });
    expect(KINDS.every((kind) => valueInBody(grant, kind).length > 0)).toBe(true);
  });
});

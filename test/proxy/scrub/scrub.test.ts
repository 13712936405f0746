import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Grant } from "../../../src/proxy/grants/grant.ts";
import type { Scrubber } from "../../../src/proxy/scrub/scrub.ts";
import { makeScrubber } from "../../../src/proxy/scrub/scrub.ts";
import { secretForms } from "../../../src/proxy/scrub/secret-forms.ts";
import { cases } from "../../support/cases.ts";
import { makeGrant } from "../../support/proxy-run.ts";
import { findReflections, reflect, REFLECTED_VALUES } from "../../support/reflected-values.ts";

function scrubberOf(grants: readonly Grant[]): Scrubber {
  const scrubber = makeScrubber(grants);
  if (scrubber === undefined) throw new Error("nothing to look for");
  return scrubber;
}

/** The body that comes out when it goes in in pieces of these sizes, over and over. */
function scrubInPieces(scrubber: Scrubber, body: Buffer, sizes: readonly number[]): string {
  const scrub = scrubber.openAnswer();
  const out: Uint8Array[] = [];
  for (let at = 0, piece = 0; at < body.length; piece += 1) {
    const size = sizes[piece % sizes.length] ?? 1;
    out.push(...scrub.push(body.subarray(at, at + size)));
    at += size;
  }
  return Buffer.concat([...out, ...scrub.end()]).toString("latin1");
}

const word = fc.string({ unit: fc.constantFrom("a", "b", "c", "1"), minLength: 1, maxLength: 12 });
const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 });

describe("a scrubbed body", () => {
  it("is the same however it comes in pieces", () => {
    fc.assert(
      fc.property(fc.uniqueArray(word, { minLength: 1, maxLength: 4 }), fc.array(word, { maxLength: 20 }), sizes, (values, parts, pieces) => {
        const scrubber = scrubberOf(values.map((value, index) => makeGrant(`KEY_${index}`, [], { value, placeholder: `<${index}>` })));
        const body = Buffer.from(parts.join(""));
        expect(scrubInPieces(scrubber, body, pieces)).toBe(scrubInPieces(scrubber, body, [body.length + 1]));
      }),
      { numRuns: cases(1_000, 20_000) },
    );
  });

  it("holds no value, and all that was not one", () => {
    const value = "sk_live_0123456789";
    const scrubber = scrubberOf([makeGrant("KEY", [], { value, placeholder: "<PH>" })]);
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.constant(value), fc.string({ maxLength: 20 })), { maxLength: 10 }), sizes, (parts, pieces) => {
        const body = parts.join("");
        const out = Buffer.from(scrubInPieces(scrubber, Buffer.from(body), pieces), "latin1").toString("utf8");
        expect(out).toBe(body.replaceAll(value, "<PH>"));
      }),
    );
  });

  it("is not touched where nothing stands in it, byte for byte", () => {
    const scrubber = scrubberOf([makeGrant("KEY", [], { value: "correct horse battery staple" })]);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 3000 }), sizes, (bytes, pieces) => {
        expect(scrubInPieces(scrubber, Buffer.from(bytes), pieces)).toBe(Buffer.from(bytes).toString("latin1"));
      }),
    );
  });

  it("lets an event out at once, and holds what may go on", () => {
    const scrub = scrubberOf([makeGrant("KEY", [], { value: "data-key-value" })]).openAnswer();
    const text = (parts: readonly Uint8Array[]): string => Buffer.concat(parts).toString();
    expect(text(scrub.push(Buffer.from("event: x\n\n")))).toBe("event: x\n\n");
    expect(text(scrub.push(Buffer.from("data-ke")))).toBe("");
    expect(text(scrub.push(Buffer.from("nnel\nnothing-like-it")))).toBe("data-kennel\n");
    expect(text(scrub.end())).toBe("nothing-like-it");
  });

  it("is the same in any pieces where a dense text is cut by the amount, with escapes and lines of base64 across the cuts", () => {
    const value = "sk_live_0123456789-abc";
    const scrubber = scrubberOf([makeGrant("KEY", [], { value, placeholder: "<PH>" })]);
    const piece = fc.constantFrom(value, encodeURIComponent(value), value.replaceAll("_", "\\u005f"), value.replaceAll("_", "\\\\u005f"), value.replace(/./g, (one) => `%25${one.charCodeAt(0).toString(16)}`), Buffer.from(value).toString("base64"), "x".repeat(77), "\\".repeat(7), "%25%25", "&amp;", "Q".repeat(500));
    const lined = (text: string): string => (text.match(/.{1,64}/g) ?? []).join("\n");
    fc.assert(
      fc.property(fc.array(fc.array(piece, { minLength: 200, maxLength: 400 }), { minLength: 1, maxLength: 2 }), fc.boolean(), fc.array(fc.integer({ min: 1, max: 9_000 }), { minLength: 1, maxLength: 5 }), (parts, isLined, sizes) => {
        const text = isLined ? lined(Buffer.from(parts.flat().join("")).toString("base64")) : parts.flat().join("");
        const whole = Buffer.from(scrubber.openAnswer().whole(Buffer.from(text))).toString("latin1");
        expect(scrubInPieces(scrubber, Buffer.from(text), sizes) === whole).toBe(true);
      }),
      { numRuns: cases(15, 300) },
    );
  });

  it("holds no more than twice its amount of what has no end", () => {
    const scrub = scrubberOf([makeGrant("KEY", [])]).openAnswer();
    const outs = Array.from({ length: 20 }, () => Buffer.concat(scrub.push(Buffer.alloc(4_096, "x"))).length);
    expect(outs).toEqual([0, 0, 0, 8_192, 0, 8_192, 0, 8_192, 0, 8_192, 0, 8_192, 0, 8_192, 0, 8_192, 0, 8_192, 0, 8_192]);
  });

  it("takes the longer of two values that begin alike, and names whose they were", () => {
    const grants = [makeGrant("SHORT", [], { value: "abcdefgh", placeholder: "<S>" }), makeGrant("LONG", [], { value: "abcdefgh-ijkl", placeholder: "<L>" })];
    const scrubber = scrubberOf(grants);
    expect(scrubInPieces(scrubber, Buffer.from("abcdefgh-ijkl abcdefgh-x"), [3])).toBe("<L> <S>-x");
    const scrub = scrubber.openAnswer();
    scrub.texts([Buffer.from("abcdefgh")]);
    expect([...scrub.met]).toEqual(["SHORT"]);
  });

  it("scrubs each part of a head, and takes two parts for one value in neither", () => {
    const scrub = scrubberOf([makeGrant("KEY", [], { value: "abcdefgh", placeholder: "<K>" })]).openAnswer();
    const texts = (...parts: readonly string[]): string[] => scrub.texts(parts.map((part) => Buffer.from(part, "latin1")));
    expect(texts("X-One", "1", "X-\xe9", "")).toEqual(["X-One", "1", "X-\xe9", ""]);
    expect(texts("X-abcd", "efgh")).toEqual(["X-abcd", "efgh"]);
    expect([...scrub.met]).toEqual([]);
    expect(texts("X-Echo", "abcdefgh", "abcd", "efgh, abcdefgh")).toEqual(["X-Echo", "<K>", "abcd", "efgh, <K>"]);
    expect([...scrub.met]).toEqual(["KEY"]);
  });

  it("does not take a short value's encodings for it", () => {
    const scrubber = scrubberOf([makeGrant("PIN", [], { value: "1234", placeholder: "<P>" })]);
    expect(scrubInPieces(scrubber, Buffer.from("1234 31323334 MTIzNA=="), [100])).toBe("<P> 31323334 MTIzNA==");
  });

  it.each([
    ["Go", 'a<b>&"c"-token-\\', 'a\\u003cb\\u003e\\u0026\\"c\\"-token-\\\\'],
    [".NET", 'a<b>&"c"-token', "a\\u003Cb\\u003E\\u0026\\u0022c\\u0022-token"],
    ["HTML", 'a<b>&"c\'-token', "a&lt;b&gt;&amp;&quot;c&#39;-token"],
    ["UTF-8", "pässwörd-token", "p%C3%A4ssw%C3%B6rd-token"],
    ["a form", "two words & more", "two+words+%26+more"],
  ])("knows how %s escapes", (_who, value, escaped) => {
    const scrubber = scrubberOf([makeGrant("KEY", [], { value, placeholder: "<PH>" })]);
    expect(scrubInPieces(scrubber, Buffer.from(`x${escaped}y`), [4])).toBe("x<PH>y");
  });

  it("holds no value in any way in which others write one", () => {
    fc.assert(
      fc.property(fc.oneof(fc.constantFrom(...Object.values(REFLECTED_VALUES)), fc.string({ unit: "grapheme", minLength: 8, maxLength: 40 }).filter((value) => Buffer.byteLength(value) >= 8)), (value) => {
        const scrubber = scrubberOf([makeGrant("KEY", [], { value, placeholder: "<PH>" })]);
        for (const [way, form] of Object.entries(reflect(value))) {
          const out = Buffer.from(scrubInPieces(scrubber, Buffer.from(`"${form}"`), [5]), "latin1");
          expect([way, form, out.includes("<PH>"), findReflections(out, value)]).toEqual([way, form, true, []]);
        }
      }),
      { numRuns: cases(80, 1_000) },
    );
  });
});

describe("what the child sees", () => {
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-+/=.";
  const secret = fc.string({ unit: fc.constantFrom(...Array.from(letters)), minLength: 8, maxLength: 60 });
  /** All pieces of an answer, as they leave. */
  const watch = (value: string, pieces: readonly Buffer[]): string[] => {
    const scrub = scrubberOf([makeGrant("KEY", [], { value, placeholder: "<PH>" })]).openAnswer();
    const seen = pieces.map((piece) => Buffer.concat(scrub.push(piece)).toString("latin1"));
    return [...scrub.texts(pieces), ...seen, Buffer.concat(scrub.end()).toString("latin1"), Buffer.from(scrub.whole(Buffer.concat(pieces))).toString("latin1"), ...scrub.met];
  };
  /** Whether a text has a form of the value in it, as the scrubber itself would find at once. */
  const holds = (value: string, pieces: readonly Buffer[]): boolean => {
    const scrub = scrubberOf([makeGrant("KEY", [], { value })]).openAnswer();
    scrub.whole(Buffer.concat(pieces));
    return scrub.met.size > 0;
  };

  it("of a text is the same whatever the secret is that does not stand in it, piece for piece", () => {
    // Texts that an attacker would choose: beginnings, ends and other parts of either secret and of its encodings.
    const partsOf = (value: string): fc.Arbitrary<string> => {
      const forms = secretForms(makeGrant("KEY", [], { value })).map((form) => Buffer.from(form).toString("latin1"));
      return fc.tuple(fc.constantFrom(...forms), fc.nat(), fc.nat()).map(([form, from, length]) => form.slice(from % form.length).slice(0, length % form.length));
    };
    const scene = fc.tuple(secret, secret).chain(([one, other]) => fc.tuple(fc.constant(one), fc.constant(other), fc.array(fc.oneof(partsOf(one), partsOf(other), fc.string({ unit: fc.constantFrom(...Array.from(`${letters} \n%&\\{}`)), maxLength: 30 })), { maxLength: 30 })));
    fc.assert(
      fc.property(scene, ([one, other, texts]) => {
        const pieces = texts.map((text) => Buffer.from(text, "latin1"));
        fc.pre(!holds(one, pieces) && !holds(other, pieces));
        expect(watch(one, pieces)).toEqual(watch(other, pieces));
        expect(watch(one, pieces).join("")).not.toContain("*****");
      }),
      { numRuns: cases(300, 5_000) },
    );
  });

  it("of a long text without an end either", () => {
    const [one, other] = ["ghp_9fK2mQ7xT4vB1nR8sW3zL6cY5dH0jP2aE7u1", "xoxb-263594206564-2343594206574-FGqddMF8t08v8N7Oq4i57vs1"];
    const pieces = Array.from({ length: 60 }, (_none, at) => Buffer.from(one.slice(0, at % one.length).repeat(30)));
    expect(watch(one, pieces)).toEqual(watch(other, pieces));
  });
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { spell } from "../../../src/proxy/places/place-encoding.ts";
import { makeScrubber } from "../../../src/proxy/scrub/scrub.ts";
import { makeGrant } from "../../support/proxy-run.ts";

const latin1 = (text: string): string => Buffer.from(text).toString("latin1");
const utf8 = (text: string): string => Buffer.from(text, "latin1").toString();

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
        const grant = makeGrant("KEY", ["api.example.test"], { value });
        for (const spelling of ["segment", "form", "json", "raw"] as const) {
          expect(makeScrubber([grant])?.openAnswer().texts([Buffer.from(spell(latin1(value), spelling), "latin1")])).toEqual([grant.placeholder]);
        }
      }),
      { numRuns: 50 },
    );
  });
});

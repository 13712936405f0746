import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compileSearch } from "../../../src/proxy/places/pattern-search.ts";

const word = fc.string({ unit: fc.constantFrom("a", "b", "c", "1"), minLength: 1, maxLength: 12 });

describe("a search for many patterns", () => {
  it("finds what a search for one after the other finds", () => {
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 6 }), fc.string({ unit: fc.constantFrom("a", "b", "c", "1"), maxLength: 80 }), (words, text) => {
        const search = compileSearch(words.map((one, owner) => ({ bytes: Buffer.from(one), owner })));
        const match = search.find(Buffer.from(text), 0);
        const starts = words.map((one) => text.indexOf(one)).filter((start) => start >= 0);
        const start = starts.length === 0 ? undefined : Math.min(...starts);
        expect(match?.start).toBe(start);
        if (match !== undefined && start !== undefined) expect(match.end - start).toBe(Math.max(...words.filter((one) => text.startsWith(one, start)).map((one) => one.length)));
      }),
    );
  });

  it("knows where a text breaks off inside a pattern", () => {
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 6 }), word, (words, text) => {
        const search = compileSearch(words.map((one, owner) => ({ bytes: Buffer.from(one), owner })));
        const expected = Array.from({ length: text.length }).findIndex((_none, at) => words.some((one) => one.length > text.length - at && one.startsWith(text.slice(at))));
        expect(search.findUnfinished(Buffer.from(text), 0)).toBe(expected < 0 ? text.length : expected);
      }),
    );
  });
});

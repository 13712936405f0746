import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { undoEscapes } from "../../../src/proxy/scrub/unescaped.ts";

const undo = (text: string): string | undefined => undoEscapes(Buffer.from(text), true)?.bytes.toString("utf8");

describe("a text without its escapes", () => {
  it.each([
    ["%41%5a%7A", "AZz"],
    ["%C3%A9 %u20ac", "é €"],
    ["\\u0041\\u00e9\\ud83d\\udd11", "Aé🔑"],
    ["%ud83d%udd11", "🔑"],
    ["\\u{1f511}\\x41\\x{e9}\\U0001f511\\101", "🔑Aé🔑A"],
    ['\\"\\\\\\/\\n\\t\\r\\b\\f\\e\\a\\v', '"\\/\n\t\r\b\f\x1b\x07\v'],
    ["&amp;&lt;&gt;&quot;&apos;&#39;&#x27;&#X41;&#00000065;&equals;&plus;", "&<>\"''''A'A=+".replace("''''A'A", "'''AA")],
    ["&#x1f511;&#8364;", "🔑€"],
    [`${"A".repeat(56)}\nB`, `${"A".repeat(56)}B`],
    [`${"A".repeat(60)}\r\n \t B\n`, `${"A".repeat(60)}B\n`],
  ])("%s", (text, plain) => {
    expect(undo(text)).toBe(plain);
  });

  it.each(["", "plain", "100% of 5 & 6 \\ 7", "%4 %zz %", "\\u12 \\xg \\u{} \\u{1234567890} \\U99999999 \\q", "&; &# &#; &#x; &#99999999; &nosuch; &amp", "&#123456789;", `${"A".repeat(55)}\nB`, `${"A".repeat(56)}\n\nB`, `${"A".repeat(56)}\n.`, `${"A".repeat(56)}\n`])("is undefined where there are none: %j", (text) => {
    expect(undo(text)).toBeUndefined();
  });

  it("that begins with an escape begins where that does", () => {
    const view = undoEscapes(Buffer.from("xy%41bc\\u0044"), false);
    expect(view?.bytes.toString()).toBe("xyAbcD");
    expect([view?.originOf(2, 4), view?.originOf(5, 6), view?.originOf(0, 6), view?.originOf(3, 5)]).toEqual([{ start: 2, end: 6 }, { start: 7, end: 13 }, { start: 0, end: 13 }, { start: 5, end: 7 }]);
  });

  it("stands where it came from", () => {
    const piece = fc.oneof(
      fc.constantFrom("%41", "\\u0041", "\\u00e9", "\\n", "&amp;", "&#8364;", "\\\\", "%u20ac", "\\ud83d\\udd11", `${"Q".repeat(56)}\nQ`, `${"Q".repeat(60)}\r\n   Q`),
      fc.string({ unit: fc.constantFrom("a", "b", " ", "%", "&", "\\", "\n"), maxLength: 90 }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const text = Buffer.from(pieces.join(""));
        const view = undoEscapes(text, true);
        if (view === undefined) return;
        let before = 0;
        for (let at = 0; at < view.bytes.length; at += 1) {
          const { start, end } = view.originOf(at, at + 1);
          // In order, without a gap but for lines' ends, and each byte is itself or part of an escape.
          expect(start).toBeGreaterThanOrEqual(before > 0 ? Math.min(before, start) : 0);
          expect(end).toBeGreaterThan(start);
          const origin = text.subarray(start, end);
          expect(origin.length === 1 ? origin[0] : undoEscapes(origin, false)?.bytes.includes(view.bytes[at] ?? 0)).toBe(origin.length === 1 ? view.bytes[at] : true);
          before = end;
        }
        expect(view.originOf(0, view.bytes.length).end).toBeGreaterThan(0);
      }),
      { numRuns: 1_000 },
    );
  });
});

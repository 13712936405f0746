import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { makeSafePlaces } from "../../../src/proxy/scrub/safe-place.ts";
import { secretForms } from "../../../src/proxy/scrub/secret-forms.ts";
import { makeGrant } from "../../support/proxy-run.ts";
import { REFLECTED_VALUES } from "../../support/reflected-values.ts";

const placesOf = (...values: readonly string[]) => makeSafePlaces(values.flatMap((value) => secretForms(makeGrant("KEY", [], { value }))));
const places = placesOf("ghp_9fK2mQ7xT4vB1nR8sW3zL6cY5dH0jP2aE7u1");
/** What goes out of a text, and what is held. */
const cut = (text: string, of = places): [string, string] => {
  const at = of.findLast(Buffer.from(text), 0, true) ?? 0;
  return [text.slice(0, at), text.slice(at)];
};

describe("a text is cut", () => {
  it.each([
    ["behind an event", 'data: {"a":1}\n\n', ""],
    ["behind an event of a word", "data: hello\n\n", ""],
    ["behind a line of JSON", '{"id":42}\n', ""],
    ["behind a line of text, however it ends", "GET /index 200\r\n", ""],
    ["behind a line that redraws itself", "10%\r", ""],
    ["behind a word", "Hello there, how ", ""],
    ["before an unfinished word", "Hello there, how ar", "ar"],
    ["behind a prompt", "Password: ", ""],
    ["behind a control byte", "\x00\x00\x01", ""],
    ["not behind NUL", "ab\x00", "ab\x00"],
    ["not behind two hexadecimal digits, with which a list of bytes may begin", "<Buffer 73 ", "73 "],
    ["nor behind such digits and a comma", "(73, ", "(73, "],
    ["not behind a line of base64", `=> ${"aB3/".repeat(15)}\n`, `${"aB3/".repeat(15)}\n`],
    ["nor within the indentation of the next", `=> ${"aB3/".repeat(15)}\r\n    `, `${"aB3/".repeat(15)}\r\n    `],
    ["behind an empty line, though", `${"aB3/".repeat(15)}\n\n`, ""],
  ])("%s", (_where, text, held) => {
    expect(cut(text)).toEqual([text.slice(0, text.length - held.length), held]);
  });

  it("at ends of lines only, where a value has spaces in it, and nowhere, where one has lines", () => {
    expect(cut("one two\nthree four", placesOf("correct horse battery staple"))).toEqual(["one two\n", "three four"]);
    expect(cut("one two\nthree four\x01", placesOf(REFLECTED_VALUES["PEM"] ?? ""))).toEqual(["one two\nthree four\x01", ""]);
    expect(cut("one two\nthree four", placesOf(REFLECTED_VALUES["PEM"] ?? ""))).toEqual(["", "one two\nthree four"]);
  });

  it("where what was before it cannot be known only if it does not matter", () => {
    expect([places.findLast(Buffer.from("ab \n"), 0, false), places.findLast(Buffer.from("ab\n"), 0, false), places.findLast(Buffer.from("ab\n"), 0, true)]).toEqual([4, undefined, 3]);
    expect([places.findFirst(Buffer.from("a b c"), 5), places.findFirst(Buffer.from("word and"), 8), places.findFirst(Buffer.from("word and"), 4)]).toEqual([4, 5, undefined]);
  });

  it("nowhere within a form of a value, whatever stands around it", () => {
    const value = fc.oneof(fc.constantFrom(...Object.values(REFLECTED_VALUES)), fc.string({ unit: "binary", minLength: 1, maxLength: 40 }), fc.string({ unit: fc.constantFrom(...Array.from(" \n\tab1,:=")), minLength: 1, maxLength: 80 }));
    fc.assert(
      fc.property(value, fc.string({ unit: fc.constantFrom(...Array.from(" \n\tab1,:=-")), maxLength: 70 }), fc.string({ maxLength: 9 }), (one, before, after) => {
        const forms = secretForms(makeGrant("KEY", [], { value: one }));
        const found = makeSafePlaces(forms);
        for (const form of forms) {
          const whole = Buffer.concat([Buffer.from(before), form, Buffer.from(after)]);
          const [start, end] = [Buffer.byteLength(before), Buffer.byteLength(before) + form.length];
          const last = found.findLast(whole.subarray(0, end - 1), 0, true) ?? 0;
          expect(last).toBeLessThanOrEqual(start);
        }
      }),
      { numRuns: 300 },
    );
  });
});

it("as much is held of whatever values, but for very long ones", () => {
  expect([places, placesOf("x".repeat(8)), placesOf("x".repeat(220))].map(({ holdBytes }) => holdBytes)).toEqual([8_192, 8_192, 8_192]);
  expect(placesOf("x".repeat(900)).holdBytes).toBeGreaterThan(36 * 900 - 100);
});

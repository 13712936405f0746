import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ALPHABETS, findPlaceholderTemplate, literalStart } from "../../src/vault/placeholder-template.ts";

describe("a template", () => {
  it("has letters that stay and classes with a count", () => {
    expect(findPlaceholderTemplate("ghp_[A-Za-z0-9]{36}")?.pieces).toEqual([{ kind: "literal", text: "ghp_" }, { kind: "drawn", alphabet: ALPHABETS.lettersAndDigits, count: 36 }]);
    expect(findPlaceholderTemplate("xoxb-[0-9]{12}-[0-9]{13}-[A-Za-z0-9]{24}")?.lastAlphabet).toBe(ALPHABETS.lettersAndDigits);
    expect(literalStart(findPlaceholderTemplate("sk-ant-api03-[A-Za-z0-9]{95}")!)).toBe("sk-ant-api03-");
    expect(literalStart(findPlaceholderTemplate("[0-9a-f]{32}")!)).toBe("");
  });

  it.each(Object.values(ALPHABETS))("ends in 128 bits of [$name], with separators among them or not", ({ name, characters, leastCount }) => {
    expect(leastCount * Math.log2(characters.length)).toBeGreaterThanOrEqual(128);
    expect((leastCount - 1) * Math.log2(characters.length)).toBeLessThan(128);
    expect(findPlaceholderTemplate(`x_[${name}]{${leastCount}}`)).toBeDefined();
    expect(findPlaceholderTemplate(`x_[${name}]{${leastCount - 1}}`)).toBeUndefined();
    expect(findPlaceholderTemplate(`[${name}]{10}-[${name}]{${leastCount - 10}}`)).toBeDefined();
    expect(findPlaceholderTemplate(`[${name}]{10}x[${name}]{${leastCount - 10}}`)).toBeUndefined();
  });

  it.each(["", "ghp_", "[A-Za-z0-9]{36}x", "-[A-Za-z0-9]{36}", "[a-c]{90}", "[A-z]{64}", "[A-Za-z0-9_-]{21}", "[A-Za-z0-9]{036}", "[A-Za-z0-9]{0}", "[A-Za-z0-9]{22,36}", "[A-Za-z0-9]", "[A-Za-z0-9]+", "[A-Za-z0-9]{512}x", "x y[A-Za-z0-9]{36}", "ü[A-Za-z0-9]{36}", "\n[A-Za-z0-9]{36}", "^ghp_[A-Za-z0-9]{36}$", "[0-9]{300}[A-Za-z0-9]{300}", "[0-9]{300}[A-Za-z0-9]{213}", "[A-Za-z0-9]{36}\n"])("is not %j", (text) => {
    expect(findPlaceholderTemplate(text)).toBeUndefined();
  });

  it("makes 512 characters at most", () => {
    expect(findPlaceholderTemplate("[0-9]{300}[A-Za-z0-9]{212}")).toBeDefined();
  });

  it("may end in letters that stay, behind a separator", () => {
    expect(findPlaceholderTemplate("[0-9a-f]{32}:fx")?.lastAlphabet).toBe(ALPHABETS.hex);
    for (const text of ["[0-9a-f]{31}:fx", "[0-9a-f]{16}:x:[0-9a-f]{31}:fx", "[0-9a-f]{32}fx"]) expect(findPlaceholderTemplate(text)).toBeUndefined();
  });

  it("may have a class with - and _, of which letters and digits alone are drawn", () => {
    expect(findPlaceholderTemplate("x_[A-Za-z0-9_-]{22}")?.lastAlphabet).toBe(ALPHABETS.lettersAndDigits);
  });

  it("of any text is found without an error, and tells what stands there", () => {
    const piece = fc.oneof(fc.constantFrom("ghp_", "-", ".", "x1"), fc.tuple(fc.constantFrom(...Object.values(ALPHABETS)), fc.integer({ min: 1, max: 60 })).map(([{ name }, count]) => `[${name}]{${count}}`));
    fc.assert(fc.property(fc.oneof(fc.string(), fc.array(piece, { maxLength: 6 }).map((pieces) => pieces.join(""))), (text) => {
      const found = findPlaceholderTemplate(text);
      if (found !== undefined) expect(found.pieces.map((one) => (one.kind === "literal" ? one.text : `[${one.alphabet.name}]{${one.count}}`)).join("")).toBe(text.replaceAll("_-]", "]"));
    }));
  });
});

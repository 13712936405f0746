import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compileForms } from "../../../src/proxy/scrub/form-search.ts";

/** Two of them are one when folded. */
const letters = fc.constantFrom("a", "A", "b", "c", "1");
const word = (minLength: number, maxLength: number): fc.Arbitrary<string> => fc.string({ unit: letters, minLength, maxLength });

/** Every place where a word stands, as plain as can be. */
function findNaively(words: readonly string[], text: string): string[] {
  return words.flatMap((one, owner) => Array.from({ length: text.length }, (_none, at) => at).filter((at) => text.startsWith(one, at)).map((at) => `${owner}: ${at}-${at + one.length}`)).sort();
}

function find(words: readonly string[], text: Uint8Array): string[] {
  const { forms } = compileForms(words.map((one, owner) => ({ bytes: Buffer.from(one), owner })))(text);
  return forms.map(({ owner, start, end }) => `${owner}: ${start}-${end}`).sort();
}

describe("a search for all forms", () => {
  it.each([["short", 1, 12], ["long", 15, 40], ["very long", 60, 90], ["all kinds", 1, 50]] as const)("finds what one after the other would be found: %s", (_kind, min, max) => {
    const scene = fc.uniqueArray(word(min, max), { minLength: 1, maxLength: 5 }).chain((words) => fc.tuple(fc.constant(words), fc.array(fc.oneof(fc.constantFrom(...words), word(0, 30)), { maxLength: 8 }), fc.nat({ max: 7 })));
    fc.assert(
      fc.property(scene, ([words, parts, offset]) => {
        const text = parts.join("");
        // Wherever it begins in memory.
        const bytes = Buffer.concat([Buffer.alloc(offset), Buffer.from(text)]).subarray(offset);
        expect(find(words, bytes)).toEqual(findNaively(words, text));
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([["words", "some words, and a \"string\"; "], ["no words", "aGVsbG8gd29ybGQuLi4"], ["another alphabet", "\u00fcber \u4e16\u754c"], ["nothing", "\0"]] as const)("finds them wherever they stand in a large text of %s", (_kind, filling) => {
    const forms = [40, 300, 5_000].map((length, owner) => ({ bytes: Buffer.from(randomBytes(length).toString("base64url").slice(0, length)), owner }));
    const search = compileForms(forms);
    const text = Buffer.alloc(150_000, filling);
    for (const { bytes, owner } of forms) for (const around of [8, 65_536, 131_072]) for (let start = around - 8; start < around + 40; start += 1) {
      // Its last byte, or its first, is where the text is cut for the search.
      for (const at of [start, start - bytes.length].filter((place) => place >= 0)) {
        const held = Buffer.from(text.subarray(at, at + bytes.length));
        text.set(bytes, at);
        expect([at, search(text).forms]).toEqual([at, [{ owner, start: at, end: at + bytes.length }]]);
        text.set(held, at);
      }
    }
  });

  it("finds them in a text that is them alone, from its first byte to its last, however it begins in memory", () => {
    for (let length = 15; length < 80; length += 1) for (let offset = 0; offset < 8; offset += 1) {
      const bytes = Buffer.from(randomBytes(80).toString("base64url").slice(0, length));
      const { forms } = compileForms([{ bytes, owner: 3 }])(Buffer.concat([Buffer.alloc(offset), bytes]).subarray(offset));
      expect([length, offset, forms]).toEqual([length, offset, [{ owner: 3, start: 0, end: length }]]);
    }
  });

  it("says where base64 may be broken into lines, wherever that is", () => {
    const search = compileForms([{ bytes: Buffer.from("something else that is long"), owner: 0 }]);
    const line = "abcDEF012+/-_".repeat(5).slice(0, 56);
    for (let before = 0; before < 60; before += 1) expect([before, search(Buffer.from(`${" ".repeat(before)}${line}\nabc`)).hasLines]).toEqual([before, true]);
    for (let before = 0; before < 60; before += 1) expect([before, search(Buffer.from(`${" ".repeat(before)}${line.slice(0, 40)} ${line.slice(0, 40)}`)).hasLines]).toEqual([before, false]);
  });
});

describe("what is compared", () => {
  /** How often the forms' own bytes are asked for, in a text that has this over and over. */
  const watch = (values: readonly string[]): ((part: string) => number) => {
    let reads = 0;
    const bytesOf = (value: string): Buffer => new Proxy(Buffer.from(value), { get: (target, key) => ((reads += typeof key === "string" && /^\d+$/.test(key) ? 1 : 0), Reflect.get(target, key, target) as unknown) });
    const search = compileForms(values.map((value, owner) => ({ bytes: bytesOf(value), owner })));
    return (part) => {
      const before = reads;
      search(Buffer.from(part.repeat(Math.ceil(60_000 / part.length))));
      return reads - before;
    };
  };
  const TOKEN = "ghp_9fK2mQ7xT4vB1nR8sW3zL6cY5dH0jP2aE7u1";
  const URL = "postgres://app:Zx81qT7hN3vWc0pL@db.example.com:5432/app";

  it("is nothing, for whatever part of a value a text has that is not all but a few bytes of it", () => {
    const readsFor = watch([TOKEN]);
    for (let length = 1; length <= 32; length += 1) for (let start = 0; start + length <= TOKEN.length; start += 1) {
      // In a text without any break, and in one of words.
      expect([start, length, readsFor(`${TOKEN.slice(start, start + length)}.`)]).toEqual([start, length, 0]);
    }
    expect(readsFor(TOKEN)).toBeGreaterThan(1_000);
  });

  it("is nothing, whatever of a password between a known beginning and a known end is right", () => {
    const readsFor = watch([URL]);
    const [before, password, behind] = [URL.slice(0, 15), URL.slice(15, 31), URL.slice(31)];
    expect(before + password + behind).toBe(URL);
    for (let right = 0; right < password.length; right += 1) {
      expect([right, readsFor(`${before}${password.slice(0, right)}${"#".repeat(password.length - right)}${behind}.`)]).toEqual([right, 0]);
      expect([right, readsFor(`${before}${"#".repeat(password.length - right)}${password.slice(password.length - right)}${behind}.`)]).toEqual([right, 0]);
      expect([right, readsFor(`${before}${password.slice(0, right)}#${password.slice(right + 1)}${behind}.`)]).toEqual([right, 0]);
    }
    expect(readsFor(URL)).toBeGreaterThan(1_000);
  });

  it("is nothing for a part of one of several values, though they are alike for the most part", () => {
    const values = ["Zx81qT7hN3vWc0pL", "9fK2mQ7xT4vB1nR8", "sW3zL6cY5dH0jP2a"].map((password) => URL.replace("Zx81qT7hN3vWc0pL", password));
    const readsFor = watch(values);
    for (const value of values) for (let right = 0; right < 16; right += 1) expect([value, right, readsFor(`${value.slice(0, 15 + right)}${"#".repeat(16 - right)}${value.slice(31)}.`)]).toEqual([value, right, 0]);
  });
});

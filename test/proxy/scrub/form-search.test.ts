import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compileForms } from "../../../src/proxy/scrub/form-search.ts";

const letters = fc.constantFrom("a", "b", "c", "1");
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

  it("says where base64 may be broken into lines, wherever that is", () => {
    const search = compileForms([{ bytes: Buffer.from("something else that is long"), owner: 0 }]);
    const line = "abcDEF012+/-_".repeat(5).slice(0, 56);
    for (let before = 0; before < 60; before += 1) expect([before, search(Buffer.from(`${" ".repeat(before)}${line}\nabc`)).hasLines]).toEqual([before, true]);
    for (let before = 0; before < 60; before += 1) expect([before, search(Buffer.from(`${" ".repeat(before)}${line.slice(0, 40)} ${line.slice(0, 40)}`)).hasLines]).toEqual([before, false]);
  });
});

it("compares nothing more for what a text has of a form, but for twelve bytes in a row of its end", () => {
  const secret = "ghp_9fK2mQ7xT4vB1nR8sW3zL6cY5dH0jP2aE7u1";
  // What is compared shows in how often the form's own bytes are asked for.
  let reads = 0;
  const bytes = new Proxy(Buffer.from(secret), { get: (target, key) => ((reads += typeof key === "string" && /^\d+$/.test(key) ? 1 : 0), Reflect.get(target, key, target) as unknown) });
  const search = compileForms([{ bytes, owner: 0 }]);
  const readsFor = (part: string): number => {
    const before = reads;
    search(Buffer.from(part.repeat(Math.ceil(60_000 / part.length))));
    return reads - before;
  };
  // What is mistaken for a block, by chance, is compared too.
  const byChance = (part: string): boolean => readsFor(part) <= 2_000;
  expect(byChance("xoxb-263594206564-2343594206574-FGqddMF8")).toBe(true);
  for (let length = 1; length <= 20; length += 1) expect([length, byChance(secret.slice(0, length))]).toEqual([length, true]);
  for (let length = 1; length < 12; length += 1) expect([length, byChance(secret.slice(-length))]).toEqual([length, true]);
  expect(byChance(secret)).toBe(false);
});

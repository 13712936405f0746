import { expect, test } from "vitest";
import { parseShallowJson } from "../../src/vault/shallow-json.ts";
import { refusalOf } from "../support/refusal.ts";

const nested = (levels: number, inside = "1"): string => `${"[".repeat(levels)}${inside}${"]".repeat(levels)}`;

test.each([
  nested(8),
  `[[],${nested(7)}]`,
  nested(7, "{}"),
  // Many, but never deep; and brackets that are letters.
  `[${Array.from({ length: 20 }, () => "[]").join(",")}]`,
  `[${Array.from({ length: 20 }, () => "{}").join(",")}]`,
  JSON.stringify("[".repeat(100)),
  JSON.stringify(["\"[[[[[[[[[[", "\\", "{{{{{{{{{{", "]]"]),
])("is read: %j", (text) => {
  expect(parseShallowJson(text)).toEqual(JSON.parse(text));
});

test.each([
  nested(9),
  nested(8, "{}"),
  "[".repeat(100_000),
  // A quote that is a letter ends no string, and what closes in a string closes nothing.
  `[["]]]]]]]]","\\"",${nested(7)}]]`,
  `["\\\\",${nested(8)}]`,
])("is too deep: %j", async (text) => {
  expect(await refusalOf(() => parseShallowJson(text))).toBe("too-deep");
});

test.each(["", "[", nested(8).slice(1), "{", '"', "[1,]", "[]".repeat(20)])("is no JSON: %j", async (text) => {
  expect(await refusalOf(() => parseShallowJson(text))).toBe("bad-json");
});

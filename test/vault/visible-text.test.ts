// The ranges that FORMAT.md spells out are Unicode's classes, on a Node that knows that very version of Unicode, and the two implementations have the same.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { isPlainName, isVisibleText } from "../../src/vault/visible-text.ts";
import { isVisible } from "../second-opinion/visible.ts";

const UNICODE = "17.0";
const CLASSES = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\p{Zs}\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}\u2800\u{16FE4}\u{1D159}]/u;

/** Every code point within a text, where it is no white space at an end. */
const within = (point: number): string => `a${String.fromCodePoint(point)}b`;
const points = Array.from({ length: 0x110000 }, (_, point) => point);

test("no code point is seen by one implementation and not by the other", () => {
  expect(points.filter((point) => isVisibleText(within(point), 8) !== isVisible(within(point), 8))).toEqual([]);
});

test.skipIf(process.versions["unicode"] !== UNICODE)(`the classes are those of Unicode ${UNICODE}`, () => {
  expect(points.filter((point) => isVisibleText(within(point), 8) !== (point === 0x20 || !CLASSES.test(String.fromCodePoint(point))))).toEqual([]);
});

test("FORMAT.md spells out the same ranges", () => {
  const spec = readFileSync(new URL("../../src/vault/FORMAT.md", import.meta.url), "utf8");
  const listed = (/```unseen\n([^`]*)```/.exec(spec)?.[1] ?? "").split(/\s+/).filter((word) => word !== "").map((word) => word.split("-").map((end) => Number.parseInt(end, 16)));
  const isListed = (point: number): boolean => listed.some(([first = 0, last = first]) => point >= first && point <= last);
  expect(points.filter((point) => isVisibleText(within(point), 8) === isListed(point))).toEqual([]);
});

test("a name has one spelling", () => {
  expect(isPlainName("b\u00fccher", 128)).toBe(true);
  expect(isPlainName("bu\u0308cher", 128)).toBe(false);
  expect(isVisibleText("bu\u0308cher", 128)).toBe(true);
});

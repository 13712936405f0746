import { expect, test } from "vitest";
import { isWholeCredential } from "../../../src/proxy/places/whole-credential.ts";

/** `KEY` is where the placeholder stands. */
const isWhole = (name: string, value: string): boolean => isWholeCredential(name, value, { start: value.indexOf("KEY"), end: value.indexOf("KEY") + 3 });

test.each([
  ["authorization", "KEY"], ["authorization", "Bearer KEY"], ["authorization", "Odd-Scheme KEY"], ["authorization", "id:KEY"], ["authorization", "Token KEY:secret"], ["authorization", "k=KEY"], ["authorization", "a=KEY, b=2"], ["authorization", "Digest a=\"KEY\", b=2"], ["authorization", "Scheme a=1; b=KEY"],
  ["x-api-key", "KEY"], ["x-api-key", "Bearer KEY"], ["x-api-key", "apikey KEY"],
  ["cookie", "KEY"], ["cookie", "a=KEY"], ["cookie", "a=1; b=KEY; c=2"], ["cookie", 'a="KEY"'],
])("%s: %s", (name, value) => {
  expect(isWhole(name, value)).toBe(true);
});

test.each([
  ["authorization", "xKEY"], ["authorization", "KEYx"], ["authorization", "Bearer other KEY"], ["authorization", "Bearer KEY other"], ["authorization", "a=1,KEY"], ["authorization", "a=KEY, a=2"], ["authorization", "a=xKEY"], ["authorization", "https://evil/KEY"],
  ["x-api-key", "Odd-Scheme KEY"], ["x-api-key", "id:KEY"], ["x-api-key", "KEY:secret"], ["x-api-key", "a=KEY"], ["x-api-key", "KEY "], ["x-api-key", "https://evil/KEY"],
  ["cookie", "a=xKEY"], ["cookie", "a=KEYx"], ["cookie", "a b=KEY"], ["cookie", "a=b=KEY"],
])("not %s: %s", (name, value) => {
  expect(isWhole(name, value)).toBe(false);
});

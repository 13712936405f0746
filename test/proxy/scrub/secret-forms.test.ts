import { expect, test } from "vitest";
import { secretForms } from "../../../src/proxy/scrub/secret-forms.ts";
import { makeGrant } from "../../support/proxy-run.ts";

const formsOf = (value: string): string[] => secretForms(makeGrant("KEY", [], { value })).map((form) => Buffer.from(form).toString("latin1"));

test("a value of 7 bytes is looked for as it is, one of 8 in its encodings too", () => {
  expect(formsOf("1234567")).toEqual(["1234567"]);
  for (const form of ["12345678", "3132333435363738", "MTIzNDU2Nz", "31 32 33 34 35 36 37 38"]) expect(formsOf("12345678")).toContain(form);
});

test("a value with what looks like escapes in it is looked for without them too, from 8 bytes on", () => {
  expect(formsOf("abcd%41efg")).toContain("abcdAefg");
  expect(formsOf("abcd%41ef")).not.toContain("abcdAef");
  expect(formsOf("abc%2541efgh")).toContain("abcAefgh");
  expect(formsOf("two words")).toContain("two+words");
});

test("a value of hex digits, a UUID among them, is looked for in both cases and with and without hyphens", () => {
  const uuid = "0b5c7e9a-3d41-4f6e-9a27-c1d2e3f4a5b6";
  const bare = uuid.replaceAll("-", "");
  for (const value of [uuid, uuid.toUpperCase(), bare, bare.toUpperCase()]) {
    for (const form of [uuid, uuid.toUpperCase(), bare, bare.toUpperCase()]) expect(formsOf(value)).toContain(form);
  }
  expect(formsOf("deadbeefcafe")).toContain("DEADBEEFCAFE");
  expect(formsOf("DEADBEEFCAFE")).toContain("deadbeefcafe");
  // Of other text another case is another text.
  expect(formsOf("deadbeefcafes")).not.toContain("DEADBEEFCAFES");
  expect(formsOf("dead")).toEqual(["dead"]);
});

test("a value of base64 is looked for in either alphabet, with its padding and without", () => {
  for (const value of ["q3Zx+81T/7hN3vWc0pLrAA==", "q3Zx-81T_7hN3vWc0pLrAA==", "q3Zx+81T/7hN3vWc0pLrAA", "q3Zx-81T_7hN3vWc0pLrAA"]) {
    for (const form of ["q3Zx+81T/7hN3vWc0pLrAA", "q3Zx-81T_7hN3vWc0pLrAA"]) expect(formsOf(value)).toContain(form);
  }
});

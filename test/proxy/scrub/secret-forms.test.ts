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

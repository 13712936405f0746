import { expect, it } from "vitest";
import { jsonLine } from "../../../src/cli/output/json-line.ts";

it("what would move a terminal's cursor, or turn its text round, is escaped, and is the same to whoever parses it", () => {
  const object = { path: "/a\u009b2J\u007f\u202e\u001b[0m\n", "na\u0085me": ["\u2028\ufeff", 'quote " and \\ stay', "b\u00fccher"] };
  const line = jsonLine(object);
  expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e\ufeff]/);
  expect(line).toContain("b\u00fccher");
  expect(JSON.parse(line)).toEqual(object);
});

// 10,000 random documents in the soak, 4,000 in each run of the tests, in all formats (2,500 of them are in sealed-adapter.test.ts): opening what was sealed gives back the file, byte for byte.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseDotenv } from "../../src/env-files/dotenv-file.ts";
import type { DocumentFormat } from "../../src/sealed/document.ts";
import { dotenvFormat } from "../../src/sealed/documents/dotenv.ts";
import { jsonFormat } from "../../src/sealed/documents/json.ts";
import { yamlFormat } from "../../src/sealed/documents/yaml.ts";
import { describePath, parsePattern } from "../../src/sealed/field-path.ts";
import { isNewestThroughout, resealDocument, sealDocument, unsealDocument } from "../../src/sealed/sealed-document.ts";
import { makeKeyText, parseSealingKeys } from "../../src/sealed/sealing-key.ts";
import { cases } from "../support/cases.ts";
import { dotenvText, jsonText, yamlText } from "./random-document.ts";

const RUNS = cases(500, 2_500);
const key = makeKeyText();
const wishes = { keys: parseSealingKeys(key, "key"), form: undefined, name: undefined };
const next = { ...wishes, keys: parseSealingKeys(`${makeKeyText()},${key}`, "keys") };
const dotenv = dotenvFormat((text) => parseDotenv(new Uint8Array(Buffer.from(text)), "the file").assignments);

const FORMATS = [
  ["JSON", jsonFormat("the file"), jsonText()],
  ["YAML", yamlFormat("the file"), yamlText()],
  [".env", dotenv, dotenvText()],
] as const;

/** Every second field that can be sealed and named is. */
function declare(format: DocumentFormat, text: string) {
  const fields = format.parse(text).filter(({ kind, path }) => kind !== "fixed" && path.length > 0 && !path.includes(""));
  return fields.filter((_, index) => index % 2 === 0).map(({ path }) => parsePattern(describePath(path)));
}

function check(format: DocumentFormat, text: string): void {
  const before = format.parse(text);
  const patterns = declare(format, text);
  const sealed = sealDocument(format, text, patterns, wishes);
  const after = format.parse(sealed.text);
  const changed = new Set(sealed.changed.map((path) => JSON.stringify(path)));
  // Byte-exact beside the sealed fields: what stands between any two fields, and every other field's spelling, is what it was.
  expect(between(sealed.text, after)).toEqual(between(text, before));
  expect(spelled(sealed.text, after, changed)).toEqual(spelled(text, before, changed));
  for (const { path, text: said } of after) if (changed.has(JSON.stringify(path))) expect(said).toMatch(/^enc:v2:/);
  expect(sealDocument(format, sealed.text, patterns, wishes)).toEqual({ text: sealed.text, changed: [], kept: sealed.changed.length });
  expect(unsealDocument(format, sealed.text, undefined, wishes).text).toBe(text);
}

function checkRotation(format: DocumentFormat, text: string): void {
  const sealed = sealDocument(format, text, declare(format, text), wishes);
  if (sealed.changed.length === 0) return;
  const rotated = resealDocument(format, sealed.text, next);
  expect(rotated.changed).toEqual(sealed.changed);
  expect([isNewestThroughout(format, sealed.text, next), isNewestThroughout(format, rotated.text, next)]).toEqual([false, true]);
  expect(unsealDocument(format, rotated.text, undefined, next).text).toBe(text);
}

type Fields = ReturnType<DocumentFormat["parse"]>;

function between(text: string, fields: Fields): string[] {
  return [...fields, undefined].map((field, index) => text.slice(fields[index - 1]?.end ?? 0, field?.start));
}

function spelled(text: string, fields: Fields, changed: ReadonlySet<string>): string[] {
  return fields.filter(({ path }) => !changed.has(JSON.stringify(path))).map(({ start, end }) => text.slice(start, end));
}

describe("random documents", () => {
  it.each(FORMATS)("%s: opened, they are what they were", (_name, format, texts) => {
    fc.assert(fc.property(texts, (text) => { check(format, text); }), { numRuns: RUNS });
  }, 120_000);

  it.each(FORMATS)("%s: a new key's, they still are", (_name, format, texts) => {
    fc.assert(fc.property(texts, (text) => { checkRotation(format, text); }), { numRuns: 100 });
  });
});

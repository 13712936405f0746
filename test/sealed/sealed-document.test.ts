import { describe, expect, it } from "vitest";
import { parseDotenv } from "../../src/env-files/dotenv-file.ts";
import { VaultError } from "../../src/errors.ts";
import { dotenvFormat } from "../../src/sealed/documents/dotenv.ts";
import { jsonFormat } from "../../src/sealed/documents/json.ts";
import { yamlFormat } from "../../src/sealed/documents/yaml.ts";
import { describePath, matchesPath, parsePattern } from "../../src/sealed/field-path.ts";
import type { SealWishes } from "../../src/sealed/sealed-document.ts";
import { resealDocument, sealDocument, unsealDocument } from "../../src/sealed/sealed-document.ts";
import { makeKeyText, parseSealingKeys } from "../../src/sealed/sealing-key.ts";

const [key, otherKey] = [makeKeyText(), makeKeyText()];
const wishes: SealWishes = { keys: parseSealingKeys(key, "key"), form: undefined, name: undefined };
const json = jsonFormat("the file");
const yaml = yamlFormat("the file");
const dotenv = dotenvFormat((text) => parseDotenv(new Uint8Array(Buffer.from(text)), "the file").assignments);
const DOCUMENT = '{ "a": "one", "b": "two", "list": ["three", "four"], "map": { "0": "five" } }\n';

const seal = (text: string, fields: readonly string[], more: Partial<SealWishes> = {}, format = json): string => sealDocument(format, text, fields.map(parsePattern), { ...wishes, ...more }).text;
const unseal = (text: string, more: Partial<SealWishes> = {}, format = json): string => unsealDocument(format, text, undefined, { ...wishes, ...more }).text;
const withCode = (code: string, message = ""): unknown => expect.objectContaining({ code, message: expect.stringContaining(message) as unknown });

/** The sealed values of a document, in their order. */
const valuesOf = (text: string): string[] => text.match(/enc:v[0-9]:[A-Za-z0-9_:=-]+/g) ?? [];

/** The document with the value at one place put into another. */
function transplant(text: string, from: number, to: number, donor = text): string {
  const [source, target] = [valuesOf(donor)[from], valuesOf(text)[to]];
  if (source === undefined || target === undefined) throw new Error("there is no such value");
  return text.replace(target, source);
}

describe("a transplanted field", () => {
  const FIELDS = ["a", "b", "list.*", "map.0"];
  const places = [0, 1, 2, 3, 4];

  it("is refused in every other place of its file", () => {
    const sealed = seal(DOCUMENT, FIELDS);
    for (const from of places) for (const to of places) if (from !== to) expect(() => unseal(transplant(sealed, from, to)), `${from} in ${to}`).toThrow(withCode("bad-seal"));
  });

  it("is refused in the same place of another file, among others of that file, by every command", () => {
    const [one, two] = [seal(DOCUMENT, FIELDS), seal(DOCUMENT, FIELDS)];
    for (const at of places) {
      const mixed = transplant(one, at, at, two);
      expect(() => unseal(mixed), String(at)).toThrow(withCode("bad-seal", "two files"));
      expect(() => seal(mixed, FIELDS), String(at)).toThrow(withCode("bad-seal"));
      expect(() => resealDocument(json, mixed, wishes), String(at)).toThrow(withCode("bad-seal"));
    }
  });

  it("is refused as the only one of its file where the file has a name, and so is the whole file", () => {
    const one = seal('{"a":"one"}', ["a"], { name: "one" });
    const other = seal('{"a":"two"}', ["a"], { name: "other" });
    expect(unseal(one, { name: "one" })).toBe('{"a":"one"}');
    for (const text of [other, seal('{"a":"two"}', ["a"])]) expect(() => unseal(text, { name: "one" })).toThrow(withCode("bad-seal", "another file"));
  });

  it("is refused when it comes from the other form", () => {
    const first = seal(DOCUMENT, FIELDS, { form: "v1" });
    expect(() => unseal(transplant(seal(DOCUMENT, FIELDS), 0, 0, first))).toThrow(withCode("bad-seal", "two forms"));
  });
});

describe("a file with a bit flipped in a sealed field", () => {
  it.each([["JSON", json, '{"a":"one","b":"two"}'], ["YAML", yaml, "a: one\nb: two\n"], [".env", dotenv, "a=one\nb=two\n"]])("is refused as a whole: %s", (_name, format, text) => {
    const sealed = Buffer.from(seal(text, ["a"], {}, format));
    const [value = ""] = valuesOf(sealed.toString());
    const start = sealed.indexOf(value);
    for (let bit = start * 8; bit < (start + value.length) * 8; bit += 1) {
      const flipped = Buffer.from(sealed);
      flipped.writeUInt8(flipped.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      // A file that is no UTF-8 any more is refused before it comes here.
      if ((bit & 7) !== 7) expect(() => unseal(flipped.toString(), {}, format), `bit ${bit}`).toThrow(VaultError);
    }
  });
});

describe("sealing", () => {
  it("seals the declared fields, keeps what is sealed, and says which", () => {
    const once = sealDocument(json, DOCUMENT, [parsePattern("a")], wishes);
    expect(once.changed).toEqual([["a"]]);
    const twice = sealDocument(json, once.text, ["a", "list.*"].map(parsePattern), wishes);
    expect(twice).toMatchObject({ changed: [["list", 0], ["list", 1]], kept: 1 });
    expect(valuesOf(twice.text)[0]).toBe(valuesOf(once.text)[0]);
    expect(new Set(valuesOf(twice.text).map((value) => value.split(":")[3])).size).toBe(1);
  });

  it("of a form stays in it, and a rotation changes it for all", () => {
    const first = seal(DOCUMENT, ["a"], { form: "v1" });
    const both = seal(first, ["a", "b"]);
    expect(valuesOf(both).map((value) => value.slice(0, 7))).toEqual(["enc:v1:", "enc:v1:"]);
    const second = resealDocument(json, both, { ...wishes, form: "v2" }).text;
    expect(valuesOf(second).map((value) => value.slice(0, 7))).toEqual(["enc:v2:", "enc:v2:"]);
    expect(unseal(second)).toBe(DOCUMENT);
  });

  it("anew, where nothing is sealed, is refused", () => {
    expect(() => resealDocument(json, DOCUMENT, wishes)).toThrow(withCode("usage"));
  });

  it("refuses a path that names nothing, or no single value, and says what would", () => {
    expect(() => seal(DOCUMENT, ["a", "nothing"])).toThrow(withCode("usage", '"nothing" names no field'));
    expect(() => seal(DOCUMENT, ["list"])).toThrow(expect.objectContaining({ code: "usage", hint: "--field 'list.*' means each value in it" }));
    expect(() => seal(DOCUMENT, ["list.2"])).toThrow(withCode("usage"));
    for (const path of ["", ".", "a.", ".a", "a..b", "a\\", "a\\b"]) expect(() => parsePattern(path), path).toThrow(withCode("usage"));
  });

  it.each(["enc:v1:x", "enc:v2:x", "enc:v2:", "enc:v3:x", "enc:v1:correct horse battery staple"])("never takes what looks sealed for sealed, nor for plain: %s", (text) => {
    const document = JSON.stringify({ a: text });
    for (const act of [() => seal(document, ["a"]), () => unseal(document)]) expect(act).toThrow(expect.objectContaining({ code: expect.stringMatching(/^(?:bad-seal|newer-version)$/) as unknown }));
  });

  it("leaves what looks sealed in a field that nobody declared, and does not open it", () => {
    const document = '{"note":"values look like enc:v2:…","example":"enc:v2:x","a":"one"}';
    expect(unsealDocument(json, seal(document, ["a"]), [parsePattern("a")], wishes).text).toBe(document);
  });

  it("is refused with another key, and names no value", () => {
    const sealed = seal(DOCUMENT, ["a"]);
    const other = parseSealingKeys(otherKey, "key");
    expect(() => unseal(sealed, { keys: other })).toThrow(withCode("wrong-key"));
    expect(() => seal(sealed, ["a"], { keys: other })).toThrow(withCode("wrong-key"));
    expect(() => unseal(seal(DOCUMENT, ["a"], { form: "v1" }), { keys: other })).toThrow(withCode("wrong-key"));
  });

  it("leaves null, and seals numbers and truth values as they are spelled, in the second form", () => {
    const text = '{"a":null,"b":1.50,"c":true}';
    const sealed = seal(text, ["*"]);
    expect(valuesOf(sealed)).toHaveLength(2);
    expect(unseal(sealed)).toBe(text);
    expect(() => seal(text, ["*"], { form: "v1" })).toThrow(withCode("usage"));
  });
});

describe("strictness", () => {
  it("refuses plain values where sealed ones are declared, whichever way one goes", () => {
    const sealed = seal(DOCUMENT, ["a"]);
    const [a, b] = [[parsePattern("a")], [parsePattern("a"), parsePattern("b")]];
    expect(unsealDocument(json, sealed, a, wishes, true).text).toBe(DOCUMENT);
    expect(sealDocument(json, sealed, a, wishes, true).changed).toEqual([]);
    for (const act of [() => unsealDocument(json, sealed, b, wishes, true), () => sealDocument(json, sealed, b, wishes, true)]) expect(act).toThrow(withCode("bad-seal", '"b" is plain'));
    expect(unsealDocument(json, sealed, b, wishes).text).toBe(DOCUMENT);
  });
});

describe("spelling", () => {
  it("of a block that was indented since is written anew, with the same value", () => {
    const sealed = seal("a:\n  b: |\n    one\n    two\n", ["a.b"], {}, yaml);
    expect(yaml.parse(unseal(sealed.replace("  b:", "      b:"), {}, yaml))).toMatchObject([{ path: ["a", "b"], text: "one\ntwo\n" }]);
  });

  it.each(["A=1\n", "A='a b' # c\n", 'A="l\\nm"\n', "A=\n", "export A = x\r\nB=2\r\n", "A='one\ntwo'\nB=3\n"])("of .env files is kept: %j", (text) => {
    expect(unseal(seal(text, ["A"], {}, dotenv), {}, dotenv)).toBe(text);
  });

  it.each([
    ["a: &x secret\nb: *x\n", ["a"]], ["a: [&x 'enc:v2:x', *x]\nb: c\n", ["a.0"]], ["a: &x secret\nb: *x\n", ["b"]], ["a: !!str 1\n", ["a"]], ["--- 1\n--- 2\n", ["a"]], ["1: a\n'1': b\n", ["1"]], ["a: b\na: c\n", ["a"]], ["a: [b\n", ["a"]], ["a: 'b", ["a"]],
  ])("that cannot be replaced without doubt is refused in YAML: %j", (text, fields) => {
    expect(() => seal(text, fields, {}, yaml)).toThrow(withCode("usage"));
  });

  it.each(['{"a":1,"a":2}', '{"a":', "", '{"a":1} x', '{"a":\'b\'}', `${"[".repeat(300)}${"]".repeat(300)}`, "\uFEFF{}"])("that is no JSON, or could be read in two ways, is refused: %j", (text) => {
    expect(() => seal(text, ["a"])).toThrow(withCode("usage"));
  });

  it("in no error quotes the document", () => {
    for (const [format, text] of [[json, '{"a": "hunter2'], [yaml, "a: 'hunter2"], [yaml, "a: hunter2: b\n"], [dotenv, "A='hunter2"]] as const) expect(() => seal(text, ["a"], {}, format)).toThrow(expect.not.objectContaining({ message: expect.stringContaining("hunter2") as unknown }));
  });
});

describe("paths", () => {
  it.each([
    ["a.b", ["a", "b"], true], ["a.*", ["a", 0], true], ["a.0", ["a", 0], true], ["a.0", ["a", "0"], true], ["a\\.b", ["a.b"], true], ["\\*", ["*"], true], ["\\*", ["a"], false], ["*", ["a", "b"], false], ["a*", ["a*"], true], ["ключ.*.x", ["ключ", "__proto__", "x"], true],
  ] as const)("%s and %j: %s", (pattern, path, isMatch) => {
    expect(matchesPath(parsePattern(pattern), path)).toBe(isMatch);
  });

  it("that are described mean what they describe", () => {
    for (const path of [["a", "b.c", "*", "\\"], ["x", 3]]) expect(matchesPath(parsePattern(describePath(path)), path)).toBe(true);
  });
});

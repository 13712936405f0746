// The vectors of whole files: opened as they say, or refused with that error; and sealed again, each opens to the same.
import { describe, expect, it } from "vitest";
import { parseDotenv } from "../../src/env-files/dotenv-file.ts";
import type { DocumentFormat } from "../../src/sealed/document.ts";
import { dotenvFormat } from "../../src/sealed/documents/dotenv.ts";
import { jsonFormat } from "../../src/sealed/documents/json.ts";
import { yamlFormat } from "../../src/sealed/documents/yaml.ts";
import { parsePattern } from "../../src/sealed/field-path.ts";
import type { SealWishes } from "../../src/sealed/sealed-document.ts";
import { resealDocument, sealDocument, unsealDocument } from "../../src/sealed/sealed-document.ts";
import { parseSealingKeys } from "../../src/sealed/sealing-key.ts";
import { refusalCode } from "../support/refusal-code.ts";
import type { FileVector } from "./vectors/files.ts";
import { fileVectors } from "./vectors/files.ts";

const FORMATS: Record<FileVector["format"], DocumentFormat> = {
  json: jsonFormat("the file"),
  yaml: yamlFormat("the file"),
  dotenv: dotenvFormat((text) => parseDotenv(new Uint8Array(Buffer.from(text)), "the file").assignments),
};

function wishesOf({ keys, fileName }: FileVector): SealWishes {
  return { keys: parseSealingKeys(keys, "the vector's keys"), form: undefined, name: fileName };
}

function open(vector: FileVector, sealed = vector.sealed): string {
  return unsealDocument(FORMATS[vector.format], sealed, vector.fields?.map(parsePattern), wishesOf(vector), vector.strict).text;
}

const named = (some: readonly FileVector[]) => some.map((vector) => [vector.name, vector] as const);

describe("the vectors of files", () => {
  it.each(named(fileVectors.filter(({ expect }) => expect === "success")))("%s: opens, byte for byte", (_name, vector) => {
    expect(open(vector)).toBe(vector.opened);
  });

  it.each(named(fileVectors.filter(({ expect }) => expect !== "success")))("%s: refused", (_name, vector) => {
    expect(refusalCode(() => open(vector))).toBe(vector.expect);
  });

  it.each(named(fileVectors.filter(({ expect, fields, fileName }) => expect === "bad-seal" && fields === undefined && fileName !== undefined)))("%s: nor is it sealed anew", (_name, vector) => {
    expect(refusalCode(() => resealDocument(FORMATS[vector.format], vector.sealed, { ...wishesOf(vector), form: "v2" }))).toBe(vector.expect);
  });
});

describe("a file of the first form, and a name", () => {
  const vector = fileVectors.find(({ name }) => name === "file-first-form-under-a-name")!;

  it("moves to the second where its user says so, and has the name from then on", () => {
    const moved = resealDocument(FORMATS.json, vector.sealed, { ...wishesOf(vector), form: "v2", opensFirstForm: true }).text;
    expect(open(vector, moved)).toBe('{"a":"one","b":"two"}');
    expect(refusalCode(() => open({ ...vector, fileName: "orders" }, moved))).toBe("bad-seal");
    expect(resealDocument(FORMATS.json, moved, { ...wishesOf(vector), form: "v2", opensFirstForm: true }).text).toBe(moved);
  });

  it("do not go together where one is written", () => {
    const wishes = { ...wishesOf(vector), form: "v1" } as const;
    expect(refusalCode(() => sealDocument(FORMATS.json, '{"a":"one"}', [parsePattern("a")], wishes))).toBe("usage");
    expect(refusalCode(() => resealDocument(FORMATS.json, vector.sealed, { ...wishes, opensFirstForm: true }))).toBe("usage");
  });
});

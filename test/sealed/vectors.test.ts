import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { findForm, looksSealed } from "../../src/sealed/claim.ts";
import type { SealSetting } from "../../src/sealed/field-seal.ts";
import { openField, sealField } from "../../src/sealed/field-seal.ts";
import { findFirstForm, openFirstForm } from "../../src/sealed/first-form.ts";
import { parseSealingKeys } from "../../src/sealed/sealing-key.ts";
import { findSecondForm } from "../../src/sealed/second-form.ts";
import { refusalCode } from "../support/refusal-code.ts";
import { writeFirst, writeSecond } from "./second-opinion.ts";
import type { SealedVector } from "./vectors/catalogue.ts";
import { vectors } from "./vectors/catalogue.ts";
import { fileVectors } from "./vectors/files.ts";
import { formatFileVector, formatVector } from "./vectors/text.ts";

const FOLDER = new URL("vectors/", import.meta.url);

function settingOf({ keys, form, place }: SealedVector): SealSetting {
  return { keys: parseSealingKeys(keys, "the vector's keys"), form, fileId: place.fileId.toString("base64url") };
}

describe("the vectors of docs/SEALED.md", () => {
  it("are what the second opinion makes", () => {
    const files = readdirSync(FOLDER).filter((name) => name.endsWith(".txt"));
    const wanted = new Map([...vectors.map((vector) => [`${vector.name}.txt`, formatVector(vector)] as const), ...fileVectors.map((vector) => [`${vector.name}.txt`, formatFileVector(vector)] as const)]);
    expect(files.sort()).toEqual([...wanted.keys()].sort());
    for (const [name, text] of wanted) expect(readFileSync(new URL(name, FOLDER), "utf8"), name).toBe(text);
  });

  it.each(vectors.filter((vector) => vector.expect === "success").map((vector) => [vector.name, vector] as const))("%s: opens, and to nothing else", (_name, vector) => {
    const { kind, text, spelling } = vector.content;
    expect(openField(settingOf(vector), vector.place.path, vector.value).content).toEqual({ kind: kind === 0 ? "text" : "literal", text, spelling: spelling === "" ? undefined : spelling });
  });

  it.each(vectors.filter(({ expect }) => expect !== "success" && expect !== "plain").map((vector) => [vector.name, vector] as const))("%s: refused", (_name, vector) => {
    expect(refusalCode(() => openField(settingOf(vector), vector.place.path, vector.value))).toBe(vector.expect);
    expect(looksSealed(vector.value)).toBe(true);
  });

  it.each(vectors.filter((vector) => vector.expect === "plain").map(({ name, value }) => [name, value] as const))("%s: plain", (_name, value) => {
    expect([findForm(value, []), looksSealed(value)]).toEqual([undefined, false]);
  });
});

describe("what is written here", () => {
  const successes = vectors.filter((vector) => vector.expect === "success" && !vector.keys.includes(" ") && !vector.keys.includes(","));

  it.each(successes.filter(({ form }) => form === "v1").map((vector) => [vector.name, vector] as const))("is what AuthHero's rules make of the same iv: %s", (_name, { keys, content: { text } }) => {
    const ring = parseSealingKeys(keys, "keys");
    const stored = sealField({ keys: ring, form: "v1", fileId: "" }, ["any"], { kind: "text", text, spelling: undefined });
    const iv = Buffer.from(findFirstForm(stored)!.payload.subarray(0, 12));
    expect(stored).toBe(writeFirst(Buffer.from(keys, "base64"), iv, text));
    expect(openFirstForm(ring.newest, findFirstForm(stored)!)).toBe(text);
  });

  it.each(successes.filter(({ form }) => form === "v2").map((vector) => [vector.name, vector] as const))("is what the second opinion makes of the same nonce: %s", (_name, vector) => {
    const { keys, place, content } = vector;
    const stored = sealField(settingOf(vector), place.path, { kind: content.kind === 0 ? "text" : "literal", text: content.text, spelling: content.spelling === "" ? undefined : content.spelling });
    const nonce = Buffer.from(findSecondForm(stored)!.payload.subarray(0, 24));
    expect(stored).toBe(writeSecond(Buffer.from(keys, "base64"), nonce, place, content));
  });
});

describe("the second form", () => {
  const vector = vectors.find(({ name }) => name === "second-text")!;

  it("is refused with any bit of it flipped", () => {
    const bytes = Buffer.from(vector.value, "latin1");
    let tried = 0;
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const flipped = Buffer.from(bytes);
      flipped.writeUInt8(flipped.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      const stored = flipped.toString("latin1");
      tried += 1;
      expect(refusalCode(() => openField(settingOf(vector), vector.place.path, stored)), `bit ${bit}`).toMatch(/^(?:bad-seal|wrong-key|newer-version)$/);
      expect(looksSealed(stored), `bit ${bit}`).toBe(true);
    }
    expect(tried).toBe(bytes.length * 8);
  });

  it("looks different each time", () => {
    const write = (): string => sealField(settingOf(vector), ["a"], { kind: "text", text: "same", spelling: undefined });
    expect(new Set(Array.from({ length: 100 }, write)).size).toBe(100);
  });

  it("does not carry half a character", () => {
    expect(() => sealField(settingOf(vector), ["a"], { kind: "text", text: "\ud800", spelling: undefined })).toThrow(expect.objectContaining({ code: "usage" }));
  });
});

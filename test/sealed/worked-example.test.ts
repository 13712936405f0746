// The worked example of docs/SEALED.md: the second opinion computes each of its values, and the program reads its files.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { DocumentFormat } from "../../src/sealed/document.ts";
import { jsonFormat } from "../../src/sealed/documents/json.ts";
import { yamlFormat } from "../../src/sealed/documents/yaml.ts";
import { unsealDocument } from "../../src/sealed/sealed-document.ts";
import { parseSealingKeys } from "../../src/sealed/sealing-key.ts";
import { fileIdOf, writeFirst, writeSecondStepwise } from "./second-opinion.ts";

const SPECIFICATION = readFileSync(new URL("../../docs/SEALED.md", import.meta.url), "utf8");
const counting = (from: number, length: number): Buffer => Buffer.from(Array.from({ length }, (_, index) => from + index));

const [key, nonce, iv] = [counting(0x00, 32), counting(0x40, 24), counting(0x20, 12)];
const NAME = "config";
const place = { fileId: fileIdOf(NAME), path: ["database", "ports", 1] };
const { keyId, sealKey, commitment, plaintext, aad, ciphertext, value } = writeSecondStepwise(key, nonce, place, { kind: 0, text: "5432", spelling: "'5432'" });
const first = writeFirst(key, iv, "hunter2");

const LINES: readonly (readonly [string, string])[] = [
  ["key", key.toString("base64")],
  ["key id", keyId.toString("hex")],
  ["file id", place.fileId.toString("hex")],
  ["nonce", nonce.toString("hex")],
  ["seal key", sealKey.toString("hex")],
  ["commitment", commitment.toString("hex")],
  ["associated data", aad.toString("hex")],
  ["content", plaintext.toString("hex")],
  ["ciphertext", ciphertext.toString("hex")],
  ["value", value],
];

describe("the worked example", () => {
  it("stands in the specification with every value that is computed on the way", () => {
    expect(SPECIFICATION).toContain(`\`\`\`\n${LINES.map(([name, text]) => `${name.padEnd(16)}${text}\n`).join("")}\`\`\`\n`);
    expect(SPECIFICATION).toContain(`\`\`\`\niv              ${iv.toString("hex")}\nvalue           ${first}\n\`\`\`\n`);
  });

  it("opens with this program", () => {
    const open = (format: DocumentFormat, text: string, name: string | undefined): string => unsealDocument(format, text, undefined, { keys: parseSealingKeys(key.toString("base64"), "key"), form: undefined, name }).text;
    const before = SPECIFICATION.split("```yaml\n")[1]?.split("```")[0] ?? "";
    expect(before).toContain("'5432'");
    expect(open(yamlFormat("the file"), before.replace("'5432'", `"${value}"`), NAME)).toBe(before);
    expect(open(jsonFormat("the file"), `{"a":"${first}"}`, undefined)).toBe('{"a":"hunter2"}');
  });
});

describe("the specification", () => {
  it("names each vector's error in its table of errors", () => {
    const table = SPECIFICATION.split("## Errors\n")[1]?.split("\n## ")[0] ?? "";
    for (const code of ["usage", "newer-version", "bad-seal", "wrong-key", "key-unavailable"]) expect(table).toContain(`\`${code}\``);
  });
});

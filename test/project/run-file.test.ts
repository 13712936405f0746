import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { encodeRunFile, parseRunFile, RUN_FILE_BYTES_MAX } from "../../src/project/run-file.ts";
import { isValid } from "../support/json-schema.ts";

const schema: unknown = JSON.parse(readFileSync(fileURLToPath(new URL("../../src/project/vault.run.schema.json", import.meta.url)), "utf8"));
const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));
const parseValue = (value: unknown): unknown => parseRunFile(bytesOf(JSON.stringify(value)));

describe("vault.run.json", () => {
  it("names secrets, and how much of each", () => {
    const file = { $schema: "./x.json", secrets: { OPENAI_API_KEY: {}, GH: { secret: "GITHUB_TOKEN", hosts: ["API.github.com", "*.example.com:8443"], places: ["header", "header:x-vendor_key", "query:Sig[0]"] } }, denyUnmatched: true, sandbox: true, writable: ["build", "~/notes"] };
    expect(isValid(schema, file)).toBe(true);
    expect(parseValue(file)).toEqual({
      needs: [
        { variable: "OPENAI_API_KEY", secret: "OPENAI_API_KEY", hosts: undefined, places: undefined },
        { variable: "GH", secret: "GITHUB_TOKEN", hosts: [{ host: "api.github.com", port: 443, wildcard: false }, { host: "example.com", port: 8443, wildcard: true }], places: ["header", "header:x-vendor_key", "query:Sig[0]"] },
      ],
      denyUnmatched: true,
      strict: false,
      sandbox: true,
      writable: ["build", "~/notes"],
    });
  });

  it("may begin with a byte order mark, as some editors write it", () => {
    expect(parseRunFile(bytesOf('\uFEFF{"secrets":{}}'))).toEqual({ needs: [], denyUnmatched: false, strict: false, sandbox: false, writable: [] });
  });

  it.each([
    ["nothing", null], ["a list", []], ["secrets as a list", { secrets: ["A"] }], ["a rule of another version", { secrets: {}, allow: true }], ["a value", { secrets: { A: { value: "x" } } }],
    ["a variable that is none", { secrets: { "A=B": {} } }], ["a control character in a name", { secrets: { "A\u001B[2J": {} } }], ["a secret that is no name", { secrets: { A: { secret: "../B" } } }], ["a secret of another type", { secrets: { A: { secret: null } } }],
    ["a need that is text", { secrets: { A: "B" } }], ["no host", { secrets: { A: { hosts: [] } } }], ["hosts as text", { secrets: { A: { hosts: "a.example" } } }], ["a place that is none", { secrets: { A: { places: ["cookie"] } } }], ["no place", { secrets: { A: { places: [] } } }], ["a rule that is none", { secrets: { A: { allow: ["GET x"] } } }], ["no rule", { secrets: { A: { deny: [] } } }], ["an operation that is none", { secrets: { A: { graphql: ["delete"] } } }], ["no use", { secrets: { A: { uses: 0 } } }], ["a size as text", { secrets: { A: { maxBodyBytes: "1M" } } }], ["a header in capitals", { secrets: { A: { places: ["header:X-Key"] } } }], ["a header without a name", { secrets: { A: { places: ["header:"] } } }], ["a parameter of two", { secrets: { A: { places: ["query:a&b"] } } }],
    ["a switch that is text", { secrets: {}, strict: "false" }], ["a wall that is text", { secrets: {}, sandbox: "true" }], ["nothing to write to", { secrets: {}, writable: [] }], ["one path", { secrets: {}, writable: "build" }], ["a path of another type", { secrets: {}, writable: [1] }], ["too many paths", { secrets: {}, writable: Array.from({ length: 33 }, (_, index) => `a${index}`) }], ["a switch that is null", { secrets: {}, denyUnmatched: null }], ["too many", { secrets: Object.fromEntries(Array.from({ length: 65 }, (_, index) => [`A${index}`, {}])) }], ["a schema that is none", { $schema: 1, secrets: {} }],
  ])("is refused with %s, by us and by its schema", (_, value) => {
    expect(() => parseValue(value)).toThrow(expect.objectContaining({ code: "usage", hint: expect.stringContaining("--no-project") as unknown }));
    expect(isValid(schema, value)).toBe(false);
  });

  it.each([["a URL", "https://a.example"], ["a lone wildcard", "*"], ["a line break", "a.example\n"], ["a cursor's movement", "a.example\u001B[1A"], ["text that turns round", "a.example\u202E"]])("is refused with %s for a host, which moves no cursor", (_, host) => {
    expect(() => parseValue({ secrets: { A: { hosts: [host] } } })).toThrow(expect.objectContaining({ code: "usage", message: expect.not.stringMatching(/[\u0000-\u001F\u202E]/) as unknown }));
  });

  it("with a member called __proto__ or constructor is a file with odd names, and no more", () => {
    expect(parseRunFile(bytesOf('{"secrets":{"__proto__":{"hosts":["a.example"]},"constructor":{}}}'))).toMatchObject({ needs: [{ secret: "__proto__" }, { secret: "constructor", hosts: undefined }] });
    expect(() => parseRunFile(bytesOf('{"__proto__":{"secrets":{}}}'))).toThrow(expect.objectContaining({ code: "usage" }));
  });

  it("is refused quickly where it is no JSON, or only brackets, and is not quoted", () => {
    for (const text of ["", "sk-live-4b0c", "[".repeat(RUN_FILE_BYTES_MAX), '{"secrets":'.repeat(5000), '{"secrets":{}}x']) {
      expect(() => parseRunFile(bytesOf(text))).toThrow(expect.objectContaining({ code: "usage", message: "vault.run.json: it is no JSON" }));
    }
    expect(() => parseRunFile(new Uint8Array([0x7b, 0xff, 0x7d]))).toThrow(expect.objectContaining({ code: "usage" }));
    const deep = `${"[".repeat(30_000)}${"]".repeat(30_000)}`;
    expect(() => parseRunFile(bytesOf(`{"secrets":${deep}}`))).toThrow(expect.objectContaining({ code: "usage" }));
  });

  it("is written with names alone, as it is read", () => {
    const text = encodeRunFile(["A_KEY", "__proto__"], "./schema.json");
    expect(JSON.parse(text)).toMatchObject({ $schema: "./schema.json" });
    expect(parseRunFile(bytesOf(text))).toMatchObject({ needs: [{ variable: "A_KEY", secret: "A_KEY" }, { variable: "__proto__" }] });
  });

  it("without secrets narrows none, and may ask for the rest", () => {
    for (const [file, asked] of [[{}, {}], [{ sandbox: true }, { sandbox: true }], [{ strict: true, denyUnmatched: true, writable: ["build"] }, { strict: true, denyUnmatched: true, writable: ["build"] }]] as const) {
      expect(isValid(schema, file)).toBe(true);
      expect(parseValue(file)).toEqual({ needs: undefined, denyUnmatched: false, strict: false, sandbox: false, writable: [], ...asked });
    }
    for (const secrets of [null, [], "", 0]) expect(() => parseValue({ secrets, sandbox: true })).toThrow(expect.objectContaining({ code: "usage" }));
  });

  it("says what they are for", () => {
    const file = { secrets: { A: { allow: ["POST /x", "GET **", "GET **"], ask: ["DELETE /x"], graphql: ["query"], uses: 3, maxBodyBytes: 0 } } };
    expect(isValid(schema, file)).toBe(true);
    expect(parseRunFile(bytesOf(JSON.stringify(file))).needs).toMatchObject([{ rules: { allow: ["GET /**", "POST /x"], deny: [], ask: ["DELETE /x"], rate: null, uses: 3, until: null, maxBodyBytes: 0, graphql: { operations: ["query"], fields: null } } }]);
  });
});

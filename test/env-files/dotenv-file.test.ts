import { parse } from "dotenv";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseDotenv, readLoosely } from "../../src/env-files/dotenv-file.ts";
import { KEPT_VALUE, withoutValues } from "../../src/env-files/kept-value.ts";
import { VaultError } from "../../src/errors.ts";
import { CORPUS } from "./corpus.ts";

const bytesOf = (file: string | Uint8Array): Uint8Array => (typeof file === "string" ? Buffer.from(file) : file);
const textOf = (value: { reveal: () => Uint8Array }): string => Buffer.from(value.reveal()).toString();

function readAll(file: string | Uint8Array): Record<string, string> {
  return Object.fromEntries(parseDotenv(bytesOf(file), '"x.env"').assignments.map(({ name, value }) => [name, textOf(value)]));
}

describe("a file that somebody has made to hold its reader", () => {
  const held = [`A=first-value\n${"\n".repeat(1024 * 1024)}A=last-value\n`, `A=${" ".repeat(1024 * 1024)}'\nA=last-value\n`];

  it("is refused where it is used, and read at once where it is looked through", () => {
    for (const text of held) {
      expect(() => readAll(text.replace("A=last", "B=last"))).toThrow(VaultError);
      expect(readLoosely(text, new Set(["A"])).map(({ value }) => textOf(value))).toContain("last-value");
    }
  });
});

describe("odd files", () => {
  it("are sixty at least", () => {
    expect(CORPUS.length).toBeGreaterThanOrEqual(60);
    expect(new Set(CORPUS.map(({ name }) => name)).size).toBe(CORPUS.length);
  });

  it.each(CORPUS.filter(({ refused }) => refused === undefined))("are read as dotenv reads them: $name", ({ file }) => {
    expect(readAll(file)).toEqual(parse(Buffer.from(bytesOf(file))));
  });

  it.each(CORPUS.filter(({ refused }) => refused !== undefined))("are refused by line $refused: $name", ({ file, refused }) => {
    expect(() => readAll(file)).toThrow(expect.objectContaining({ code: "usage", message: expect.stringMatching(new RegExp(`^"x.env", line ${String(refused)}: `)) as unknown }));
  });

  it("are refused without a word of what stands in them", () => {
    for (const { file } of CORPUS.filter(({ refused }) => refused !== undefined)) {
      try {
        readAll(`SECRET=hunter2hunter2\n${Buffer.from(bytesOf(file)).toString("latin1")}`);
      } catch (error) {
        expect(String(error)).not.toMatch(/hunter2|BEGIN|xxxx/);
      }
    }
  });
});

const piece = fc.constantFrom("A", "B", "=", ":", " ", "\t", "\n", "\r", "'", '"', "`", "#", "\\", "export ", "x", "1", ".", "-", "\\n", "A=b\n", "C='d'\n", "\u00A0", "\uFEFF", "\u2028", "$", "ü");

describe("any file", () => {
  it("is read as dotenv reads it, or refused by a line that it has", () => {
    fc.assert(fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
      const text = pieces.join("");
      try {
        expect(readAll(text)).toEqual(parse(text));
      } catch (error) {
        if (!(error instanceof VaultError)) throw error;
        const line = Number(/, line (\d+): /.exec(error.message)?.[1]);
        expect(line).toBeGreaterThanOrEqual(1);
        expect(line).toBeLessThanOrEqual(text.split(/\r\n?|\n/).length);
      }
    }), { numRuns: 3000 });
  });

  it("that was written out of names and values is read back", () => {
    const name = fc.stringMatching(/^[A-Z_][A-Z0-9_]{0,20}$/);
    const value = fc.stringMatching(/^[^'\\\0-\u001F\u007F-\u009F\u2028\u2029\uD800-\uDFFF]{0,60}$/);
    fc.assert(fc.property(fc.dictionary(name, value, { maxKeys: 20 }), (values) => {
      expect(readAll(Object.entries(values).map(([key, text]) => `${key}='${text}'\n`).join(""))).toEqual({ ...values });
    }));
  });
});

describe("values are taken out", () => {
  it("and comments, order, quotes of others and line ends stay", () => {
    const file = parseDotenv(Buffer.from("\uFEFF# keys\r\nexport A='b c' # mine\r\nD = e\r\n\r\nF=\"g\r\nh\" #x\r\nI=j"), "x");
    expect(withoutValues(file, new Set(["A", "F"]))).toBe(`\uFEFF# keys\r\nexport A=${KEPT_VALUE} # mine\r\nD = e\r\n\r\nF=${KEPT_VALUE} #x\r\nI=j`);
  });

  it("of any file that is read, and nothing else of it changes", () => {
    for (const { file } of CORPUS.filter(({ refused }) => refused === undefined)) {
      const before = readAll(file);
      // An empty value is never put into the vault.
      const names = Object.keys(before).filter((name, index) => before[name] !== "" && index % 2 === 0);
      const written = withoutValues(parseDotenv(bytesOf(file), "x"), new Set(names));
      expect(readAll(written)).toEqual({ ...before, ...Object.fromEntries(names.map((name) => [name, KEPT_VALUE])) });
    }
  });
});

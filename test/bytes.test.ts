import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { concatBytes, encodeBase64, encodeHex, equalBytes, findBase64, findText, isText, splitLines, utf8, wipe } from "../src/bytes.ts";

const arbitraryBytes = fc.uint8Array({ maxLength: 100 });

describe("base64", () => {
  test("RFC 4648, section 10", () => {
    for (const [text, encoded] of [["", ""], ["f", "Zg=="], ["fo", "Zm8="], ["foo", "Zm9v"], ["foob", "Zm9vYg=="], ["fooba", "Zm9vYmE="], ["foobar", "Zm9vYmFy"]] as const) {
      expect(encodeBase64(utf8(text))).toBe(encoded);
      expect(findBase64(encoded)).toEqual(utf8(text));
    }
  });

  test.each(["Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "Z g==", "Zg==\n", " Zg==", "Zm9v=", "_w==", "-w==", "Zg==Zg==", "Z", "=", "====", "Zm9v\0", "\u017bg==", "Zg\uff1d\uff1d"])("%j is another spelling, or none", (text) => {
    expect(findBase64(text)).toBeUndefined();
  });

  test("one value, one text", () => {
    fc.assert(fc.property(arbitraryBytes, (bytes) => {
      expect(findBase64(encodeBase64(bytes))).toEqual(bytes);
    }));
    fc.assert(fc.property(fc.stringMatching(/^[A-Za-z0-9+/=_\s-]{0,12}$/), (text) => {
      const bytes = findBase64(text);
      if (bytes !== undefined) expect(encodeBase64(bytes)).toBe(text);
    }), { numRuns: 2000 });
  });

  test("what is found lives in memory of its own, not in Node's shared pool", () => {
    const bytes = findBase64("Zm9vYmFy");
    expect(bytes?.buffer.byteLength).toBe(6);
  });

  test("views encode their own part of a buffer", () => {
    const view = utf8("xxfooxx").subarray(2, 5);
    expect(encodeBase64(view)).toBe("Zm9v");
    expect(encodeHex(view)).toBe("666f6f");
  });
});

describe("text", () => {
  test("UTF-8 there and back; a byte order mark is kept", () => {
    fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => {
      expect(findText(utf8(text))).toBe(text);
    }));
    expect(findText(utf8("\ufeffa"))).toBe("\ufeffa");
  });

  test.each([[[0xff]], [[0xc0, 0xaf]], [[0xed, 0xa0, 0x80]], [[0xf4, 0x90, 0x80, 0x80]], [[0xe2, 0x82]], [[0x80]]])("%j is no UTF-8", (bytes) => {
    expect(findText(Uint8Array.from(bytes))).toBeUndefined();
  });
});

describe("bytes", () => {
  test("are equal where every byte is, whatever they are views of", () => {
    fc.assert(fc.property(arbitraryBytes, arbitraryBytes, (a, b) => {
      expect(equalBytes(a, b)).toBe(Buffer.compare(a, b) === 0);
      expect(equalBytes(a, Buffer.from(a))).toBe(true);
    }));
    expect(equalBytes(new Uint8Array(), new Uint8Array())).toBe(true);
    expect(equalBytes(Uint8Array.of(1), Uint8Array.of(1, 0))).toBe(false);
  });

  test("are concatenated into a copy", () => {
    const part = Uint8Array.of(1, 2);
    const whole = concatBytes(part, new Uint8Array(), Uint8Array.of(3));
    part[0] = 9;
    expect(whole).toEqual(Uint8Array.of(1, 2, 3));
    expect(concatBytes()).toEqual(new Uint8Array());
  });

  test("are wiped, and what is not there is passed over", () => {
    const [a, b] = [Uint8Array.of(1, 2), Buffer.from([3])];
    wipe(a, undefined, b);
    expect([...a, ...b]).toEqual([0, 0, 0]);
  });
});

describe("lines", () => {
  const encoded = (lines: readonly string[]): Uint8Array => utf8(lines.map((line) => `${line}\n`).join(""));

  test("are those of the text, whatever is in them", () => {
    fc.assert(fc.property(fc.array(fc.string({ unit: "grapheme" }).filter((line) => !line.includes("\n"))), (lines) => {
      expect(splitLines(encoded(lines), lines.length)).toEqual(lines);
    }));
  });

  test("are not split without end", () => {
    expect(splitLines(utf8("\n".repeat(5)), 5)).toEqual(["", "", "", "", ""]);
    expect(splitLines(utf8("\n".repeat(5_000_000)), 5)).toHaveLength(6);
  });
});

test("well-formed UTF-8 is told from other bytes as the decoder does", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 6 }), (bytes) => { expect(isText(bytes)).toBe(findText(bytes) !== undefined); }));
  for (const bytes of [[0xed, 0xa0, 0x80], [0xc0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xef, 0xbb, 0xbf], [0xe2, 0x82]]) expect(isText(Uint8Array.from(bytes))).toBe(findText(Uint8Array.from(bytes)) !== undefined);
});

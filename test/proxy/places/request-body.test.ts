import { Readable } from "node:stream";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { makeRecogniser } from "../../../src/proxy/places/placeholder.ts";
import type { BodyKind } from "../../../src/proxy/places/body-kind.ts";
import type { BodyCutter } from "../../../src/proxy/places/request-body.ts";
import { makeBodyCutter, makeBodyWatch } from "../../../src/proxy/places/request-body.ts";
import { valueInBody } from "../../../src/proxy/places/substitute.ts";
import { makeGrant } from "../../support/proxy-run.ts";

const HOST = "api.example.test";
/** One placeholder begins like another, and both begin like themselves further on. */
const grants = ["abab_x", "abab_xab", "ab_yy"].map((placeholder, index) => makeGrant(`KEY_${index}`, [HOST], { placeholder, value: `<"${index}\n>`, places: ["body"] }));
const recognise = makeRecogniser(grants);
const word = fc.oneof(fc.constantFrom(...grants.map(({ placeholder }) => placeholder)), fc.string({ unit: fc.constantFrom("a", "b", "_", "x", "y", "-", "é"), maxLength: 8 }));

const utf8 = (text: string): string => Buffer.from(text, "latin1").toString();

/** What goes out for a body that arrives in these chunks. */
function write(cutter: BodyCutter, chunks: readonly Uint8Array[]): string {
  const pieces = [...chunks.flatMap((chunk) => cutter.push(chunk)), ...cutter.end()];
  return pieces.map((piece) => Buffer.from(piece.kind === "bytes" ? piece.bytes : valueInBody(piece.grant, "json")).toString("latin1")).join("");
}

function split(text: Buffer, cuts: readonly number[]): Buffer[] {
  const places = [0, ...cuts.map((cut) => cut % (text.length + 1)).sort((a, b) => a - b), text.length];
  return places.slice(1).map((end, index) => text.subarray(places[index], end));
}

/** The text with its values in, found the other way: in the whole of it at once. */
function expected(text: string): string {
  let [written, from] = ["", 0];
  for (const { grant, start, end } of recognise(text)) {
    written += text.slice(from, start) + Buffer.from(valueInBody(grant, "json")).toString();
    from = end;
  }
  return written + text.slice(from);
}

describe("a body in pieces", () => {
  const openCutter = makeBodyCutter(grants);

  it("is written the same however it is split, and no other byte is touched", () => {
    fc.assert(
      fc.property(fc.array(word, { maxLength: 12 }), fc.array(fc.nat(120), { maxLength: 12 }), (words, cuts) => {
        const text = words.join("");
        const written = write(openCutter(), split(Buffer.from(text), cuts));
        if (utf8(written) !== expected(text)) throw new Error(JSON.stringify([text, cuts, utf8(written)]));
      }),
      { numRuns: 20_000 },
    );
  });

  it("is written the same at every single split, and byte by byte", () => {
    const text = Buffer.from(`{"é":"${grants[1]?.placeholder ?? ""}ab${grants[0]?.placeholder ?? ""}ab","abab_":"${grants[2]?.placeholder ?? ""}"}`);
    const whole = write(openCutter(), [text]);
    for (let at = 0; at <= text.length; at += 1) {
      for (let next = at; next <= text.length; next += 1) expect(write(openCutter(), [text.subarray(0, at), text.subarray(at, next), text.subarray(next)])).toBe(whole);
    }
    expect(write(openCutter(), [...text].map((byte) => Uint8Array.of(byte)))).toBe(whole);
  });

  it("holds back nothing but what may begin a placeholder", () => {
    const cutter = openCutter();
    expect(cutter.push(Buffer.from("data: 1\n\n"))).toHaveLength(1);
    expect(cutter.push(Buffer.from("abab"))).toEqual([]);
    expect(Buffer.from(cutter.push(Buffer.from("!"))[0]?.bytes ?? []).toString()).toBe("abab!");
  });
});

describe("a body as a stream", () => {
  it("keeps its order however it arrives", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(word, { maxLength: 8 }), fc.array(fc.nat(80), { maxLength: 6 }), async (words, cuts) => {
        const text = words.join("");
        const watch = makeBodyWatch(grants).open(undefined, (grant) => ({ kind: "replace", bytes: valueInBody(grant, "json") }));
        let written = "";
        for await (const chunk of Readable.from(split(Buffer.from(text), cuts).filter(({ length }) => length > 0)).pipe(watch)) written += Buffer.from(chunk as Uint8Array).toString("latin1");
        expect(utf8(written)).toBe(expected(text));
      }),
      { numRuns: 200 },
    );
  });

  it("stops before the first byte of a placeholder that is refused", async () => {
    const asked: string[] = [];
    const watch = makeBodyWatch(grants).open(undefined, (grant) => {
      asked.push(grant.name);
      return { kind: asked.length === 1 ? "pass" : "stop" };
    });
    let written = "";
    watch.on("data", (chunk: Buffer) => (written += chunk.toString()));
    for (const chunk of ["one abab", "_x two ab_", "yy three", " four"]) watch.write(chunk);
    watch.end();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(written).toBe("one abab_x two ");
    expect(asked).toEqual(["KEY_0", "KEY_2"]);
    expect(watch.readableEnded).toBe(false);
  });
});

describe("a placeholder is all of a value", () => {
  const P = grants[0]?.placeholder ?? "";
  const wholes = (kind: BodyKind, chunks: readonly Buffer[]): boolean[] => {
    const found: boolean[] = [];
    const watch = makeBodyWatch(grants).open(kind, (_grant, isWhole) => {
      found.push(isWhole);
      return { kind: "pass" };
    });
    for (const chunk of chunks) watch.write(chunk);
    watch.end();
    watch.resume();
    return found;
  };

  it.each<[BodyKind, string, boolean]>([
    ["json", `{"a":"${P}"}`, true],
    ["json", `["${P}"]`, true],
    ["json", `"${P}"`, true],
    ["json", `{"a":"x ${P}"}`, false],
    ["json", `{"a":"${P} x"}`, false],
    ["json", `{"a":"https://evil.example/${P}.png"}`, false],
    ["json", `{"a":"\\"${P}\\""}`, false],
    ["json", `{"a":"{\\"b\\":\\"${P}\\"}"}`, false],
    ["json", `{"a":${P}}`, false],
    ["json", `"${P}`, false],
    ["form", `a=${P}`, true],
    ["form", `a=1&b=${P}&c=2`, true],
    ["form", `a=&b=${P}`, true],
    ["form", P, false],
    ["form", `${P}=1`, false],
    ["form", `a=1&${P}`, false],
    ["form", `a=b=${P}`, false],
    ["form", `a=${P}b`, false],
    ["form", `u=https://evil.example/?k=${P}`, false],
    ["form", `a=1&u=x${P}`, false],
    ["text", P, true],
    ["text", `a\n${P}\r\nb`, true],
    ["text", `${P}\n`, true],
    ["text", `key: ${P}`, false],
    ["text", `${P} `, false],
    ["multipart", `--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n${P}\r\n--b--`, true],
    ["multipart", `--b\r\nContent-Disposition: form-data; name="${P}"\r\n\r\nx\r\n--b--`, false],
    ["multipart", `--b\r\n\r\nhttps://evil.example/${P}\r\n--b--`, false],
    ["multipart", `--b\r\n\r\n${P}`, false],
  ])("in %s %j: %s, however it is cut", (kind, text, expected) => {
    const bytes = Buffer.from(text);
    expect(wholes(kind, [bytes])).toEqual([expected]);
    expect(wholes(kind, [...bytes].map((byte) => Buffer.from([byte])))).toEqual([expected]);
    for (let at = 0; at <= bytes.length; at += 1) expect(wholes(kind, [bytes.subarray(0, at), bytes.subarray(at)].filter(({ length }) => length > 0))).toEqual([expected]);
    let once: boolean | undefined;
    makeBodyWatch(grants).pass(bytes, kind, (_grant, isWhole) => {
      once = isWhole;
      return { kind: "pass" };
    });
    expect(once).toBe(expected);
  });
});

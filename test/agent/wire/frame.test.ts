import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Frame } from "../../../src/agent/wire/frame.ts";
import { encodeFrame, FRAME_BYTES_MAX, FrameReader } from "../../../src/agent/wire/frame.ts";
import { concatBytes, utf8 } from "../../../src/bytes.ts";
import { VaultError } from "../../../src/errors.ts";

const frames = fc.record({
  body: fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)) as unknown),
  keys: fc.integer({ min: 0, max: 4 }).chain((count) => fc.uint8Array({ minLength: count * 32, maxLength: count * 32 })),
});

function readAll(reader: FrameReader, chunks: readonly Uint8Array[], limit = FRAME_BYTES_MAX): Frame[] {
  return chunks.flatMap((chunk) => [...reader.read(chunk.slice(), () => limit)]);
}

function cut(bytes: Uint8Array, at: readonly number[]): Uint8Array[] {
  const ends = [...at.map((n) => n % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
  return ends.map((end, index) => bytes.slice(ends[index - 1] ?? 0, end));
}

function codeOf(act: () => unknown): string | undefined {
  try {
    act();
  } catch (error) {
    if (error instanceof VaultError) return error.code;
    throw error;
  }
  return undefined;
}

function withLengths(length: number, bodyLength: number, rest: Uint8Array): Uint8Array {
  const head = new DataView(new ArrayBuffer(8));
  head.setUint32(0, length, false);
  head.setUint32(4, bodyLength, false);
  return concatBytes(new Uint8Array(head.buffer), rest);
}

describe("frames", () => {
  it("come out as they went in, wherever the stream is cut", () => {
    fc.assert(
      fc.property(fc.array(frames, { maxLength: 4 }), fc.array(fc.nat(), { maxLength: 12 }), (sent, cuts) => {
        expect(readAll(new FrameReader(), cut(concatBytes(...sent.map(encodeFrame)), cuts))).toEqual(sent);
      }),
    );
  });

  it("of any bytes whatever end in frames or in a VaultError", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 64 }), { maxLength: 6 }), (chunks) => {
        codeOf(() => readAll(new FrameReader(), chunks, 4096));
      }),
    );
  });

  it("are refused as soon as they announce too much", () => {
    const reader = new FrameReader();
    expect(readAll(reader, [Uint8Array.of(0, 0, 0x10)], 4096)).toEqual([]);
    expect(codeOf(() => readAll(reader, [Uint8Array.of(1)], 4096))).toBe("out-of-bounds");
    expect(codeOf(() => readAll(new FrameReader(), [Uint8Array.of(0xff, 0xff, 0xff, 0xff)]))).toBe("out-of-bounds");
  });

  it("are measured against the limit that holds when each begins", () => {
    const long = encodeFrame({ body: "x".repeat(5000), keys: new Uint8Array() });
    const both = concatBytes(encodeFrame({ body: 1, keys: new Uint8Array() }), long);
    let limit = 4096;
    const bodies = [];
    for (const { body } of new FrameReader().read(both, () => limit)) {
      bodies.push(body);
      limit = 8192;
    }
    expect(bodies).toEqual([1, "x".repeat(5000)]);
  });

  it.each([
    ["no content", Uint8Array.of(0, 0, 0, 0), "bad-schema"],
    ["no room for the body's length", Uint8Array.of(0, 0, 0, 3, 0, 0, 0), "bad-schema"],
    ["a body beyond the frame", withLengths(6, 3, utf8("{}")), "bad-schema"],
    ["half a key", withLengths(4 + 2 + 16, 2, utf8("{}" + "k".repeat(16))), "bad-schema"],
    ["an empty body", withLengths(4, 0, utf8("")), "bad-json"],
    ["no JSON", withLengths(6, 2, utf8("{]")), "bad-json"],
    ["no UTF-8", withLengths(7, 3, Uint8Array.of(0x22, 0xff, 0x22)), "bad-json"],
  ])("with %s are refused", (_, bytes, code) => {
    expect(codeOf(() => readAll(new FrameReader(), [bytes]))).toBe(code);
  });

  it("say nothing of their content when it is no JSON", () => {
    try {
      readAll(new FrameReader(), [withLengths(4 + 12, 12, utf8('{"kek": "abc'))]);
    } catch (error) {
      expect(String(error)).not.toContain("kek");
    }
    expect.assertions(1);
  });

  it("leave no key in the chunks that they came in", () => {
    const chunk = encodeFrame({ body: {}, keys: new Uint8Array(32).fill(7) });
    const [frame] = [...new FrameReader().read(chunk, () => 4096)];
    expect(frame?.keys).toEqual(new Uint8Array(32).fill(7));
    expect(chunk.includes(7)).toBe(false);
  });
});

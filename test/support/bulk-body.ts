// Bodies far larger than any buffer on their way, and a check of each byte that arrives.
import { createHash } from "node:crypto";
import type { Readable, Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";

export const MIB = 1_048_576;

const CHUNK_BYTES = 65_536;
/** The length after which the body repeats itself: a prime, so that a chunk that is lost, doubled or exchanged does not go unnoticed: no two stand alike. */
export const BLOCK_BYTES = 1_048_583;
const WORDS = ["model", "token", "answer", "key", "stream", "value", "a", "the", "of", "usage", "Zx81", "content", "assistant", "7+hN", "delta", "null"];

/** Lines of JSON, the same in each test run, over and over. Twice, so that a chunk that begins anywhere in it is one piece. */
const block = makeBlock();

function makeBlock(): Buffer {
  let text = "";
  for (let line = 0; text.length < BLOCK_BYTES; line += 1) {
    const hash = createHash("sha256").update(String(line)).digest();
    text += `{"id":"${hash.toString("hex", 0, 8)}","kind":"${WORDS[line % WORDS.length] ?? ""}","note":"${[...hash].map((byte) => WORDS[byte % WORDS.length]).join(" ")}"}\n`;
  }
  const one = Buffer.from(text.slice(0, BLOCK_BYTES));
  return Buffer.concat([one, one]);
}

/** The body's bytes from `at` on, at most `length` and never more than a block. */
export function bulkBytes(at: number, length: number): Buffer {
  const start = at % BLOCK_BYTES;
  return block.subarray(start, start + Math.min(length, BLOCK_BYTES));
}

/** Writes a body of so many bytes, as fast as they are taken, and leaves the stream open. Stops where the stream breaks. */
export async function writeBulk(stream: Writable, bytes: number): Promise<void> {
  for (let at = 0; at < bytes && !stream.destroyed; at += CHUNK_BYTES) {
    if (!stream.write(bulkBytes(at, Math.min(CHUNK_BYTES, bytes - at)))) await hasRoom(stream);
  }
}

/** Resolves when the stream takes more, or never will. */
export function hasRoom(stream: Writable): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      stream.off("drain", done).off("close", done);
      resolve();
    };
    stream.on("drain", done).on("close", done);
  });
}

export interface BulkReading {
  /** What has arrived. */
  readonly bytes: number;
  /** Whether it was the body's beginning, byte for byte. */
  readonly isExact: boolean;
}

/** Reads a body to its end. @param bytesPerSecond how slowly; as fast as it comes where undefined. */
export async function readBulk(stream: Readable, bytesPerSecond?: number): Promise<BulkReading> {
  const startMs = performance.now();
  let [bytes, isExact] = [0, true];
  // A socket whose other half still has something to say is not to be destroyed.
  for await (const chunk of stream.iterator({ destroyOnReturn: false })) {
    if (!Buffer.isBuffer(chunk)) throw new Error("a stream of text");
    for (let at = 0; at < chunk.length; at += BLOCK_BYTES) {
      const piece = chunk.subarray(at, at + BLOCK_BYTES);
      isExact &&= piece.equals(bulkBytes(bytes + at, piece.length));
    }
    bytes += chunk.length;
    if (bytesPerSecond !== undefined) {
      const aheadMs = (bytes / bytesPerSecond) * 1000 - (performance.now() - startMs);
      if (aheadMs > 5) await sleep(aheadMs);
    }
  }
  return { bytes, isExact };
}

// The MAC of each line of one part of the log, with its key made ready once.
import { createHmac, hash } from "node:crypto";

export interface LineMac {
  /** Base64 of HMAC-SHA256 over the SHA-256 of a text. */
  readonly of: (text: string) => string;
  /** Forgets the key. */
  close(): void;
}

const BLOCK_BYTES = 64;
const DIGEST_BYTES = 32;

/**
 * HMAC-SHA256 (RFC 2104) in three calls of a hash function. A run's log takes a line for each request, and an object of Node's for each MAC, with
 * what it costs to collect it again, is dearer than the MAC.
 *
 * @param key 32 bytes; copied.
 */
export function openLineMac(key: Uint8Array): LineMac {
  const inner = Buffer.alloc(BLOCK_BYTES + DIGEST_BYTES, 0x36);
  const outer = Buffer.alloc(BLOCK_BYTES + DIGEST_BYTES, 0x5c);
  for (const pad of [inner, outer]) for (const [index, byte] of key.entries()) pad[index] = (pad[index] ?? 0) ^ byte;
  return {
    of(text) {
      inner.write(hash("sha256", text, "binary"), BLOCK_BYTES, "latin1");
      outer.write(hash("sha256", inner, "binary"), BLOCK_BYTES, "latin1");
      return hash("sha256", outer, "base64");
    },
    close() {
      inner.fill(0);
      outer.fill(0);
    },
  };
}

/** The same, for one line. */
export function macOfText(text: string, key: Uint8Array): string {
  return createHmac("sha256", key).update(hash("sha256", text, "binary"), "latin1").digest("base64");
}

// An identity's name: its public key itself, as a `did:key` (W3C CCG, "The did:key Method", section 3.1.1: Ed25519). Pure.

/** `did:key:z6Mk…`. */
export type DidKey = string & { readonly __brand: "DidKey" };

const PUBLIC_KEY_BYTES = 32;

const START = "did:key:z";
/** Multicodec `ed25519-pub`, as an unsigned varint. */
const ED25519_PREFIX = [0xed, 0x01];
/** Base58 as Bitcoin has it (multibase `z`). */
const ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
/** Those of 34 bytes whose first is 0xed are this long, all of them. */
const DIGITS = 47;
/** 58^9 is less than 2^53. */
const CHUNK = 9;

/** @param publicKey 32 bytes of an Ed25519 key (RFC 8032). */
export function formatDidKey(publicKey: Uint8Array): DidKey {
  let number = BigInt(`0x${Buffer.from([...ED25519_PREFIX, ...publicKey]).toString("hex")}`);
  let digits = "";
  for (; number > 0n; number /= 58n) digits = `${ALPHABET[Number(number % 58n)] ?? ""}${digits}`;
  return `${START}${digits}` as DidKey;
}

/**
 * The y of the points whose order is 1, 2, 4 or 8, little-endian in hex (RFC 8032, section 5.1.2). Under such a key anybody makes signatures: of every message for the first, of one in eight at least.
 * OpenSSL, and so Node, takes those signatures.
 */
const SMALL_ORDERS: ReadonlySet<string> = new Set([
  `01${"00".repeat(31)}`,
  `ec${"ff".repeat(30)}7f`,
  "00".repeat(32),
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
]);
/** A y of the field's prime, 2^255 - 19, or more is a second spelling of a small one. */
const BEYOND_FIELD = /^(?:e[d-f]|f[0-9a-f])(?:ff){30}7f$/;

/** @returns the 32 bytes of the key; undefined for everything but the one text that `formatDidKey` makes of a key, and for keys that are everybody's. */
export function parseDidKey(text: string): { readonly did: DidKey; readonly publicKey: Uint8Array } | undefined {
  if (!text.startsWith(START) || text.length !== START.length + DIGITS) return undefined;
  let number = 0n;
  // Each proof is read by it: as many digits at once as a double holds.
  for (let at = START.length; at < text.length; at += CHUNK) {
    let chunk = 0;
    for (const digit of text.slice(at, at + CHUNK)) {
      const value = ALPHABET.indexOf(digit);
      if (value < 0) return undefined;
      chunk = chunk * 58 + value;
    }
    number = number * 58n ** BigInt(Math.min(CHUNK, text.length - at)) + BigInt(chunk);
  }
  const bytes = Buffer.from(number.toString(16), "hex");
  const isEd25519 = bytes.length === ED25519_PREFIX.length + PUBLIC_KEY_BYTES && ED25519_PREFIX.every((byte, index) => bytes[index] === byte);
  if (!isEd25519) return undefined;
  const publicKey = new Uint8Array(bytes.subarray(ED25519_PREFIX.length));
  // Of so many digits there is one text for each number.
  return isSomebodys(publicKey) ? { did: text as DidKey, publicKey } : undefined;
}

function isSomebodys(publicKey: Uint8Array): boolean {
  const y = Buffer.from(publicKey);
  // The highest bit is the sign of x.
  y[PUBLIC_KEY_BYTES - 1] = (y[PUBLIC_KEY_BYTES - 1] ?? 0) & 0x7f;
  const text = y.toString("hex");
  return !SMALL_ORDERS.has(text) && !BEYOND_FIELD.test(text);
}

// How a KEK is spelt outside the vault: 32 raw bytes that are no text, or canonical base64 with at most one line end behind it (FORMAT.md, "Keys").
import { encodeBase64, utf8, wipe } from "../bytes.ts";
import { VaultError } from "../errors.ts";
import type { Kek } from "../vault/key-bytes.ts";
import { KEY_BYTES, parseKek } from "../vault/key-bytes.ts";

const HINT = "a key is the base64 of 32 random bytes: head -c 32 /dev/urandom | base64";

/** @throws VaultError `wrong-key`, which says where the bytes came from and nothing about them. */
export function parseKeyBytes(bytes: Uint8Array, where: string): Kek {
  if (bytes.length !== KEY_BYTES) return parseKeyDigits(withoutLineEnd(bytes), where);
  if (bytes.every(isPrintable)) throw new VaultError("wrong-key", `${where} holds 32 characters of text, and no key: somebody could guess them`, HINT);
  return parseKek(bytes.slice());
}

/** Of 32 random bytes, one in 60 million million has no other. */
function isPrintable(byte: number): boolean {
  return byte >= 0x20 && byte <= 0x7e;
}

/** @throws VaultError `wrong-key` unless the text is canonical base64 of 32 bytes. */
export function parseKeyText(text: string, where: string): Kek {
  const digits = utf8(text);
  try {
    return parseKeyDigits(digits, where);
  } finally {
    wipe(digits);
  }
}

function withoutLineEnd(bytes: Uint8Array): Uint8Array {
  if (bytes.at(-1) !== LF) return bytes;
  return bytes.subarray(0, bytes.at(-2) === CR ? -2 : -1);
}

function parseKeyDigits(digits: Uint8Array, where: string): Kek {
  const key = decodeKey(digits);
  if (key === undefined) throw new VaultError("wrong-key", `${where} does not hold a key`, HINT);
  return parseKek(key);
}

/** Base64 (RFC 4648 section 4) of 32 bytes, digit by digit: a string on the way, or Node's pool of buffers, would keep a copy that nobody can wipe. */
function decodeKey(digits: Uint8Array): Uint8Array | undefined {
  if (digits.length !== DIGITS || digits.at(-1) !== PADDING) return undefined;
  const key = new Uint8Array(KEY_BYTES);
  let held = 0;
  let bits = 0;
  let at = 0;
  for (const digit of digits.subarray(0, -1)) {
    const value = ALPHABET.indexOf(String.fromCharCode(digit));
    if (value < 0) {
      wipe(key);
      return undefined;
    }
    held = (held << 6) | value;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    key[at] = held >> bits;
    held &= (1 << bits) - 1;
    at += 1;
  }
  // The bits that are left over are zero in the one right spelling.
  if (held === 0) return key;
  wipe(key);
  return undefined;
}

const DIGITS = 44;
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const PADDING = 0x3d;
const CR = 0x0d;
const LF = 0x0a;

export function encodeKeyText(kek: Kek): Uint8Array {
  return utf8(`${encodeBase64(kek)}\n`);
}

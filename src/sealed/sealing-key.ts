// The keys that fields are sealed with: the newest writes, all of them read.
import { hkdfSync, randomBytes } from "node:crypto";
import { encodeBase64, findBase64, utf8 } from "../bytes.ts";
import { VaultError } from "../errors.ts";
import { Secret } from "../secret.ts";

export const KEY_BYTES = 32;
const KEY_ID_BYTES = 8;

/** A `Secret`, of which programs that import the types need to know no more. */
export interface KeyBytes {
  reveal(): Uint8Array;
  wipe(): void;
}

export interface SealingKey {
  /** Base64url of 8 bytes that say which key this is, and nothing about it. */
  readonly id: string;
  /** What AuthHero calls it, in `enc:v1:<name>:…`; undefined for a key without a name. */
  readonly name: string | undefined;
  /** 32 bytes. */
  readonly bytes: KeyBytes;
}

/** Never empty. */
export interface SealingKeys {
  /** Seals. */
  readonly newest: SealingKey;
  /** Open; the newest first. */
  readonly all: readonly SealingKey[];
}

/** Letters, digits, `_` and `-`: AuthHero's names of keys hold no others. */
const NAMED = /^(?:([A-Za-z0-9_-]{1,64})=)?([A-Za-z0-9+/]{43}=)$/;
const KEYS_MAX = 1000;
const MAKE_ONE = "make one with: openssl rand -base64 32";

/**
 * Reads keys, the newest first, with commas or white space between them: each the base64 of 32 bytes, or `NAME=` and that.
 *
 * @param what the text's place, for messages; the text itself is quoted in none.
 * @throws VaultError `wrong-key`.
 */
export function parseSealingKeys(text: string, what: string): SealingKeys {
  const words = text.split(/[\t\n\r ,]+/).filter((word) => word !== "");
  if (words.length > KEYS_MAX) throw new VaultError("wrong-key", `${what} holds more than ${KEYS_MAX} keys`);
  const all = words.map((word, index) => parseKey(word, words.length === 1 ? what : `key ${index + 1} of ${what}`));
  const [newest] = all;
  if (newest === undefined) throw new VaultError("wrong-key", `${what} is empty, and an empty key is most likely a mistake`, `${MAKE_ONE}; or leave it unset`);
  if (new Set(all.map(({ id }) => id)).size !== all.length) throw new VaultError("wrong-key", `${what} holds a key twice`);
  return { newest, all };
}

/** A new key as text. */
export function makeKeyText(): string {
  return encodeBase64(new Uint8Array(randomBytes(KEY_BYTES)));
}

function parseKey(word: string, what: string): SealingKey {
  const [, name, base64 = ""] = NAMED.exec(word) ?? [];
  const bytes = findBase64(base64);
  if (bytes?.length !== KEY_BYTES) throw new VaultError("wrong-key", `${what} is not the base64 of ${KEY_BYTES} bytes`, MAKE_ONE);
  if (bytes.every((byte) => byte === bytes[0])) throw new VaultError("wrong-key", `${what} is one repeated byte, and no key`, MAKE_ONE);
  const id = Buffer.from(hkdfSync("sha256", bytes, new Uint8Array(), utf8("vault/sealed/2 key-id"), KEY_ID_BYTES)).toString("base64url");
  return { id, name, bytes: new Secret(bytes) };
}

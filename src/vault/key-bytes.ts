// Key bytes are branded, so that passing a DEK where a KEK belongs does not compile. These are the only places that make them.
import { VaultError } from "../errors.ts";

export const KEY_BYTES = 32;

declare const kind: unique symbol;

/** Key encryption key: from the key provider, never stored in the vault file. */
export type Kek = Uint8Array & { readonly [kind]: "kek" };
/** Data encryption key: one for each version of each secret, stored wrapped. */
export type Dek = Uint8Array & { readonly [kind]: "dek" };

/**
 * @throws VaultError `wrong-key` unless these are 32 bytes that differ among themselves:
 * an all-zero or repeated-byte key is a placeholder or a failed read, never a key.
 */
export function parseKek(bytes: Uint8Array): Kek {
  if (bytes.length !== KEY_BYTES) throw new VaultError("wrong-key", `a master key has ${KEY_BYTES} bytes, not ${bytes.length}`, "make one with: head -c 32 /dev/urandom | base64");
  if (bytes.every((byte) => byte === bytes[0])) throw new VaultError("wrong-key", "a master key of one repeated byte is no key", "make one with: head -c 32 /dev/urandom | base64");
  return bytes as Kek;
}

/** For 32 bytes that were just drawn at random, or that an AEAD has authenticated. */
export function asDek(bytes: Uint8Array): Dek {
  if (bytes.length !== KEY_BYTES) throw new VaultError("bad-wrap", `a data key has ${KEY_BYTES} bytes, not ${bytes.length}`);
  return bytes as Dek;
}

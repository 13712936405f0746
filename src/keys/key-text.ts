// How a KEK is spelt outside the vault: 32 raw bytes, or canonical base64 with at most one line end behind it (FORMAT.md, "Keys").
import { encodeBase64, findBase64, findText, utf8 } from "../bytes.ts";
import { VaultError } from "../errors.ts";
import type { Kek } from "../vault/key-bytes.ts";
import { KEY_BYTES, parseKek } from "../vault/key-bytes.ts";

const HINT = "a key is the base64 of 32 random bytes: head -c 32 /dev/urandom | base64";

/** @throws VaultError `wrong-key`, which says where the bytes came from and nothing about them. */
export function parseKeyBytes(bytes: Uint8Array, where: string): Kek {
  if (bytes.length === KEY_BYTES) return parseKek(bytes.slice());
  return parseKeyText((findText(bytes) ?? "").replace(/\r?\n$/, ""), where);
}

/** @throws VaultError `wrong-key` unless the text is canonical base64 of 32 bytes. */
export function parseKeyText(text: string, where: string): Kek {
  const bytes = findBase64(text);
  if (bytes?.length !== KEY_BYTES) throw new VaultError("wrong-key", `${where} does not hold a key`, HINT);
  return parseKek(bytes);
}

export function encodeKeyText(kek: Kek): Uint8Array {
  return utf8(`${encodeBase64(kek)}\n`);
}

// Strict reading of a frame: exactly the members that belong there, each in bounds, and as many keys as the message speaks of.
import { findBase64 } from "../../bytes.ts";
import { VaultError } from "../../errors.ts";
import { parseObject, parseText } from "../../vault/json-shape.ts";
import { KEY_BYTES } from "../../vault/key-bytes.ts";

/** @throws VaultError `bad-schema` unless the value is an object with just these members. */
export function parseMembers(value: unknown, names: readonly string[]): Record<string, unknown> {
  const message = parseObject(value, "a message");
  const present = Object.keys(message);
  if (present.length !== names.length || !names.every((name) => present.includes(name))) throw new VaultError("bad-schema", "a message has other members than it should");
  return message;
}

/** @throws VaultError `bad-schema` unless it is canonical base64 of `bytesMin` to `bytesMax` bytes. */
export function parseBytes(value: unknown, bytesMin: number, bytesMax: number = bytesMin): Uint8Array {
  const bytes = findBase64(parseText(value, "bytes of a message"));
  if (bytes === undefined || bytes.length < bytesMin || bytes.length > bytesMax) throw new VaultError("bad-schema", "bytes of a message are not base64 of the right length");
  return bytes;
}

/** @throws VaultError `bad-schema` unless there are `count` keys. */
export function requireKeyCount(keys: Uint8Array, count: number): void {
  if (keys.length !== count * KEY_BYTES) throw new VaultError("bad-schema", "a message has more or fewer keys than it should");
}

/** Bytes of any length among a frame's keys, filled up to whole ones with zeros. */
export function padKeys(bytes: Uint8Array): Uint8Array {
  const padded = new Uint8Array(Math.ceil(bytes.length / KEY_BYTES) * KEY_BYTES);
  padded.set(bytes);
  return padded;
}

/** A copy of one of a frame's keys. */
export function copyKey(keys: Uint8Array, index: number): Uint8Array {
  return keys.slice(index * KEY_BYTES, (index + 1) * KEY_BYTES);
}

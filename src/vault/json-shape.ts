// Checks on parsed JSON, by hand: a schema library would cost 20 µs a record, and a vault may hold 10,000.
import { findBase64 } from "../bytes.ts";
import { VaultError } from "../errors.ts";
import { isVisibleText } from "./visible-text.ts";

const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/;

/** An object whose members may be looked up. Unknown members are found later, when the canonical text is compared. */
export function parseObject(value: unknown, what: string): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw badSchema(what, "an object");
  return value as Record<string, unknown>;
}

export function parseArray(value: unknown, lengthMax: number, what: string): unknown[] {
  if (!Array.isArray(value)) throw badSchema(what, "a list");
  if (value.length > lengthMax) throw new VaultError("out-of-bounds", `${what}: more than ${lengthMax}`);
  return value;
}

export function parseText(value: unknown, what: string): string {
  if (typeof value !== "string") throw badSchema(what, "text");
  return value;
}

export function parseBoolean(value: unknown, what: string): boolean {
  if (typeof value !== "boolean") throw badSchema(what, "true or false");
  return value;
}

/** @throws VaultError `bad-schema` unless it is a whole number, `out-of-bounds` unless it lies between the two, both included. */
export function parseInteger(value: unknown, min: number, max: number, what: string): number {
  if (typeof value !== "number" || !Number.isInteger(value)) throw badSchema(what, "a whole number");
  if (value < min || value > max) throw new VaultError("out-of-bounds", `${what} is not between ${min} and ${max}`);
  return value;
}

/** A time as `Date.prototype.toISOString` writes it, and that really is one. */
export function parseTime(value: unknown, what: string): string {
  const text = parseText(value, what);
  if (!isTime(text)) throw badSchema(what, "a time");
  return text;
}

export function isTime(text: string): boolean {
  const time = new Date(text);
  return TIME.test(text) && !Number.isNaN(time.getTime()) && time.toISOString() === text;
}

/** Text without characters that cannot be seen: 1 to `lengthMax` UTF-16 units. */
export function parseVisibleText(value: unknown, lengthMax: number, what: string): string {
  const text = parseText(value, what);
  if (!isVisibleText(text, lengthMax)) throw badSchema(what, "visible text");
  return text;
}

/** Canonical base64 of exactly `bytes` bytes, kept as text: it is decoded where it is used. */
export function parseBase64(value: unknown, bytes: number, what: string): string {
  return parseBase64Between(value, bytes, bytes, what);
}

export function parseBase64Between(value: unknown, bytesMin: number, bytesMax: number, what: string): string {
  const text = parseText(value, what);
  const decoded = findBase64(text);
  if (decoded === undefined || decoded.length < bytesMin || decoded.length > bytesMax) throw badSchema(what, "base64 of the right length");
  return text;
}

/** Sorted by UTF-16 units, without doubles. */
export function isStrictlyAscending(words: readonly string[]): boolean {
  return words.every((word, index) => index === 0 || (words[index - 1] ?? "") < word);
}

function badSchema(what: string, expected: string): VaultError {
  return new VaultError("bad-schema", `${what}: expected ${expected}`);
}

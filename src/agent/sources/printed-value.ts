// Reads a value out of what a program has printed.
import { findText, wipe } from "../../bytes.ts";
import { Secret } from "../../secret.ts";
import { VALUE_BYTES_MAX } from "../../vault/record.ts";
import type { MadeValue } from "./source-maker.ts";
import { SourceFailure } from "./source-maker.ts";

const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})$/;

/**
 * The value itself, less one line end; or `{"value":"…"}`, or `{"value":"…","expires":"2026-01-31T09:30:00Z"}`. Another JSON object is a value as it stands: some keys are such files. Wipes the bytes.
 *
 * @throws SourceFailure `empty`, `too-long`; `malformed` for an end that is no time.
 */
export function readPrinted(bytes: Uint8Array): MadeValue {
  const { value, expires } = findTold(bytes) ?? { value: undefined, expires: undefined };
  if (value === undefined) return { value: readPlain(bytes) };
  wipe(bytes);
  return { value: requireSize(Secret.fromText(value)), ...(expires === undefined ? {} : { expiresMs: parseExpiry(expires) }) };
}

/** All that was printed, less one line end. Wipes the bytes. @throws SourceFailure `empty`, `too-long`. */
export function readPlain(bytes: Uint8Array): Secret {
  const end = bytes.at(-1) !== 0x0a ? bytes.length : bytes.length - (bytes.at(-2) === 0x0d ? 2 : 1);
  return cut(bytes, end);
}

/** The first line. Wipes the bytes. @throws SourceFailure `empty`, `too-long`. */
export function readFirstLine(bytes: Uint8Array): Secret {
  const at = bytes.indexOf(0x0a);
  const end = at < 0 ? bytes.length : at;
  return cut(bytes, bytes[end - 1] === 0x0d ? end - 1 : end);
}

/** A text of a JSON object. Wipes the bytes. @throws SourceFailure `malformed`, `empty`, `too-long`. */
export function readMember(bytes: Uint8Array, name: string): Secret {
  const object = findObject(bytes);
  wipe(bytes);
  const value = object !== undefined && Object.hasOwn(object, name) ? object[name] : undefined;
  if (typeof value !== "string") throw new SourceFailure({ reason: "malformed", said: "" });
  return requireSize(Secret.fromText(value));
}

/** A text of JSON, such as `"value"`. Wipes the bytes. @throws SourceFailure `malformed`, `empty`, `too-long`. */
export function readJsonText(bytes: Uint8Array): Secret {
  const value = parseQuietly(findText(bytes));
  wipe(bytes);
  if (typeof value !== "string") throw new SourceFailure({ reason: "malformed", said: "" });
  return requireSize(Secret.fromText(value));
}

function cut(bytes: Uint8Array, end: number): Secret {
  const value = new Secret(bytes.slice(0, end));
  wipe(bytes);
  return requireSize(value);
}

function requireSize(value: Secret): Secret {
  if (value.length > 0 && value.length <= VALUE_BYTES_MAX) return value;
  value.wipe();
  throw new SourceFailure({ reason: value.length === 0 ? "empty" : "too-long", said: "" });
}

function findTold(bytes: Uint8Array): { readonly value: string; readonly expires: unknown } | undefined {
  const object = findObject(bytes);
  if (object === undefined || !Object.keys(object).every((name) => name === "value" || name === "expires")) return undefined;
  return typeof object["value"] === "string" ? { value: object["value"], expires: object["expires"] } : undefined;
}

function findObject(bytes: Uint8Array): Record<string, unknown> | undefined {
  const text = findText(bytes);
  const value = text?.trimStart().startsWith("{") === true ? parseQuietly(text) : undefined;
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;
}

/** What JSON.parse says of a text that is none may quote it. */
function parseQuietly(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? "") as unknown;
  } catch {
    return undefined;
  }
}

function parseExpiry(text: unknown): number {
  const ms = typeof text === "string" && TIME.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(ms)) throw new SourceFailure({ reason: "malformed", said: "" });
  return ms;
}

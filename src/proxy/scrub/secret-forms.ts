// The guises in which a server may hand a value back: as it is, and as encodings leave it that say nothing of themselves. Escapes are not among them: a text is searched without them too.
import { isAscii } from "node:buffer";
import { findText } from "../../bytes.ts";
import type { Grant } from "../grants/grant.ts";
import { undoEscapes } from "./unescaped.ts";

/** Shorter values have encodings so short that they stand in any text by chance. */
const ENCODED_FROM_BYTES = 8;
const UUID_DIGITS = 32;
const UUID_PARTS = /^(.{8})(.{4})(.{4})(.{4})(.{12})$/;
/** Between the hexadecimal pairs of bytes, as `Buffer`, `openssl` and Windows write them. */
const SEPARATORS = [" ", ":", "-"] as const;

/**
 * The value; from 8 bytes on also as it is spelled otherwise, its hex and base64, base64 of those and hex of that, and base64 of what JSON, URLs and UTF-16 make of it. None has more than three characters for a byte, or four for
 * one that is a sign: up to three at either end of a form may be wrong, and time tells that the others are right. Plaintext: for the scrubber only.
 */
export function secretForms({ value }: Pick<Grant, "value">): Uint8Array[] {
  const bytes = value.reveal();
  const raw = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (raw.length === 0) return [];
  // Latin-1 keeps each byte, so equal forms meet in one entry.
  const forms = new Set([raw.toString("latin1")]);
  if (raw.length >= ENCODED_FROM_BYTES) {
    for (const form of encodedForms(raw)) forms.add(form.toString("latin1"));
    for (const form of [...plainForms(raw), ...respelledForms(raw)]) if (form.length >= ENCODED_FROM_BYTES) forms.add(form.toString("latin1"));
  }
  return [...forms].map((form) => Buffer.from(form, "latin1"));
}

/** What is left of a value in a text without escapes: of one that has what looks like an escape in it, or a space, which forms write as `+`. */
function plainForms(raw: Buffer): Buffer[] {
  const once = undoEscapes(raw, true)?.bytes ?? raw;
  const twice = undoEscapes(once, true)?.bytes ?? once;
  return [raw, once, twice].flatMap((form) => [form, Buffer.from(form.toString("latin1").replaceAll(" ", "+"), "latin1")]);
}

/** As servers write anew what they have parsed: hex digits in either case, a UUID with its hyphens or without (RFC 9562, section 4), base64 in either alphabet, without its padding. */
function respelledForms(raw: Buffer): Buffer[] {
  const text = raw.toString("latin1");
  const digits = text.replaceAll("-", "");
  const isHex = /^[0-9a-f]+(?:-[0-9a-f]+)*$/i.test(text);
  const isUuid = isHex && digits.length === UUID_DIGITS;
  const hex = isHex ? [text, ...(isUuid ? [digits, digits.replace(UUID_PARTS, "$1-$2-$3-$4-$5")] : [])].flatMap((form) => [form.toLowerCase(), form.toUpperCase()]) : [];
  const bare = /^([A-Za-z0-9+/_-]+)={0,2}$/.exec(text)?.[1];
  const base64 = bare === undefined || isHex ? [] : [bare, bare.replaceAll("+", "-").replaceAll("/", "_"), bare.replaceAll("-", "+").replaceAll("_", "/")];
  return [...hex, ...base64].map((form) => Buffer.from(form, "latin1"));
}

function encodedForms(raw: Buffer): Buffer[] {
  const [hex, base64, text] = [hexForms(raw), base64Forms(raw), findText(raw)];
  const again = [...base64.flatMap((form) => [...base64Forms(form), ...hexForms(form)]), ...hex.flatMap(base64Forms)];
  // Of other text UTF-16 may have any byte in it, a line feed too.
  const utf16 = text !== undefined && isAscii(raw) ? [Buffer.from(text, "utf16le"), Buffer.from(text, "utf16le").swap16()] : [];
  const escaped = text === undefined ? [] : [JSON.stringify(text).slice(1, -1), encodeURIComponent(text)].map((form) => Buffer.from(form));
  return [...hex, ...base64, ...again, ...utf16, ...[...utf16, ...escaped].flatMap(base64Forms), ...pairForms(raw)];
}

function hexForms(raw: Buffer): Buffer[] {
  const hex = raw.toString("hex");
  return [hex, hex.toUpperCase()].map((form) => Buffer.from(form));
}

/**
 * The characters of base64 that depend on the value alone, for each of the three ways in which it can lie in what was encoded, in both
 * alphabets (RFC 4648 sections 4 and 5). A character at either end that its neighbours have a part in is left out.
 */
function base64Forms(raw: Buffer): Buffer[] {
  return [0, 1, 2].flatMap((shift) => {
    const encoded = Buffer.concat([Buffer.alloc(shift), raw]).toString("base64");
    const whole = encoded.slice(Math.ceil((shift * 8) / 6), Math.floor(((shift + raw.length) * 8) / 6));
    return [whole, whole.replaceAll("+", "-").replaceAll("/", "_")].map((form) => Buffer.from(form));
  });
}

function pairForms(raw: Buffer): Buffer[] {
  return SEPARATORS.flatMap((separator) => hexForms(raw).map((hex) => Buffer.from((hex.toString().match(/../g) ?? []).join(separator))));
}

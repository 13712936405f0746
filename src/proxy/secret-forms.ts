// The guises in which a server may hand a value back: as it is, and as the common encodings leave it.
import { findText } from "../bytes.ts";
import type { Grant } from "./grant.ts";

/** Shorter values have encodings so short that they stand in any text by chance. */
const ENCODED_FROM_BYTES = 8;

/** The raw value and, from 8 bytes on, its hex, base64, percent-, JSON- and HTML-escaped forms. Plaintext: for the scrubber only. */
export function secretForms({ value }: Grant): Uint8Array[] {
  const bytes = value.reveal();
  const raw = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (raw.length === 0) return [];
  // Latin-1 keeps each byte, so equal forms meet in one entry.
  const forms = new Set([raw.toString("latin1")]);
  if (raw.length >= ENCODED_FROM_BYTES) {
    const hex = raw.toString("hex");
    for (const form of [hex, hex.toUpperCase(), ...base64Forms(raw), ...textForms(findText(raw))]) forms.add(form);
  }
  return [...forms].map((form) => Buffer.from(form, "latin1"));
}

/**
 * The characters of base64 that depend on the value alone, for each of the three ways in which it can lie in what was encoded, in both
 * alphabets (RFC 4648 sections 4 and 5). A character at either end that its neighbours have a part in is left out.
 */
function base64Forms(raw: Buffer): string[] {
  return [0, 1, 2].flatMap((shift) => {
    const encoded = Buffer.concat([Buffer.alloc(shift), raw]).toString("base64");
    const whole = encoded.slice(Math.ceil((shift * 8) / 6), Math.floor(((shift + raw.length) * 8) / 6));
    return [whole, whole.replaceAll("+", "-").replaceAll("/", "_")];
  });
}

/** Forms of a value that is text, as latin-1 of their UTF-8. */
function textForms(text: string | undefined): string[] {
  if (text === undefined) return [];
  const percent = encodeURIComponent(text);
  const strict = percent.replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
  // As it stands in a path (`place-encoding.ts`).
  const segment = strict.replaceAll("%3A", ":").replaceAll("%40", "@");
  const json = JSON.stringify(text).slice(1, -1);
  const forms = [
    ...[percent, strict, segment, strict.replaceAll("%20", "+")].flatMap((form) => [form, form.replace(/%[0-9A-F]{2}/g, (escape) => escape.toLowerCase())]),
    json,
    // PHP; Go; .NET and others that keep JSON safe inside HTML.
    json.replaceAll("/", "\\/"),
    escapeUnicode(json, /[<>&]/g),
    escapeUnicode(json, /[<>&'=]/g),
    escapeUnicode(json.replaceAll('\\"', "\\u0022"), /[<>&'+`]/g).replace(/\\u[0-9a-f]{4}/g, (escape) => `\\u${escape.slice(2).toUpperCase()}`),
    ...["&#39;", "&#x27;", "&apos;"].map((quote) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;").replaceAll("'", quote)),
  ];
  return forms.map((form) => Buffer.from(form, "utf8").toString("latin1"));
}

function escapeUnicode(json: string, characters: RegExp): string {
  return json.replace(characters, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

// The guises in which a server may hand a value back: as it is, and as the common encodings leave it.
import { findText } from "../../bytes.ts";
import type { Grant } from "../grants/grant.ts";

/** Shorter values have encodings so short that they stand in any text by chance. */
const ENCODED_FROM_BYTES = 8;
/** What JSON may hold as it is, and some writers escape all the same: by UTF-16 unit. */
const NOT_ASCII = /[\x7f-\uffff]/g;

/** The raw value and, from 8 bytes on, its hex, base64, percent-, JSON- and HTML-escaped forms. Plaintext: for the scrubber only. */
export function secretForms({ value }: Grant): Uint8Array[] {
  const bytes = value.reveal();
  const raw = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (raw.length === 0) return [];
  // Latin-1 keeps each byte, so equal forms meet in one entry.
  const forms = new Set([raw.toString("latin1")]);
  if (raw.length >= ENCODED_FROM_BYTES) {
    const [hex, text] = [raw.toString("hex"), findText(raw)];
    for (const form of [hex, hex.toUpperCase(), ...base64Forms(raw), ...(text === undefined ? [] : textForms(text))]) forms.add(form);
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
function textForms(text: string): string[] {
  return [...percentForms(text), ...jsonForms(text), ...htmlForms(text)].map((form) => Buffer.from(form, "utf8").toString("latin1"));
}

/** Which characters are escaped is each library's own choice within RFC 3986. */
function percentForms(text: string): string[] {
  const component = encodeURIComponent(text);
  const strict = component.replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
  const form = strict.replaceAll("%20", "+");
  const forms = [
    component,
    strict,
    form,
    // WHATWG URL section 5.2, as in URLSearchParams and Java; PHP's urlencode.
    form.replaceAll("~", "%7E").replaceAll("%2A", "*"),
    form.replaceAll("~", "%7E"),
    // As it stands in a path (`place-encoding.ts`); Python's quote; a whole URL.
    strict.replaceAll("%3A", ":").replaceAll("%40", "@"),
    strict.replaceAll("%2F", "/"),
    encodeURI(text),
  ];
  return forms.flatMap((one) => [one, one.replace(/%[0-9A-F]{2}/g, (escape) => escape.toLowerCase())]);
}

function jsonForms(text: string): string[] {
  const json = JSON.stringify(text).slice(1, -1);
  const ascii = escapeUnicode(json, NOT_ASCII);
  return [
    json,
    json.replaceAll("/", "\\/"),
    // Python; PHP.
    ascii,
    ascii.replaceAll("/", "\\/"),
    // Go; .NET and others that keep JSON safe inside HTML.
    escapeUnicode(json, /[<>&]/g),
    escapeUnicode(json, /[<>&'=]/g),
    escapeUnicode(escapeUnicode(json.replaceAll('\\"', "\\u0022"), /[<>&'+`]/g), NOT_ASCII).replace(/\\u[0-9a-f]{4}/g, (escape) => `\\u${escape.slice(2).toUpperCase()}`),
  ];
}

function htmlForms(text: string): string[] {
  const html = text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  return ["&quot;", "&#34;", '"'].flatMap((double) => ["&#39;", "&#x27;", "&apos;", "'"].map((single) => html.replaceAll('"', double).replaceAll("'", single)));
}

function escapeUnicode(json: string, characters: RegExp): string {
  return json.replace(characters, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

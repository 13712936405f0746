// The name by which OpenSSL finds a root in a folder of certificates: `<hash of its subject>.<number>`.
import { createHash } from "node:crypto";
import { concatBytes, utf8 } from "../../bytes.ts";

/** One DER value: where it begins, where its contents do, and where both end. */
interface Value {
  readonly tag: number;
  readonly contents: Uint8Array;
  readonly end: number;
}

/** Left out in the first version of certificates. */
const VERSION = 0xa0;
const SEQUENCE = 0x30;
const SET = 0x31;
const UTF8_STRING = 0x0c;
const BMP_STRING = 0x1e;
/** NumericString is not among those that OpenSSL makes alike. */
const BYTE_STRINGS = [UTF8_STRING, 0x13, 0x14, 0x16, 0x1a];

/**
 * What `openssl x509 -subject_hash` prints: the first four bytes of the SHA-1 of the canonical subject, the last of them first.
 *
 * @param certificate DER, of a certificate that is well-formed.
 */
export function hashSubject(certificate: Uint8Array): string {
  const names = readAll(read(subjectOf(certificate).subject, 0).contents).map(({ contents }) => encode(SET, ...readAll(contents).map(formatAttribute)));
  return createHash("sha1").update(concatBytes(...names)).digest().readUInt32LE(0).toString(16).padStart(8, "0");
}

/** @returns the DER of the first certificate in a PEM text. */
export function derOfPem(pem: string): Uint8Array {
  return derOfAll(pem)[0] ?? new Uint8Array();
}

/** @returns the DER of every certificate in a PEM text. */
export function derOfAll(pem: string): Uint8Array[] {
  return pem.split("-----BEGIN CERTIFICATE-----").slice(1).map((rest) => Buffer.from(rest.slice(0, rest.indexOf("-----")), "base64"));
}

/** DER of a certificate's serial number and of its subject, each as a whole. @param certificate DER, well-formed. */
export function subjectOf(certificate: Uint8Array): { readonly serial: Uint8Array; readonly subject: Uint8Array } {
  const { contents } = read(read(certificate, 0).contents, 0);
  const fields = readAll(contents);
  const serial = fields[0]?.tag === VERSION ? 1 : 0;
  const whole = (index: number): Uint8Array => contents.subarray(fields[index - 1]?.end ?? 0, fields[index]?.end);
  // Between the two: algorithm, issuer and validity.
  return { serial: whole(serial), subject: whole(serial + 4) };
}

/** Texts of most kinds are made one: UTF-8, A to Z in lower case, no space at the ends, and one between words. */
function formatAttribute({ contents }: Value): Uint8Array {
  const [type, value] = readAll(contents);
  if (type === undefined || value === undefined) return new Uint8Array();
  const text = decodeText(value);
  const canonical = text === undefined ? encode(value.tag, value.contents) : encode(UTF8_STRING, utf8(text.replace(/[\t-\r ]+/g, " ").replace(/^ | $/g, "").replace(/[A-Z]/g, (letter) => letter.toLowerCase())));
  return encode(SEQUENCE, encode(type.tag, type.contents), canonical);
}

function decodeText({ tag, contents }: Value): string | undefined {
  if (tag === BMP_STRING) return new TextDecoder("utf-16be").decode(contents);
  return BYTE_STRINGS.includes(tag) ? Buffer.from(contents).toString(tag === UTF8_STRING ? "utf8" : "latin1") : undefined;
}

function readAll(bytes: Uint8Array): Value[] {
  const values: Value[] = [];
  for (let at = 0; at < bytes.length; at = values.at(-1)?.end ?? bytes.length) values.push(read(bytes, at));
  return values;
}

function read(bytes: Uint8Array, at: number): Value {
  const first = bytes[at + 1] ?? 0;
  const lengthBytes = first < 0x80 ? 0 : first & 0x7f;
  const start = at + 2 + lengthBytes;
  const length = lengthBytes === 0 ? first : bytes.subarray(at + 2, start).reduce((sum, byte) => sum * 256 + byte, 0);
  return { tag: bytes[at] ?? 0, contents: bytes.subarray(start, start + length), end: start + length };
}

function encode(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const contents = concatBytes(...parts);
  const digits = contents.length < 0x80 ? [] : contents.length < 0x100 ? [contents.length] : [contents.length >> 8, contents.length & 0xff];
  return concatBytes(Uint8Array.of(tag, ...(digits.length === 0 ? [contents.length] : [0x80 | digits.length, ...digits])), contents);
}

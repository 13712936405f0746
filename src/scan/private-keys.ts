// Private keys that anybody can use who reads them: PEM of each kind, and OpenSSH's own form, which says only inside whether it is encrypted. Pure.
import { bitsPerCharacter, isInnocent } from "./innocent.ts";

export interface PrivateKey {
  readonly start: number;
  readonly end: number;
  /** As its file has it, without what a string or an indentation has put around its lines. */
  readonly text: string;
}

const BLOCK = /-----BEGIN ((?:(?:RSA|EC|DSA|OPENSSH|PGP) )?PRIVATE KEY(?: BLOCK)?)-----((?:\\[rnt]|[\s"'+,A-Za-z0-9/=:.()]){64,16384}?)-----END (?:[A-Z]+ ){1,4}?(?:KEY|BLOCK)-----/g;
/** Between the lines of a string in a program; base64 has a plus as well. */
const JOIN = /["'][ \t]{0,64}[+.]?\s{0,64}["']/g;
/** PROTOCOL.key of OpenSSH: this, four strings (cipher, derivation, its options, and behind a number the public key), and the private part. */
const OPENSSH_MAGIC = Buffer.from("openssh-key-v1\0");
const OPENSSH_STRINGS_MAX = 5;
/** The private part is a file's handle of a key that stays in a device. */
const IN_HARDWARE = /^sk-/;
const DER_SEQUENCE = 0x30;
/** Of key material in base64: 5.2 and more in 64 characters of it. */
const BITS_MIN = 4;
const BODY_LENGTH_MIN = 64;

export function* findPrivateKeys(text: string): Generator<PrivateKey> {
  if (!text.includes("PRIVATE KEY")) return;
  for (const { 0: whole, 1: label = "", 2: inner = "", index } of text.matchAll(BLOCK)) {
    // PEM's old way to say so, in a header; the new one is another label.
    if (inner.includes("ENCRYPTED")) continue;
    const body = inner.replaceAll(JOIN, "").replaceAll(/\\[rnt]|[^A-Za-z0-9+/=]/g, "");
    if (body.length >= BODY_LENGTH_MIN && isOpen(label, body)) yield { start: index, end: index + whole.length, text: asInFile(whole) };
  }
}

/** What a format puts before the key is the same in all of them, and looks like a row that a lazy hand made: a body that is of its format is judged by what follows. */
function isOpen(label: string, body: string): boolean {
  const bytes = Buffer.from(body, "base64");
  if (label.startsWith("OPENSSH")) return isOpenSsh(bytes);
  return bitsPerCharacter(body) > BITS_MIN && (isDer(bytes) || !isInnocent(body.slice(0, BODY_LENGTH_MIN)));
}

function isOpenSsh(bytes: Buffer): boolean {
  if (!bytes.subarray(0, OPENSSH_MAGIC.length).equals(OPENSSH_MAGIC)) return false;
  const strings: Buffer[] = [];
  for (let at = OPENSSH_MAGIC.length; strings.length < OPENSSH_STRINGS_MAX; ) {
    // The number of keys, of which there is one in every file.
    if (strings.length === 3) at += 4;
    const string = stringAt(bytes, at);
    if (string === undefined) return false;
    strings.push(string);
    at += 4 + string.length;
  }
  const [cipher, , , publicKey, privatePart] = strings;
  if (cipher?.toString("latin1") !== "none" || publicKey === undefined || privatePart === undefined) return false;
  const kind = stringAt(publicKey, 0)?.toString("latin1");
  return kind !== undefined && !IN_HARDWARE.test(kind) && bitsPerCharacter(privatePart.toString("base64")) > BITS_MIN;
}

/** Its length, and so many bytes. */
function stringAt(bytes: Buffer, at: number): Buffer | undefined {
  const end = at + 4 <= bytes.length ? at + 4 + bytes.readUInt32BE(at) : Infinity;
  return end <= bytes.length ? bytes.subarray(at + 4, end) : undefined;
}

/** One sequence, and nothing behind it. */
function isDer(bytes: Buffer): boolean {
  const [tag = 0, first = 0] = bytes;
  const more = first & 0x7f;
  if (tag !== DER_SEQUENCE || (first > 0x7f && (more === 0 || more > 3 || bytes.length < 2 + more))) return false;
  return first > 0x7f ? 2 + more + bytes.readUIntBE(2, more) === bytes.length : 2 + first === bytes.length;
}

function asInFile(whole: string): string {
  return whole.replaceAll(/\\r|\r/g, "").replaceAll("\\n", "\n").replaceAll(/^[ \t]+/gm, "");
}

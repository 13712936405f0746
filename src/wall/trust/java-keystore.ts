// Java's older form of a trust store, JKS, which every JVM reads whatever its default is; and the certificates of the two forms that are found.
import { createHash } from "node:crypto";
import { utf8 } from "../../bytes.ts";

const MAGIC = 0xfeedfeed;
const VERSION = 2;
const KEY_ENTRY = 1;
const CERTIFICATE_ENTRY = 2;
const CERTIFICATE_TYPE = "X.509";

/** The password of every JVM's own store. It keeps nobody out: what it guards is public. */
const PASSWORD = "changeit";
/** Part of the form: the digest is over the password, these words and what stands before it. */
const WHITENER = "Mighty Aphrodite";
const DIGEST_BYTES = 20;

/** A bag of PKCS #12 with a certificate (RFC 7292 section 4.2.3): the type's object identifier, and behind it `[0]` with the bytes in it. */
const CERTIFICATE_BAG = Uint8Array.of(0x06, 0x0a, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x16, 0x01, 0xa0);

/** @param certificates DER. @param time milliseconds since 1970, noted at each entry. */
export function formatKeystore(certificates: readonly Uint8Array[], time: number): Uint8Array {
  // In one piece: a run waits for it, and there are a hundred and more.
  const names = certificates.map((_, number) => `vault-${number}`);
  const entryBytes = 4 + 2 + 8 + 2 + CERTIFICATE_TYPE.length + 4;
  const body = certificates.reduce((bytes, certificate, number) => bytes + entryBytes + (names[number]?.length ?? 0) + certificate.length, 12);
  const file = Buffer.alloc(body + DIGEST_BYTES);
  let at = 0;
  const putWord = (value: number): void => { at = file.writeUInt32BE(value, at); };
  // As Java's `writeUTF` has it; for ASCII, that is a length of two bytes and the text.
  const putText = (text: string): void => { at = file.writeUInt16BE(text.length, at) + file.write(text, at + 2, "latin1"); };
  for (const word of [MAGIC, VERSION, certificates.length]) putWord(word);
  for (const [number, certificate] of certificates.entries()) {
    putWord(CERTIFICATE_ENTRY);
    putText(names[number] ?? "");
    at = file.writeBigUInt64BE(BigInt(time), at);
    putText(CERTIFICATE_TYPE);
    putWord(certificate.length);
    file.set(certificate, at);
    at += certificate.length;
  }
  file.set(createHash("sha1").update(Buffer.from(PASSWORD, "utf16le").swap16()).update(utf8(WHITENER)).update(file.subarray(0, body)).digest(), body);
  return file;
}

/**
 * The certificates that a store trusts: of JKS, and of a PKCS #12 that hides none (as JVMs ship it from 18 on). Never a key, nor what belongs to one.
 *
 * @returns DER; nothing where the file is neither, or hides them, or is cut short.
 */
export function readKeystore(bytes: Uint8Array): Uint8Array[] {
  try {
    const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return file.length > 12 && file.readUInt32BE(0) === MAGIC ? readJks(file) : readOpenBags(file);
  } catch {
    // A length that leads past the end.
    return [];
  }
}

function readJks(file: Buffer): Uint8Array[] {
  const found: Uint8Array[] = [];
  const end = file.length - DIGEST_BYTES;
  let at = 12;
  const skipText = (): void => { at += 2 + file.readUInt16BE(at); };
  const takeBlock = (): Uint8Array => {
    const start = at + 4;
    at = start + file.readUInt32BE(at);
    return file.subarray(start, at);
  };
  while (at < end) {
    const kind = file.readUInt32BE(at);
    at += 4;
    skipText();
    at += 8;
    if (kind === KEY_ENTRY) takeBlock();
    const count = kind === KEY_ENTRY ? file.readUInt32BE(at) : 1;
    if (kind === KEY_ENTRY) at += 4;
    for (let number = 0; number < count; number += 1) {
      skipText();
      const certificate = takeBlock();
      if (kind === CERTIFICATE_ENTRY) found.push(certificate);
    }
  }
  return at === end ? found : [];
}

/** The bags are found by their type: all around them is of known form, and a store that hides its certificates has no such bytes in the open. */
function readOpenBags(file: Buffer): Uint8Array[] {
  const found: Uint8Array[] = [];
  for (let at = file.indexOf(CERTIFICATE_BAG); at >= 0; at = file.indexOf(CERTIFICATE_BAG, at + 1)) {
    // `[0]` and the octet string in it, each with a length of two bytes: a root is of 256 bytes or more.
    const start = at + CERTIFICATE_BAG.length;
    if (file[start] !== 0x82 || file[start + 3] !== 0x04 || file[start + 4] !== 0x82) continue;
    const from = start + 7;
    found.push(file.subarray(from, from + file.readUInt16BE(start + 5)));
  }
  return found;
}

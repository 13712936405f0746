// A database of NSS's with one root in it that is trusted for servers: as `certutil -A -t C,,` makes it, which costs more than all else that a walled run is given to trust.
import { createHash } from "node:crypto";
import { subjectOf } from "./subject-hash.ts";
import { formatDatabase } from "./sqlite-file.ts";

/** Each attribute of PKCS #11 that NSS knows has a column, by its number. */
const COLUMNS =
  "id a0 a1 a2 a3 a10 a11 a12 a80 a81 a82 a83 a84 a85 a86 a87 a88 a89 a8a a8b a90 a100 a101 a102 a103 a104 a105 a106 a107 a108 a109 a10a a10b a10c a110 a111 a120 a121 a122 a123 a124 a125 a126 a127 a128 a129 a130 a131 a132 a133 a134 a160 a161 a162 a163 a164 a165 a166 a170 a180 a181 a200 a201 a202 a210 a300 a301 a302 a400 a401 a402 a403 a404 a405 a406 a480 a481 a482 a500 a501 a502 a503 a40000211 a40000212 a80000001 ace534351 ace534352 ace534353 ace534354 ace534355 ace534356 ace534357 ace534358 ace534364 ace534365 ace534366 ace534367 ace534368 ace534369 ace534373 ace534374 ace536351 ace536352 ace536353 ace536354 ace536355 ace536356 ace536357 ace536358 ace536359 ace53635a ace53635b ace53635c ace53635d ace53635e ace53635f ace536360 ace5363b4 ace5363b5 ad5a0db00".split(" ");

const YES = Uint8Array.of(1);
const NO = Uint8Array.of(0);
/** How NSS writes that an attribute is there and empty. */
const EMPTY = Uint8Array.of(0xa5, 0x00, 0x5a);
const CERTIFICATE = word(1);
const X509 = word(0);
const TRUST = word(0xce534353);
const TRUSTED_ISSUER = word(0xce534352);
const UNKNOWN = word(0xce534353);
const MUST_BE_VERIFIED = word(0xce53435b);

export interface NssDatabase {
  readonly certificates: Uint8Array;
  /** Without one, nor a password; it has to be there. */
  readonly keys: Uint8Array;
}

/**
 * @param certificate DER, of a root that has signed itself.
 * @returns undefined where the certificate is too long for a page.
 */
export function formatNssDatabase(certificate: Uint8Array, label: string): NssDatabase | undefined {
  const { serial, subject } = subjectOf(certificate);
  const digest = (algorithm: string): Uint8Array => createHash(algorithm).update(certificate).digest();
  const named = { a1: YES, a2: NO, a81: subject, a82: serial, a170: YES };
  const rows = [
    { ...named, id: 1, a0: CERTIFICATE, a3: Buffer.from(label), a11: certificate, a80: X509, a101: subject, a102: digest("sha1") },
    // For servers, for clients, for code and for mail.
    { ...named, id: 2, a0: TRUST, a3: EMPTY, ace536358: TRUSTED_ISSUER, ace536359: MUST_BE_VERIFIED, ace53635a: UNKNOWN, ace53635b: UNKNOWN, ace536360: NO, ace5363b4: digest("sha1"), ace5363b5: digest("md5") },
  ];
  const certificates = formatDatabase([{ name: "nssPublic", columns: COLUMNS, rows }]);
  const keys = formatDatabase([{ name: "nssPrivate", columns: COLUMNS, rows: [] }, { name: "metaData", columns: ["id", "item1", "item2"], rows: [] }]);
  return certificates === undefined || keys === undefined ? undefined : { certificates, keys };
}

function word(value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

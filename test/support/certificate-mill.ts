// Certificates with anything wrong in them that a test asks for: RFC 5280's fields one by one, each as it is told. `test-ca.ts` makes the ordinary ones.
import { createHash, generateKeyPairSync, randomBytes, sign } from "node:crypto";
import type { KeyObject } from "node:crypto";
import type { Der } from "../../src/proxy/tls/der.ts";
import { derBits, derBoolean, derContext, derContextBytes, derInteger, derOctets, derOid, derSequence, derSet, derText, derTime } from "../../src/proxy/tls/der.ts";

export interface Keys {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

/** A certificate that was issued, and what it takes to issue others in its name. */
export interface Issued {
  readonly name: string;
  readonly keys: Keys;
  /** PEM. */
  readonly certificate: string;
}

/** What kind of name, and the name: an address in bytes. */
export type AlternativeName = readonly [kind: "dns" | "mail" | "uri" | "address", name: string | Uint8Array];

export interface Order {
  /** The subject's common name. */
  readonly name: string;
  readonly keys: Keys;
  readonly extensions: readonly Der[];
  readonly hash?: "sha256" | "sha1" | "md5";
  readonly fromHours?: number;
  readonly toHours?: number;
  /** 1 has no extensions. */
  readonly version?: 1 | 3;
  /** Breaks the signature after it was made. */
  readonly isForged?: boolean;
}

const HOUR_MS = 3_600_000;
const NULL: Der = Uint8Array.of(0x05, 0x00);

/** RFC 3279, RFC 4055, RFC 5758. */
const SIGNATURES: Readonly<Record<string, Der>> = {
  "ec sha256": derSequence(derOid("1.2.840.10045.4.3.2")),
  "ec sha1": derSequence(derOid("1.2.840.10045.4.1")),
  "rsa sha256": derSequence(derOid("1.2.840.113549.1.1.11"), NULL),
  "rsa sha1": derSequence(derOid("1.2.840.113549.1.1.5"), NULL),
  "rsa md5": derSequence(derOid("1.2.840.113549.1.1.4"), NULL),
};

/** @param issuer undefined signs with the order's own keys. */
export function issue(order: Order, issuer?: Pick<Issued, "name" | "keys">): Issued {
  const { name, keys, extensions, hash = "sha256", fromHours = -1, toHours = 24, version = 3, isForged = false } = order;
  const signer = issuer ?? order;
  const algorithm = SIGNATURES[`${signer.keys.privateKey.asymmetricKeyType ?? ""} ${hash}`];
  if (algorithm === undefined) throw new Error(`no signatures of ${signer.keys.privateKey.asymmetricKeyType ?? ""} over ${hash}`);
  const body = derSequence(
    ...(version === 3 ? [derContext(0, derInteger(Uint8Array.of(2)))] : []),
    derInteger(Uint8Array.of(0x40, ...randomBytes(15))),
    algorithm,
    nameOf(signer.name),
    derSequence(derTime(new Date(Date.now() + fromHours * HOUR_MS)), derTime(new Date(Date.now() + toHours * HOUR_MS))),
    nameOf(name),
    keys.publicKey.export({ type: "spki", format: "der" }),
    ...(version === 3 ? [derContext(3, derSequence(...extensions))] : []),
  );
  const signature = sign(hash, body, signer.keys.privateKey);
  if (isForged) signature[signature.length - 1] = (signature.at(-1) ?? 0) ^ 1;
  const lines = Buffer.from(derSequence(body, algorithm, derBits(signature))).toString("base64").replace(/.{64}(?=.)/g, "$&\n");
  return { name, keys, certificate: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n` };
}

export function ecKeys(namedCurve = "P-256"): Keys {
  return generateKeyPairSync("ec", { namedCurve });
}

export function rsaKeys(modulusLength: number): Keys {
  return generateKeyPairSync("rsa", { modulusLength });
}

export function privatePem({ privateKey }: Keys): string {
  return privateKey.export({ type: "pkcs8", format: "pem" }).toString();
}

/** Section 4.2.1.9. @param below how many authorities may follow; any number where undefined. */
export function authority(below?: number): Der {
  return extension("2.5.29.19", true, derSequence(derBoolean(true), ...(below === undefined ? [] : [derInteger(Uint8Array.of(below))])));
}

/** Section 4.2.1.9: no authority. */
export function noAuthority(): Der {
  return extension("2.5.29.19", true, derSequence());
}

/** Section 4.2.1.3. */
export function usage(use: "sign-data" | "sign-certificates"): Der {
  return extension("2.5.29.15", true, use === "sign-data" ? derBits(Uint8Array.of(0x80), 7) : derBits(Uint8Array.of(0x04), 2));
}

/** Section 4.2.1.12. */
export function purpose(of: "server" | "client" | "code"): Der {
  return extension("2.5.29.37", false, derSequence(derOid(`1.3.6.1.5.5.7.3.${{ server: 1, client: 2, code: 3 }[of]}`)));
}

/** Section 4.2.1.6. The kind is the tag: names and addresses are told apart by nothing else. */
export function names(...all: readonly AlternativeName[]): Der {
  const tags = { mail: 1, dns: 2, uri: 6, address: 7 };
  return extension("2.5.29.17", false, derSequence(...all.map(([kind, text]) => derContextBytes(tags[kind], typeof text === "string" ? Buffer.from(text, "latin1") : text))));
}

/** Section 4.2.1.10. */
export function permitted(dnsName: string): Der {
  return extension("2.5.29.30", true, derSequence(derContext(0, derSequence(derContextBytes(2, Buffer.from(dnsName))))));
}

/** An extension that nobody knows, and that must be understood (section 4.2). */
export function unknownCritical(): Der {
  return extension("1.3.6.1.4.1.99999.1", true, NULL);
}

/** Sections 4.2.1.1 and 4.2.1.2: how chains find their way where names are alike. */
export function keyIdentifiers(own: Keys, issuer?: Keys): Der[] {
  return [extension("2.5.29.14", false, derOctets(identifier(own))), ...(issuer === undefined ? [] : [extension("2.5.29.35", false, derSequence(derContextBytes(0, identifier(issuer))))])];
}

function identifier({ publicKey }: Keys): Uint8Array {
  return new Uint8Array(createHash("sha1").update(publicKey.export({ type: "spki", format: "der" })).digest());
}

function extension(oid: string, isCritical: boolean, value: Der): Der {
  return derSequence(derOid(oid), ...(isCritical ? [derBoolean(true)] : []), derOctets(value));
}

function nameOf(commonName: string): Der {
  return derSequence(derSet(derSequence(derOid("2.5.4.3"), derText(commonName))));
}

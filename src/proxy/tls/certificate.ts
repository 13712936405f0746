// X.509 version 3 certificates (RFC 5280), signed with ECDSA on P-256 and SHA-256. Made here because a library costs more at start than the whole proxy.
import { createHash, sign } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { isIPv4 } from "node:net";
import { utf8 } from "../../bytes.ts";
import { isAddress } from "../../vault/host.ts";
import type { Der } from "./der.ts";
import { derBits, derBoolean, derContext, derContextBytes, derInteger, derOctets, derOid, derSequence, derSet, derText, derTime } from "./der.ts";

export interface CertificateFields {
  /** Big-endian, positive, at most 20 bytes. */
  readonly serial: Uint8Array;
  /** Common names: what the certificate is called, never a host. */
  readonly issuer: string;
  readonly subject: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly subjectKey: KeyObject;
  readonly extensions: readonly Der[];
}

/** What a CA may speak for. An empty list of names means none of that kind. */
export interface PermittedNames {
  /** Each permits itself and everything below it. */
  readonly dnsNames: readonly string[];
  readonly addresses: readonly string[];
}

const ECDSA_WITH_SHA256 = derSequence(derOid("1.2.840.10045.4.3.2"));
const COMMON_NAME = derOid("2.5.4.3");
const SERVER_AUTH = derOid("1.3.6.1.5.5.7.3.1");
const [DNS_NAME, IP_ADDRESS] = [2, 7];

/** @returns the certificate in PEM. */
export function signCertificate(fields: CertificateFields, issuerKey: KeyObject): string {
  const body = derSequence(
    derContext(0, derInteger(Uint8Array.of(2))),
    derInteger(fields.serial),
    ECDSA_WITH_SHA256,
    nameOf(fields.issuer),
    derSequence(derTime(fields.notBefore), derTime(fields.notAfter)),
    nameOf(fields.subject),
    fields.subjectKey.export({ type: "spki", format: "der" }),
    derContext(3, derSequence(...fields.extensions)),
  );
  const certificate = derSequence(body, ECDSA_WITH_SHA256, derBits(sign("sha256", body, issuerKey)));
  const lines = Buffer.from(certificate).toString("base64").replace(/.{64}(?=.)/g, "$&\n");
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
}

/** Basic constraints, critical: a CA that signs leaves only (section 4.2.1.9). */
export function authorityConstraint(): Der {
  return extension("2.5.29.19", true, derSequence(derBoolean(true), derInteger(Uint8Array.of(0))));
}

/** Key usage, critical (section 4.2.1.3): certificate signing (bit 5) or digital signatures (bit 0). */
export function keyUsage(use: "sign-certificates" | "sign-data"): Der {
  return extension("2.5.29.15", true, use === "sign-certificates" ? derBits(Uint8Array.of(0x04), 2) : derBits(Uint8Array.of(0x80), 7));
}

export function serverPurpose(): Der {
  return extension("2.5.29.37", false, derSequence(SERVER_AUTH));
}

export function subjectKeyIdentifier(key: KeyObject): Der {
  return extension("2.5.29.14", false, derOctets(keyIdentifier(key)));
}

export function authorityKeyIdentifier(issuerKey: KeyObject): Der {
  return extension("2.5.29.35", false, derSequence(derContextBytes(0, keyIdentifier(issuerKey))));
}

/** @param host a DNS name or an IP address. */
export function alternativeName(host: string): Der {
  const name = isAddress(host) ? derContextBytes(IP_ADDRESS, addressBytes(host)) : derContextBytes(DNS_NAME, utf8(host));
  return extension("2.5.29.17", false, derSequence(name));
}

/** Name constraints, critical (section 4.2.1.10). A kind of which nothing is permitted is excluded altogether: constraints on one kind do not limit the other. */
export function nameConstraints({ dnsNames, addresses }: PermittedNames): Der {
  const permitted = [
    ...dnsNames.map((name) => derSequence(derContextBytes(DNS_NAME, utf8(name)))),
    ...addresses.map((address) => addressRange(addressBytes(address), 0xff)),
  ];
  const excluded = [
    ...(dnsNames.length > 0 ? [] : [derSequence(derContextBytes(DNS_NAME, new Uint8Array()))]),
    ...(addresses.length > 0 ? [] : [addressRange(new Uint8Array(4), 0), addressRange(new Uint8Array(16), 0)]),
  ];
  const subtrees = [...(permitted.length > 0 ? [derContext(0, ...permitted)] : []), ...(excluded.length > 0 ? [derContext(1, ...excluded)] : [])];
  return extension("2.5.29.30", true, derSequence(...subtrees));
}

function addressRange(address: Uint8Array, maskByte: number): Der {
  return derSequence(derContextBytes(IP_ADDRESS, Uint8Array.from([...address, ...new Uint8Array(address.length).fill(maskByte)])));
}

function extension(oid: string, isCritical: boolean, value: Der): Der {
  return derSequence(derOid(oid), ...(isCritical ? [derBoolean(true)] : []), derOctets(value));
}

function nameOf(commonName: string): Der {
  return derSequence(derSet(derSequence(COMMON_NAME, derText(commonName))));
}

/** SHA-1 of the public key's bits (section 4.2.1.2, method 1): an identifier, not a defence. */
function keyIdentifier(key: KeyObject): Uint8Array {
  // An uncompressed P-256 point is the last 65 bytes of its SubjectPublicKeyInfo.
  const point = key.export({ type: "spki", format: "der" }).subarray(-65);
  return new Uint8Array(createHash("sha1").update(point).digest());
}

function addressBytes(address: string): Uint8Array {
  if (isIPv4(address)) return Uint8Array.from(address.split("."), Number);
  const [head = "", tail] = address.split("::");
  const groups = (part: string): number[] => (part === "" ? [] : part.split(":").map((group) => parseInt(group, 16)));
  const [left, right] = [groups(head), groups(tail ?? "")];
  const all = [...left, ...new Array<number>(8 - left.length - right.length).fill(0), ...right];
  return Uint8Array.from(all.flatMap((group) => [group >> 8, group & 0xff]));
}

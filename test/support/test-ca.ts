// A certificate authority for test servers, with every kind of bad certificate that a proxy must refuse.
import { generateKeyPairSync, randomBytes } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { alternativeName, authorityConstraint, authorityKeyIdentifier, keyUsage, serverPurpose, signCertificate, subjectKeyIdentifier } from "../../src/proxy/certificate.ts";
import type { Der } from "../../src/proxy/der.ts";
import { derOctets, derOid, derSequence } from "../../src/proxy/der.ts";

/** PEM. */
export interface TestIdentity {
  readonly cert: string;
  readonly key: string;
}

export type BadKind = "expired" | "early" | "no-alternative-name" | "client-purpose" | "self-signed" | "weak-key";

export interface TestCa {
  readonly certificate: string;
  identityFor(host: string, bad?: BadKind): TestIdentity;
}

const HOUR_MS = 3_600_000;
/** Extended key usage: client authentication only. */
const CLIENT_PURPOSE: Der = derSequence(derOid("2.5.29.37"), derOctets(derSequence(derOid("1.3.6.1.5.5.7.3.2"))));

export function makeTestCa(): TestCa {
  const ca = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const issuer = `test authority ${randomBytes(4).toString("hex")}`;
  const certificate = signCertificate(
    { serial: serial(), issuer, subject: issuer, ...period(-1, 24), subjectKey: ca.publicKey, extensions: [authorityConstraint(), keyUsage("sign-certificates"), subjectKeyIdentifier(ca.publicKey)] },
    ca.privateKey,
  );
  return {
    certificate,
    identityFor(host, bad) {
      const leaf = bad === "weak-key" ? generateKeyPairSync("rsa", { modulusLength: 1024 }) : generateKeyPairSync("ec", { namedCurve: "P-256" });
      const [fromHours, toHours] = bad === "expired" ? [-48, -24] : bad === "early" ? [24, 48] : [-1, 24];
      const extensions = [
        keyUsage("sign-data"),
        bad === "client-purpose" ? CLIENT_PURPOSE : serverPurpose(),
        ...(bad === "no-alternative-name" ? [] : [alternativeName(host)]),
        authorityKeyIdentifier(ca.publicKey),
      ];
      const isOwnIssuer = bad === "self-signed";
      const signer: KeyObject = isOwnIssuer ? leaf.privateKey : ca.privateKey;
      const cert = signCertificate({ serial: serial(), issuer: isOwnIssuer ? host : issuer, subject: host, ...period(fromHours, toHours), subjectKey: leaf.publicKey, extensions }, signer);
      return { cert, key: leaf.privateKey.export({ type: "pkcs8", format: "pem" }).toString() };
    },
  };
}

function period(fromHours: number, toHours: number): { notBefore: Date; notAfter: Date } {
  return { notBefore: new Date(Date.now() + fromHours * HOUR_MS), notAfter: new Date(Date.now() + toHours * HOUR_MS) };
}

function serial(): Uint8Array {
  return Uint8Array.of(0x40, ...randomBytes(15));
}

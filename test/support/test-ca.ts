// A certificate authority for test servers, whose certificates are good ones (`bad-certificates.ts` has the others).
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { alternativeName, authorityConstraint, authorityKeyIdentifier, keyUsage, serverPurpose, signCertificate, subjectKeyIdentifier } from "../../src/proxy/tls/certificate.ts";

/** PEM. */
export interface TestIdentity {
  readonly cert: string;
  readonly key: string;
}

export interface TestCa {
  readonly certificate: string;
  identityFor(host: string): TestIdentity;
}

const HOUR_MS = 3_600_000;

/** @param hours how long its certificates are good, into the future and into the past; an hour of the past unless said otherwise. */
export function makeTestCa(hours?: number): TestCa {
  const period = { notBefore: new Date(Date.now() - (hours ?? 1) * HOUR_MS), notAfter: new Date(Date.now() + (hours ?? 24) * HOUR_MS) };
  const ca = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const issuer = `test authority ${randomBytes(4).toString("hex")}`;
  const certificate = signCertificate(
    { serial: serial(), issuer, subject: issuer, ...period, subjectKey: ca.publicKey, extensions: [authorityConstraint(), keyUsage("sign-certificates"), subjectKeyIdentifier(ca.publicKey)] },
    ca.privateKey,
  );
  return {
    certificate,
    identityFor(host) {
      const leaf = generateKeyPairSync("ec", { namedCurve: "P-256" });
      const extensions = [keyUsage("sign-data"), serverPurpose(), alternativeName(host), authorityKeyIdentifier(ca.publicKey)];
      const cert = signCertificate({ serial: serial(), issuer, subject: host, ...period, subjectKey: leaf.publicKey, extensions }, ca.privateKey);
      return { cert, key: leaf.privateKey.export({ type: "pkcs8", format: "pem" }).toString() };
    },
  };
}

function serial(): Uint8Array {
  return Uint8Array.of(0x40, ...randomBytes(15));
}

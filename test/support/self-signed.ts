import { generateKeyPairSync } from "node:crypto";
import { alternativeName, keyUsage, serverPurpose, signCertificate, subjectKeyIdentifier } from "../../src/proxy/tls/certificate.ts";

/** A server's own certificate and key in PEM, for a test on this machine. */
export function makeSelfSigned(host: string): { readonly certificate: string; readonly key: string } {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const certificate = signCertificate(
    {
      serial: Uint8Array.of(1),
      issuer: "test server",
      subject: "test server",
      notBefore: new Date(Date.now() - 60_000),
      notAfter: new Date(Date.now() + 86_400_000),
      subjectKey: publicKey,
      extensions: [keyUsage("sign-data"), serverPurpose(), alternativeName(host), subjectKeyIdentifier(publicKey)],
    },
    privateKey,
  );
  return { certificate, key: privateKey.export({ type: "pkcs8", format: "pem" }).toString() };
}

// Private keys that sign what shows who a client is.
import type { webcrypto } from "node:crypto";
import { SourceFailure } from "./source-maker.ts";

export type SigningAlgorithm = "EdDSA" | "ES256" | "ES384" | "PS256" | "RS256";

type Import = Parameters<typeof crypto.subtle.importKey>[2];

const IMPORTS: Readonly<Record<SigningAlgorithm, Import>> = {
  EdDSA: { name: "Ed25519" },
  ES256: { name: "ECDSA", namedCurve: "P-256" },
  ES384: { name: "ECDSA", namedCurve: "P-384" },
  PS256: { name: "RSA-PSS", hash: "SHA-256" },
  RS256: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" },
};

/** @param pem PKCS #8. @throws SourceFailure `bad-order` for what is no such key, or one of another algorithm. */
export async function importSigningKey(pem: string, algorithm: SigningAlgorithm): Promise<webcrypto.CryptoKey> {
  const [, body = ""] = /^-----BEGIN PRIVATE KEY-----([A-Za-z0-9+/=\s]+)-----END PRIVATE KEY-----\s*$/.exec(pem.trim()) ?? [];
  const der = Buffer.from(body, "base64");
  try {
    return await crypto.subtle.importKey("pkcs8", der, IMPORTS[algorithm], false, ["sign"]);
  } catch {
    throw new SourceFailure({ reason: "bad-order", said: "" });
  } finally {
    der.fill(0);
  }
}

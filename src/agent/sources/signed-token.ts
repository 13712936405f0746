// JSON Web Tokens, signed (RFC 7515, 7519): made of claims and a private key by Node's crypto.
import type { KeyObject } from "node:crypto";
import { constants, createPrivateKey, randomUUID, sign } from "node:crypto";
import type { SigningAlgorithm } from "./signing-key.ts";

/** RFC 7518 section 3.3: a smaller key must not be used. */
const RSA_BITS_MIN = 2048;
/** A server's clock may be behind this one. */
const SLACK_S = 60;

export interface TokenOrder {
  readonly algorithm: SigningAlgorithm;
  readonly keyId: string | null;
  /** PKCS#8, as PEM. */
  readonly privateKey: string;
  readonly claims: readonly { readonly name: string; readonly value: string }[];
  readonly nowMs: number;
  /** Seconds, from now on. */
  readonly lifetime: number;
}

/** `iat` is a minute ago. @throws Error for a key that does not fit the algorithm. */
export function signToken({ algorithm, keyId, privateKey, claims, nowMs, lifetime }: TokenOrder): string {
  const key = createPrivateKey(privateKey);
  if (!fits(key, algorithm)) throw new Error(`the key is none for ${algorithm}`);
  const now = Math.floor(nowMs / 1000);
  const header = { alg: algorithm, typ: "JWT", ...(keyId === null ? {} : { kid: keyId }) };
  const payload = { ...Object.fromEntries(claims.map(({ name, value }) => [name, value])), iat: now - SLACK_S, exp: now + lifetime, jti: randomUUID() };
  const signed = `${encode(header)}.${encode(payload)}`;
  return `${signed}.${signWith(algorithm, Buffer.from(signed), key).toString("base64url")}`;
}

/** Of those that sign a JWT, the one that the key is usually for; undefined where it is for none. */
export function findAlgorithm(key: KeyObject): SigningAlgorithm | undefined {
  return (["RS256", "ES256", "ES384", "EdDSA", "PS256"] as const).find((algorithm) => fits(key, algorithm));
}

export function fits(key: KeyObject, algorithm: SigningAlgorithm): boolean {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  switch (algorithm) {
    case "RS256":
      return type === "rsa" && (details?.modulusLength ?? 0) >= RSA_BITS_MIN;
    case "PS256":
      return (type === "rsa" || type === "rsa-pss") && (details?.modulusLength ?? 0) >= RSA_BITS_MIN;
    case "ES256":
      return type === "ec" && details?.namedCurve === "prime256v1";
    case "ES384":
      return type === "ec" && details?.namedCurve === "secp384r1";
    case "EdDSA":
      return type === "ed25519";
  }
}

function signWith(algorithm: SigningAlgorithm, data: Uint8Array, key: KeyObject): Buffer {
  switch (algorithm) {
    case "RS256":
      return sign("sha256", data, key);
    case "PS256":
      return sign("sha256", data, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST });
    case "ES256":
      return sign("sha256", data, { key, dsaEncoding: "ieee-p1363" });
    case "ES384":
      return sign("sha384", data, { key, dsaEncoding: "ieee-p1363" });
    case "EdDSA":
      return sign(null, data, key);
  }
}

function encode(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString("base64url");
}

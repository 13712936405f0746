// A proof of an identity's key, for one request: a JWT (RFC 7519) in JWS compact form (RFC 7515), signed with EdDSA (RFC 8037). Its shape is the only one that is read: no other algorithm, header or
// claim, and each value in its one form. Node's own Ed25519, and not a library: that costs three times as much, and what a library could still be told to accept is what attacks live on.
import { createPublicKey, hash, randomBytes, verify } from "node:crypto";
import type { DidKey } from "./did-key.ts";
import { parseDidKey } from "./did-key.ts";
import type { IdentityKey } from "./identity-key.ts";

/** What a request is to the one who proves, and to the one who checks. */
export interface ProvenRequest {
  /** The broker's name: an origin, such as `https://broker.example:7998`. */
  readonly audience: string;
  readonly method: string;
  /** As it goes over the wire: path and query. */
  readonly target: string;
  /** All of it; empty where there is none. */
  readonly body: Uint8Array;
  /** What the broker has said last that proofs must repeat: another one each time it starts, so that none from before is good. Empty: it has said nothing. */
  readonly nonce: string;
}

export interface Proof {
  readonly did: DidKey;
  /** 128 bits in base64url: a proof is good once. */
  readonly id: string;
  /** Seconds since 1970. */
  readonly issued: number;
  readonly expires: number;
}

/**
 * `time`: it is of another time than the checker's, who tells his own. `other`: it is not for this request. `bad`: it is no proof.
 * Whoever is refused is told no more than that, and the time.
 */
export type ProofVerdict = { readonly kind: "proven"; readonly proof: Proof } | { readonly kind: "refused"; readonly why: "bad" | "other" | "time" };

/** How long a proof may be good, and how far two clocks may be apart. Seconds. */
export const PROOF_LIFE = 60;
export const CLOCK_SKEW = 30;
/** All of them are shorter: a request's target is bounded. */
const PROOF_CHARS_MAX = 4096;
const TYPE = "vault-proof+jwt";
const ID_BYTES = 16;
const SIGNATURE_BYTES = 64;

/** The value of the header `Authorization`, scheme included. @param nowMs milliseconds since 1970, by the checker's clock as far as it is known. */
export function makeProof(key: IdentityKey, request: ProvenRequest, nowMs: number): string {
  const issued = Math.floor(nowMs / 1000);
  const signed = `${encodeJson(headerOf(key.did))}.${encodeJson(claimsOf(request, { id: randomBytes(ID_BYTES).toString("base64url"), issued, expires: issued + PROOF_LIFE }))}`;
  return `Proof ${signed}.${Buffer.from(key.sign(Buffer.from(signed, "latin1"))).toString("base64url")}`;
}

/**
 * Whether the header proves a key for this very request. It does not know which proofs were seen before, nor who may do what.
 *
 * @param header the value of `Authorization`.
 * @param nowMs milliseconds since 1970.
 */
export function judgeProof(header: string, request: ProvenRequest, nowMs: number): ProofVerdict {
  const found = parseProof(header);
  if (found === undefined) return { kind: "refused", why: "bad" };
  const { proof, signed, claims } = found;
  // What it would have to say, written as its maker writes it: nothing of it is compared by its meaning.
  if (claims !== encodeJson(claimsOf(request, proof))) return { kind: "refused", why: "other" };
  if (!verify(null, Buffer.from(signed, "latin1"), found.key(), found.signature)) return { kind: "refused", why: "bad" };
  const now = nowMs / 1000;
  const isNow = proof.expires - proof.issued <= PROOF_LIFE && proof.issued < proof.expires && proof.issued <= now + CLOCK_SKEW && proof.expires > now - CLOCK_SKEW;
  return isNow ? { kind: "proven", proof } : { kind: "refused", why: "time" };
}

interface FoundProof {
  readonly proof: Proof;
  readonly signed: string;
  readonly claims: string;
  readonly signature: Uint8Array;
  readonly key: () => ReturnType<typeof createPublicKey>;
}

/** Its shape alone. What of its claims is not in `Proof` is compared as a whole. */
function parseProof(header: string): FoundProof | undefined {
  if (header.length > PROOF_CHARS_MAX) return undefined;
  const match = /^Proof ([\w-]+)\.([\w-]+)\.([\w-]+)$/.exec(header);
  const [, head = "", claims = "", tail = ""] = match ?? [];
  const fields = decodeJson(claims);
  const kid = decodeJson(head)?.["kid"];
  const identity = typeof kid === "string" ? parseDidKey(kid) : undefined;
  const signature = Buffer.from(tail, "base64url");
  if (identity === undefined || head !== encodeJson(headerOf(identity.did)) || signature.length !== SIGNATURE_BYTES || signature.toString("base64url") !== tail) return undefined;
  const { jti: id, iat: issued, exp: expires } = fields ?? {};
  if (typeof id !== "string" || !/^[\w-]{22}$/.test(id) || Buffer.from(id, "base64url").toString("base64url") !== id) return undefined;
  if (!isSeconds(issued) || !isSeconds(expires)) return undefined;
  return {
    proof: { did: identity.did, id, issued, expires },
    signed: `${head}.${claims}`,
    claims,
    signature,
    // As a JWK (RFC 8037): OpenSSL takes fifteen times as long over one in DER, which is half of what a signature costs.
    key: () => createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x: Buffer.from(identity.publicKey).toString("base64url") }, format: "jwk" }),
  };
}

function isSeconds(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value > 0;
}

function headerOf(did: DidKey): Readonly<Record<string, string>> {
  return { alg: "EdDSA", typ: TYPE, kid: did };
}

function claimsOf({ audience, method, target, body, nonce }: ProvenRequest, { id, issued, expires }: Omit<Proof, "did">): Readonly<Record<string, string | number>> {
  return { aud: audience, htm: method, htu: target, bh: hash("sha256", body, "base64url"), nonce, iat: issued, exp: expires, jti: id };
}

function encodeJson(value: object): string {
  return Buffer.from(JSON.stringify(value), "utf8").toString("base64url");
}

function decodeJson(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, "base64url").toString("utf8"));
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

// What brokers on one store keep in it of a session, sealed with the vault's sessions key (FORMAT.md, "Sessions of brokers"): whoever may write there can take a session away, and make none.
import { randomBytes } from "node:crypto";
import { concatBytes, encodeBase64, encodeHex, findBase64, utf8 } from "../../bytes.ts";
import { hmacSha256 } from "../../vault/derive.ts";
import { NONCE_BYTES, open, seal } from "../../vault/xchacha.ts";

const BROKER_NONCE_BYTES = 16;

/** Base64 of nonce and ciphertext. @param session its id, which it cannot be moved away from. */
export function sealText(key: Uint8Array, session: string, text: Uint8Array, nonce: Uint8Array = new Uint8Array(randomBytes(NONCE_BYTES))): string {
  return encodeBase64(concatBytes(nonce, seal(key, nonce, text, aadOf(session))));
}

/** Undefined for what is not of this vault and this session. */
export function openText(key: Uint8Array, session: string, sealed: string): Uint8Array | undefined {
  const bytes = findBase64(sealed);
  return bytes === undefined ? undefined : open(key, bytes.subarray(0, NONCE_BYTES), bytes.subarray(NONCE_BYTES), aadOf(session));
}

/** What proofs for brokers of this vault repeat: the same at each of them. In hex; it is no secret. */
export function nonceOfBrokers(key: Uint8Array): string {
  return encodeHex(hmacSha256(key, utf8("vault/1 broker nonce")).subarray(0, BROKER_NONCE_BYTES));
}

function aadOf(session: string): Uint8Array {
  return utf8(`vault/1 session ${session}`);
}

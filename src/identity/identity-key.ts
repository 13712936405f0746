// An identity's private key. What leaves this file is signatures and the name; the seed goes to the key's own file, and nowhere else.
import type { KeyObject } from "node:crypto";
import { createPrivateKey, createPublicKey, randomBytes, sign } from "node:crypto";
import { VaultError } from "../errors.ts";
import { Secret } from "../secret.ts";
import type { DidKey } from "./did-key.ts";
import { formatDidKey } from "./did-key.ts";

export interface IdentityKey {
  readonly did: DidKey;
  /** Ed25519 (RFC 8032): 64 bytes. */
  sign(message: Uint8Array): Uint8Array;
}

const SEED_BYTES = 32;
/** What stands before the seed, so that it is told from other keys where it is found. */
const TEXT_START = "vault-identity-1:";
const SEED_TEXT = /^[A-Za-z0-9_-]{43}$/;
/** PKCS #8 around an Ed25519 seed (RFC 8410, section 7): the same 16 bytes for each. */
const PKCS8_START = Buffer.from("302e020100300506032b657004220420", "hex");

/** Draws a new key, as the one line that its file holds. */
export function drawIdentityKey(): Secret {
  const seed = randomBytes(SEED_BYTES);
  try {
    return Secret.fromText(`${TEXT_START}${seed.toString("base64url")}`);
  } finally {
    seed.fill(0);
  }
}

/**
 * @param text of a key file or a variable; one line end at its end is no part of it.
 * @param where for the error: the file or the variable.
 * @throws VaultError `wrong-key` for anything that is not such a key.
 */
export function parseIdentityKey(text: Secret, where: string): IdentityKey {
  const line = Buffer.from(text.reveal()).toString("latin1").replace(/\r?\n$/, "");
  const encoded = line.slice(TEXT_START.length);
  const seed = Buffer.from(encoded, "base64url");
  const isKey = line.startsWith(TEXT_START) && SEED_TEXT.test(encoded) && seed.length === SEED_BYTES && seed.toString("base64url") === encoded;
  if (!isKey) throw new VaultError("wrong-key", `${where} holds no identity's key`, "to make one: vault identity create HANDLE");
  const der = Buffer.concat([PKCS8_START, seed]);
  try {
    return keyOf(createPrivateKey({ key: der, format: "der", type: "pkcs8" }));
  } finally {
    der.fill(0);
    seed.fill(0);
  }
}

function keyOf(privateKey: KeyObject): IdentityKey {
  const { x } = createPublicKey(privateKey).export({ format: "jwk" });
  return { did: formatDidKey(Buffer.from(x ?? "", "base64url")), sign: (message) => sign(null, message, privateKey) };
}

import { createHmac } from "node:crypto";
import { concatBytes, utf8, wipe } from "../bytes.ts";
import type { Dek, Kek } from "./key-bytes.ts";
import { KEY_BYTES } from "./key-bytes.ts";

export const KEY_ID_BYTES = 16;
const KEY_ID_LABEL = "vault/1 kek key-id";

/** What a KEK gives in one vault. No key serves two purposes (FORMAT.md, "Keys"). */
export interface KekDerivatives {
  readonly wrapKey: Uint8Array;
  readonly macKey: Uint8Array;
  readonly commitment: Uint8Array;
  readonly keyId: Uint8Array;
}

/** What the vault key gives in its vault. It outlives a change of the KEK, and so do these. */
export interface VaultKeys {
  /** Of the entries of the audit log. */
  readonly audit: Uint8Array;
  /** Of the placeholders that stand for secrets: the same in every run. */
  readonly placeholder: Uint8Array;
  /** Of the user's own descriptions of services. */
  readonly services: Uint8Array;
  /** Of the rollback anchor. */
  readonly anchor: Uint8Array;
  /** Of the sessions of brokers that share a store. */
  readonly sessions: Uint8Array;
}

/** What a DEK gives for one nonce: the key of one AEAD call, and the commitment that pins it. */
export interface DekDerivatives {
  readonly sealKey: Uint8Array;
  readonly commitment: Uint8Array;
}

/** HKDF-SHA256 (RFC 5869) with the vault's id as salt: the same 32 bytes in two vaults give unrelated keys. */
export function deriveFromKek(kek: Kek, vaultId: Uint8Array): KekDerivatives {
  return {
    wrapKey: expand(kek, vaultId, "vault/1 kek wrap", KEY_BYTES),
    macKey: expand(kek, vaultId, "vault/1 kek file-mac", KEY_BYTES),
    commitment: expand(kek, vaultId, "vault/1 kek commitment", KEY_BYTES),
    keyId: keyIdOf(kek, vaultId),
  };
}

/** Which key this is in this vault, and nothing more of it. */
export function keyIdOf(kek: Kek, vaultId: Uint8Array): Uint8Array {
  return expand(kek, vaultId, KEY_ID_LABEL, KEY_ID_BYTES);
}

/** The caller wipes what it gets. */
export function deriveFromVaultKey(vaultKey: Dek, vaultId: Uint8Array): VaultKeys {
  return {
    audit: expand(vaultKey, vaultId, "vault/1 vault-key audit", KEY_BYTES),
    placeholder: expand(vaultKey, vaultId, "vault/1 vault-key placeholder", KEY_BYTES),
    services: expand(vaultKey, vaultId, "vault/1 vault-key services", KEY_BYTES),
    anchor: expand(vaultKey, vaultId, "vault/1 vault-key anchor", KEY_BYTES),
    sessions: expand(vaultKey, vaultId, "vault/1 vault-key sessions", KEY_BYTES),
  };
}

export function wipeVaultKeys({ audit, placeholder, services, anchor, sessions }: VaultKeys): void {
  wipe(audit, placeholder, services, anchor, sessions);
}

/** HKDF-SHA256 with the AEAD's nonce as salt, so that sealing anew under one DEK still uses a key of its own. */
export function deriveFromDek(dek: Dek, nonce: Uint8Array): DekDerivatives {
  return {
    sealKey: expand(dek, nonce, "vault/1 dek seal", KEY_BYTES),
    commitment: expand(dek, nonce, "vault/1 dek commitment", KEY_BYTES),
  };
}

/** A buffer of a digest's has its memory for itself: no copy is left behind. */
function ownBytes({ buffer, byteOffset, length }: Buffer): Uint8Array {
  return new Uint8Array(buffer, byteOffset, length);
}

/** HMAC-SHA256 (RFC 2104): the file's MAC, the keys of the parts of the audit log, and their entries' MACs. */
export function hmacSha256(key: Uint8Array, message: Uint8Array): Uint8Array {
  return ownBytes(createHmac("sha256", key).update(message).digest());
}

/**
 * HKDF-SHA256 (RFC 5869) of at most 32 bytes: its extract step, and one round of its expand step.
 * Node's own copies the key into an object that lives until garbage is collected; what an HMAC holds is gone when it is done.
 */
function expand(key: Uint8Array, salt: Uint8Array, label: string, bytes: number): Uint8Array {
  const pseudoRandomKey = hmacSha256(salt, key);
  try {
    return hmacSha256(pseudoRandomKey, concatBytes(utf8(label), Uint8Array.of(1))).subarray(0, bytes);
  } finally {
    wipe(pseudoRandomKey);
  }
}

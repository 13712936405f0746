import { encodeBase64 } from "../../bytes.ts";
import { KEY_ID_BYTES } from "../../vault/derive.ts";
import { KEY_BYTES } from "../../vault/key-bytes.ts";
import { VAULT_ID_BYTES } from "../../vault/vault-file.ts";
import { parseBytes } from "./message.ts";

/** Which key of which vault: nothing of it is secret. */
export interface KeyIdentity {
  /** 16 bytes. */
  readonly vaultId: Uint8Array;
  /** 16 bytes. */
  readonly keyId: Uint8Array;
  /** 32 bytes. */
  readonly commitment: Uint8Array;
}

export const IDENTITY_MEMBERS = ["vault", "id", "commitment"] as const;

export function encodeIdentity({ vaultId, keyId, commitment }: KeyIdentity): Record<(typeof IDENTITY_MEMBERS)[number], string> {
  return { vault: encodeBase64(vaultId), id: encodeBase64(keyId), commitment: encodeBase64(commitment) };
}

/** @throws VaultError `bad-schema`. */
export function parseIdentity(members: Record<string, unknown>): KeyIdentity {
  return {
    vaultId: parseBytes(members["vault"], VAULT_ID_BYTES),
    keyId: parseBytes(members["id"], KEY_ID_BYTES),
    commitment: parseBytes(members["commitment"], KEY_BYTES),
  };
}

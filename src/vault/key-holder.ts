import type { Dek } from "./key-bytes.ts";

/** A DEK under the KEK's wrapping key: 24-byte nonce, 48-byte ciphertext (32 bytes and the tag). */
export interface WrappedDek {
  readonly nonce: Uint8Array;
  readonly ciphertext: Uint8Array;
}

/**
 * Whoever holds a KEK and works with it on others' behalf: this process, or the agent across its socket.
 * The KEK itself has no way out of here. Every method may reject with VaultError `locked` once the holder has forgotten the key.
 */
export interface KeyHolder {
  /** 16 bytes: says which KEK this is, and nothing about it (FORMAT.md, "Keys"). */
  readonly keyId: Uint8Array;
  /** 32 bytes that only this KEK in this vault gives. */
  readonly commitment: Uint8Array;
  /** Unwraps a batch in one step. @throws VaultError `bad-wrap` when any of them does not open. */
  unwrapDeks(items: readonly { readonly wrapped: WrappedDek; readonly aad: Uint8Array }[]): Promise<Dek[]>;
  wrapDeks(items: readonly { readonly dek: Dek; readonly aad: Uint8Array }[]): Promise<WrappedDek[]>;
  /** The vault file's MAC (32 bytes) over the hash (32 bytes) of its body. */
  authenticate(bodyHash: Uint8Array): Promise<Uint8Array>;
  /** Wipes the key, or hangs up. Safe to call twice. */
  close(): void;
}

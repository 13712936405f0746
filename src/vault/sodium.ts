// The only importer of libsodium. Its WebAssembly takes some 20 ms to start, so it is loaded on first use and once.
import { VaultError } from "../errors.ts";

export const NONCE_BYTES = 24;
export const TAG_BYTES = 16;

/** libsodium, once it is ready: all calls after that are synchronous. */
export interface Sodium {
  /** XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03): the ciphertext with the 16-byte tag behind it. */
  seal(key: Uint8Array, nonce: Uint8Array, plaintext: Uint8Array, aad: Uint8Array): Uint8Array;
  /** The plaintext, or undefined where key, nonce, AAD and ciphertext do not belong together. */
  open(key: Uint8Array, nonce: Uint8Array, ciphertext: Uint8Array, aad: Uint8Array): Uint8Array | undefined;
  /** Argon2id v1.3 (RFC 9106), one lane, 32 bytes out. Memory in bytes. */
  argon2id(password: Uint8Array, salt: Uint8Array, passes: number, memoryBytes: number): Uint8Array;
}

let loading: Promise<Sodium> | undefined;

/** @throws VaultError `io` where WebAssembly does not start (no memory, or switched off). */
export function loadSodium(): Promise<Sodium> {
  loading ??= load();
  return loading;
}

async function load(): Promise<Sodium> {
  const { default: sodium } = await import("libsodium-wrappers-sumo");
  await sodium.ready;
  return {
    seal: (key, nonce, plaintext, aad) => sodium.crypto_aead_xchacha20poly1305_ietf_encrypt(plaintext, aad, null, nonce, key),
    open: (key, nonce, ciphertext, aad) => {
      if (ciphertext.length < TAG_BYTES || nonce.length !== NONCE_BYTES) return undefined;
      try {
        return sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(null, ciphertext, aad, nonce, key);
      } catch {
        return undefined;
      }
    },
    argon2id: (password, salt, passes, memoryBytes) => {
      try {
        return sodium.crypto_pwhash(32, password, salt, passes, memoryBytes, sodium.crypto_pwhash_ALG_ARGON2ID13);
      } catch {
        throw new VaultError("io", `not enough memory to derive the key (${Math.ceil(memoryBytes / 2 ** 20)} MiB)`, "close other programs, or run where more memory is free");
      }
    },
  };
}

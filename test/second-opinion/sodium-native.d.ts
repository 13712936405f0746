// The few functions of sodium-native that the second opinion calls: the package has no types of its own.
declare module "sodium-native" {
  interface Sodium {
    readonly crypto_pwhash_ALG_ARGON2ID13: number;
    crypto_aead_xchacha20poly1305_ietf_encrypt(ciphertext: Buffer, message: Uint8Array, aad: Uint8Array | null, secretNonce: null, nonce: Uint8Array, key: Uint8Array): number;
    crypto_aead_xchacha20poly1305_ietf_decrypt(message: Buffer, secretNonce: null, ciphertext: Uint8Array, aad: Uint8Array | null, nonce: Uint8Array, key: Uint8Array): number;
    crypto_pwhash(output: Buffer, passphrase: Uint8Array, salt: Uint8Array, passes: number, memoryBytes: number, algorithm: number): void;
  }
  const sodium: Sodium;
  export default sodium;
}

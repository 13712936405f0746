// The only importer of libsodium, which is here for Argon2id. Its WebAssembly takes some 20 ms to start, so it is loaded on first use.
import { VaultError } from "../errors.ts";

/**
 * Argon2id v1.3 (RFC 9106), one lane.
 *
 * @returns 32 bytes.
 * @throws VaultError `io` where there is not enough memory.
 */
export async function argon2id(password: Uint8Array, salt: Uint8Array, passes: number, memoryBytes: number): Promise<Uint8Array> {
  const { default: sodium } = await import("libsodium-wrappers-sumo");
  await sodium.ready;
  try {
    return sodium.crypto_pwhash(32, password, salt, passes, memoryBytes, sodium.crypto_pwhash_ALG_ARGON2ID13);
  } catch {
    throw new VaultError("io", `not enough memory to derive the key (${Math.ceil(memoryBytes / 2 ** 20)} MiB)`, "close other programs, or run where more memory is free");
  }
}

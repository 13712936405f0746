// XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03) out of what OpenSSL has: ChaCha20 and ChaCha20-Poly1305 (RFC 8439).
// libsodium would do as well, and its WebAssembly takes as long to start as the rest of a run; the tests hold the two against each other.
import { createCipheriv, createDecipheriv } from "node:crypto";
import { wipe } from "../bytes.ts";
import { VaultError } from "../errors.ts";

const KEY_BYTES = 32;
export const NONCE_BYTES = 24;
export const TAG_BYTES = 16;

/** The ciphertext with its 16-byte tag behind it. @throws VaultError `io` where Node was built without ChaCha20. */
export function seal(key: Uint8Array, nonce: Uint8Array, plaintext: Uint8Array, aad: Uint8Array): Uint8Array {
  const subkey = hChaCha20(key, nonce.subarray(0, 16));
  try {
    const cipher = createCipheriv("chacha20-poly1305", subkey, innerNonce(nonce), { authTagLength: TAG_BYTES });
    cipher.setAAD(aad, { plaintextLength: plaintext.length });
    const sealed = new Uint8Array(plaintext.length + TAG_BYTES);
    sealed.set(cipher.update(plaintext));
    cipher.final();
    sealed.set(cipher.getAuthTag(), plaintext.length);
    return sealed;
  } finally {
    wipe(subkey);
  }
}

/** The plaintext, or undefined where key, nonce, AAD and ciphertext do not belong together. @throws VaultError as `seal`. */
export function open(key: Uint8Array, nonce: Uint8Array, sealed: Uint8Array, aad: Uint8Array): Uint8Array | undefined {
  if (sealed.length < TAG_BYTES || nonce.length !== NONCE_BYTES || key.length !== KEY_BYTES) return undefined;
  const length = sealed.length - TAG_BYTES;
  const subkey = hChaCha20(key, nonce.subarray(0, 16));
  let plaintext: Uint8Array | undefined;
  try {
    const decipher = createDecipheriv("chacha20-poly1305", subkey, innerNonce(nonce), { authTagLength: TAG_BYTES });
    decipher.setAAD(aad, { plaintextLength: length });
    decipher.setAuthTag(sealed.subarray(length));
    plaintext = decipher.update(sealed.subarray(0, length));
    decipher.final();
    return new Uint8Array(plaintext);
  } catch {
    return undefined;
  } finally {
    // What was decrypted before the tag was checked goes to nobody.
    wipe(subkey, plaintext);
  }
}

/**
 * HChaCha20 (section 2.2): the first and the last row of the state after the rounds. A ChaCha20 block is that state with the one before the rounds added,
 * and in these two rows that one is known: the constants, and the nonce. So it is taken off again.
 */
function hChaCha20(key: Uint8Array, nonce: Uint8Array): Uint8Array {
  const block = chaCha20Block(key, nonce);
  const words = new DataView(block.buffer, block.byteOffset, block.length);
  const before = new DataView(nonce.buffer, nonce.byteOffset, nonce.length);
  const subkey = new Uint8Array(KEY_BYTES);
  const out = new DataView(subkey.buffer);
  CONSTANTS.forEach((constant, index) => { out.setUint32(index * 4, words.getUint32(index * 4, true) - constant, true); });
  for (let at = 0; at < 16; at += 4) out.setUint32(16 + at, words.getUint32(48 + at, true) - before.getUint32(at, true), true);
  wipe(block);
  return subkey;
}

/** "expand 32-byte k" (RFC 8439, section 2.3). */
const CONSTANTS = [0x61707865, 0x3320646e, 0x79622d32, 0x6b206574];
const ZEROS = new Uint8Array(64);

/** The key stream's block for a counter and a nonce, 16 bytes together, as OpenSSL takes them. */
function chaCha20Block(key: Uint8Array, counterAndNonce: Uint8Array): Uint8Array {
  try {
    const cipher = createCipheriv("chacha20", key, counterAndNonce);
    const block = cipher.update(ZEROS);
    // OpenSSL forgets the key now, and not at some time when garbage is collected.
    cipher.final();
    return block;
  } catch {
    throw new VaultError("io", "this Node cannot encrypt with ChaCha20", "its OpenSSL was built without, or is in FIPS mode: use a Node from nodejs.org");
  }
}

/** Section 2.3: four zero bytes, and the nonce's last eight. */
function innerNonce(nonce: Uint8Array): Uint8Array {
  const inner = new Uint8Array(12);
  inner.set(nonce.subarray(16), 4);
  return inner;
}

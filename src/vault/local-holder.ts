import { randomBytes } from "node:crypto";
import { wipe } from "../bytes.ts";
import { VaultError } from "../errors.ts";
import { deriveFromKek, hmacSha256 } from "./derive.ts";
import type { Kek } from "./key-bytes.ts";
import { asDek } from "./key-bytes.ts";
import type { KeyHolder } from "./key-holder.ts";
import { NONCE_BYTES, open, seal } from "./xchacha.ts";

/**
 * Holds a KEK in this process. What it needs is derived at once and wiped by `close()`;
 * the KEK's own bytes remain the caller's, to wipe as soon as it likes.
 */
export function holdKek(kek: Kek, vaultId: Uint8Array): KeyHolder {
  const { wrapKey, macKey, commitment, keyId } = deriveFromKek(kek, vaultId);
  let isClosed = false;
  const requireOpen = (): void => {
    if (isClosed) throw new VaultError("locked", "the key was forgotten", "vault unlock");
  };

  return {
    keyId,
    commitment,
    async unwrapDeks(items) {
      requireOpen();
      return Promise.resolve(items.map(({ wrapped, aad }) => {
        const dek = open(wrapKey, wrapped.nonce, wrapped.ciphertext, aad);
        if (dek === undefined) throw new VaultError("bad-wrap", "a data key does not open: its record was changed, or belongs elsewhere");
        return asDek(dek);
      }));
    },
    async wrapDeks(items) {
      requireOpen();
      return Promise.resolve(items.map(({ dek, aad }) => {
        const nonce = new Uint8Array(randomBytes(NONCE_BYTES));
        return { nonce, ciphertext: seal(wrapKey, nonce, dek, aad) };
      }));
    },
    async authenticate(bodyHash) {
      requireOpen();
      return Promise.resolve(hmacSha256(macKey, bodyHash));
    },
    close() {
      isClosed = true;
      wipe(wrapKey, macKey);
    },
  };
}

// `vaultrun/sealed`: sealed fields for programs. None of the command line comes with it.
import { VaultError } from "../errors.ts";
import { sealedAdapter } from "./sealed-adapter.ts";
import type { SealingKeys } from "./sealing-key.ts";
import { parseSealingKeys } from "./sealing-key.ts";

/** What a failure is: `code` is stable, `hint` says what to do. */
export { VaultError };
export { sealedAdapter };

/**
 * Reads the key, or the keys, that fields are sealed with: each the base64 of 32 bytes (`openssl rand -base64 32`), the newest first, with commas or white space between them.
 *
 * @param text such as `process.env.ENCRYPTION_KEY`. Undefined gives undefined: with no key set, nothing is sealed.
 * @throws VaultError `wrong-key` for what is no key, the empty text included: it quotes nothing of it.
 */
export function loadSealingKey(text: string): SealingKeys;
export function loadSealingKey(text: string | undefined): SealingKeys | undefined;
export function loadSealingKey(text: string | undefined): SealingKeys | undefined {
  return text === undefined ? undefined : parseSealingKeys(text, "the sealing key");
}

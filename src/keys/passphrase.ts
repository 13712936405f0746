import type { Secret } from "../secret.ts";
import type { KdfCost } from "../vault/kdf.ts";
import { deriveKek, drawSalt } from "../vault/kdf.ts";
import type { StagedKey } from "./provider.ts";
import { doNothing } from "./provider.ts";

/**
 * A new KEK from a passphrase, under a new salt. Loading it again is `deriveKek` with the slot's parameters.
 *
 * @throws VaultError `usage` for a passphrase that is empty or not UTF-8.
 */
export async function stagePassphrase(passphrase: Secret, cost: KdfCost): Promise<StagedKey> {
  const kdf = { memoryKib: cost.memoryKib, passes: cost.passes, salt: drawSalt() };
  return { locator: { provider: "passphrase", kdf }, kek: await deriveKek(passphrase, kdf), settle: doNothing, discard: doNothing };
}

import { equalBytes } from "../../bytes.ts";
import type { StagedKey } from "../../keys/provider.ts";
import { readVault } from "../../store/vault-store.ts";
import type { Surroundings } from "../surroundings.ts";

/** After a failed write. One that failed late may have been made: then the staged key is the only one that opens the vault. In doubt it stays. */
export async function discardUnlessUsed(surroundings: Surroundings, staged: StagedKey, keyId: Uint8Array): Promise<void> {
  try {
    const now = await readVault(surroundings.paths);
    if (now !== undefined && equalBytes(now.contents.slot.keyId, keyId)) return;
  } catch {
    return;
  }
  await staged.discard();
}

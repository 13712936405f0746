// A vault without secrets, whose audit sequence counts its changes: enough to tell one state from another.
import { join } from "node:path";
import { encodeBase64 } from "../../src/bytes.ts";
import type { StorePaths } from "../../src/store/vault-store.ts";
import { createVault } from "../../src/store/vault-store.ts";
import { makeVaultKey } from "../../src/vault/envelope.ts";
import { parseKek } from "../../src/vault/key-bytes.ts";
import type { KeyHolder } from "../../src/vault/key-holder.ts";
import { holdKek } from "../../src/vault/local-holder.ts";
import type { VaultContents } from "../../src/vault/vault-file.ts";

export const SAMPLE_ID = new Uint8Array(16).map((_, index) => index + 1);

/** A holder of the n-th sample key. */
export function holdSampleKey(number = 0, id = SAMPLE_ID): KeyHolder {
  return holdKek(parseKek(new Uint8Array(32).map((_, index) => index + number)), id);
}

export function samplePaths(folder: string): StorePaths {
  const dataFolder = join(folder, "data");
  return { engine: undefined, dataFolder, vaultFile: join(dataFolder, "vault.json"), lockFile: join(dataFolder, "vault.lock"), anchorFile: join(folder, "state", "anchor.json") };
}

export async function makeSampleContents(holder: KeyHolder, id = SAMPLE_ID): Promise<VaultContents> {
  const slot = { locator: { provider: "env", variable: "SAMPLE" }, keyId: holder.keyId, commitment: holder.commitment } as const;
  return { id, generation: 1, slot, vaultKey: await makeVaultKey(holder, id), audit: { sequence: 0, hash: encodeBase64(new Uint8Array(32)) }, secrets: [] };
}

/** Makes the sample vault where there is none. */
export async function createSampleVault(paths: StorePaths, holder = holdSampleKey(), id = SAMPLE_ID): Promise<void> {
  await createVault(paths, async () => ({ contents: await makeSampleContents(holder, id), holder }));
}

/** The same contents, one change on. */
export function countChange(contents: VaultContents): VaultContents {
  return { ...contents, audit: { ...contents.audit, sequence: contents.audit.sequence + 1 } };
}

// What has become of a run's stored secrets since the vault was last read: read again, and opened again where its key can be had without asking anybody.
import { equalBytes } from "../../bytes.ts";
import { VaultError } from "../../errors.ts";
import type { Secret } from "../../secret.ts";
import { openSecrets } from "../../vault/envelope.ts";
import type { KeyLocator } from "../../vault/key-slot.ts";
import type { SecretRecord } from "../../vault/record.ts";
import { requireVault, withOpenVault } from "../keys/open-vault.ts";
import type { Surroundings } from "../surroundings.ts";
import { withoutPassphrase } from "../surroundings.ts";

/** What is known of a vault that was verified. */
export interface VaultSight {
  readonly bodyHash: Uint8Array;
  readonly generation: number;
  /** Where its key was to be had. */
  readonly provider: KeyLocator["provider"];
}

export type VaultNews =
  /** The file is the one that was last verified. */
  | { readonly kind: "same" }
  /** `values` are the caller's to wipe. */
  | ({ readonly kind: "verified"; readonly records: ReadonlyMap<string, SecretRecord>; readonly values: ReadonlyMap<string, Secret> } & VaultSight)
  /** Nobody is there who has the key: anybody may have written this. */
  | { readonly kind: "unverified"; readonly records: ReadonlyMap<string, SecretRecord> };

/**
 * @param wanted what the run has of the vault. @param last how the vault was when it was verified last.
 * @throws VaultError where the vault is not to be trusted, or its key was to be had and is not any more.
 */
export async function readVaultNews(surroundings: Surroundings, wanted: readonly SecretRecord[], last: VaultSight): Promise<VaultNews> {
  // Nobody types a passphrase in the middle of a run.
  const quiet = withoutPassphrase(surroundings);
  const file = await requireVault(quiet);
  if (equalBytes(file.bodyHash, last.bodyHash)) return { kind: "same" };
  try {
    return await withOpenVault(quiet, async (vault) => {
      // Anchor and log may have been put back together with the file.
      if (vault.file.contents.generation < last.generation) throw new VaultError("rolled-back", "the vault file is older than the one that this run has seen");
      const records = byId(vault.file.records.named(new Set(wanted.map(({ name }) => name))));
      const stored = wanted.flatMap(({ id }) => records.get(id) ?? []).filter(({ source }) => source.kind === "stored");
      // Those too that look as before: in a vault of somebody else's making, with a key of his own, they do not open.
      const opened = await openSecrets(vault.holder, vault.file.contents.id, stored);
      const { bodyHash, contents } = vault.file;
      return { kind: "verified", bodyHash, generation: contents.generation, provider: contents.slot.locator.provider, records, values: new Map(stored.flatMap(({ id }, index) => (opened[index] === undefined ? [] : [[id, opened[index]]]))) };
    });
  } catch (error) {
    if (!(error instanceof VaultError) || !NO_KEY[last.provider]?.includes(error.code)) throw error;
    return { kind: "unverified", records: byId(file.records.all()) };
  }
}

/**
 * What says that a key which was in somebody's head, or in a keyring that has closed since, is not at hand. One that lay in a file or a variable is, and its loss is no reason to believe anything;
 * nor is what a file that nobody has verified says of where its key is.
 */
const NO_KEY: Readonly<Record<string, readonly string[]>> = { passphrase: ["locked"], keyring: ["key-unavailable"] };

function byId(records: readonly SecretRecord[]): Map<string, SecretRecord> {
  return new Map(records.map((record) => [record.id, record]));
}

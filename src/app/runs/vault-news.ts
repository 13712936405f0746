// What has become of a run's stored secrets since the vault was last read: read again, and opened again where its key can be had without asking anybody.
import { equalBytes } from "../../bytes.ts";
import { VaultError } from "../../errors.ts";
import type { Secret } from "../../secret.ts";
import { openSecrets } from "../../vault/envelope.ts";
import type { SecretRecord } from "../../vault/record.ts";
import { requireVault, withOpenVault } from "../keys/open-vault.ts";
import type { Surroundings } from "../surroundings.ts";

export type VaultNews =
  /** The file is the one that was last verified. */
  | { readonly kind: "same" }
  /** `values` has those of the records that are sealed anew; they are the caller's to wipe. */
  | { readonly kind: "verified"; readonly bodyHash: Uint8Array; readonly records: ReadonlyMap<string, SecretRecord>; readonly values: ReadonlyMap<string, Secret> }
  /** Nobody is there who has the key: anybody may have written this. */
  | { readonly kind: "unverified"; readonly records: ReadonlyMap<string, SecretRecord> };

/**
 * @param known what the run has, as it stood when it was last verified. @param bodyHash of the file then.
 * @throws VaultError where the vault is not to be trusted, or its key was to be had and is not any more.
 */
export async function readVaultNews(surroundings: Surroundings, known: readonly SecretRecord[], bodyHash: Uint8Array): Promise<VaultNews> {
  // Nobody types a passphrase in the middle of a run.
  const quiet: Surroundings = { ...surroundings, hasGivenPassphrase: false, findPassphrase: () => Promise.resolve(undefined) };
  const file = await requireVault(quiet);
  if (equalBytes(file.bodyHash, bodyHash)) return { kind: "same" };
  try {
    return await withOpenVault(quiet, async (vault) => {
      const records = byId(vault.file.records.named(new Set(known.map(({ name }) => name))));
      const resealed = known.flatMap((before) => {
        const now = records.get(before.id);
        return now === undefined || now.source.kind !== "stored" || isSameValue(before, now) ? [] : [now];
      });
      const opened = await openSecrets(vault.holder, vault.file.contents.id, resealed);
      return { kind: "verified", bodyHash: vault.file.bodyHash, records, values: new Map(resealed.flatMap(({ id }, index) => (opened[index] === undefined ? [] : [[id, opened[index]]]))) };
    });
  } catch (error) {
    if (!(error instanceof VaultError) || !NO_KEY[file.contents.slot.locator.provider]?.includes(error.code)) throw error;
    return { kind: "unverified", records: byId(file.records.all()) };
  }
}

/** What says that a key which was in somebody's head, or in a keyring that has closed since, is not at hand. One that lay in a file or a variable is: its loss is no reason to believe anything. */
const NO_KEY: Readonly<Record<string, readonly string[]>> = { passphrase: ["locked"], keyring: ["key-unavailable"] };

function byId(records: readonly SecretRecord[]): Map<string, SecretRecord> {
  return new Map(records.map((record) => [record.id, record]));
}

function isSameValue({ value: a }: SecretRecord, { value: b }: SecretRecord): boolean {
  return a.nonce === b.nonce && a.ciphertext === b.ciphertext;
}

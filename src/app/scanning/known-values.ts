// Which of the values that a scan has found the vault has already. Asks nobody for a key, opens values only where something was found, and does neither for a program in a run.
import { makeStrayTest } from "../../proxy/places/placeholder-check.ts";
import { digestOf } from "../../scan/find-credentials.ts";
import { openSecrets } from "../../vault/envelope.ts";
import type { SecretRecord } from "../../vault/record.ts";
import { readVault } from "../../store/vault-store.ts";
import { isBehindWall, isInsideRun } from "../keys/inside-run.ts";
import { openAtHand } from "../keys/sighted-vault.ts";
import type { OpenedAtHand } from "../keys/sighted-vault.ts";
import type { Surroundings } from "../surroundings.ts";
import { checkKeyOf } from "../runs/run-placeholders.ts";

/** `unknown`: the key is not at hand. `inside-run`: a program in a run is told nothing. */
export type Comparison = "compared" | "no-vault" | "unknown" | "inside-run";

export interface KnownValues {
  readonly comparison: Comparison;
  readonly isPlaceholder: (value: string) => boolean;
  /** The names of the secrets with these values, by digest. */
  readonly find: (digests: ReadonlySet<string>) => Promise<ReadonlyMap<string, string>>;
  close(): void;
}

export async function openKnownValues(surroundings: Surroundings): Promise<KnownValues> {
  if (isBehindWall() || (await isInsideRun(surroundings))) return nothingKnown("inside-run");
  if ((await readVault(surroundings.paths)) === undefined) return nothingKnown("no-vault");
  const vault = await openAtHand(surroundings);
  return vault === undefined ? nothingKnown("unknown") : knownTo(vault);
}

function nothingKnown(comparison: Comparison): KnownValues {
  return { comparison, isPlaceholder: () => false, find: () => Promise.resolve(new Map()), close: () => undefined };
}

const BATCH = 256;

function knownTo(vault: OpenedAtHand): KnownValues {
  return {
    comparison: "compared",
    isPlaceholder: makeStrayTest(checkKeyOf(vault.keys.placeholder)),
    async find(digests) {
      const found = new Map<string, string>();
      const stored: SecretRecord[] = vault.file.contents.secrets.filter(({ source }) => source.kind === "stored");
      for (let at = 0; at < stored.length && digests.size > 0; at += BATCH) {
        const records = stored.slice(at, at + BATCH);
        const values = await openSecrets(vault.holder, vault.file.contents.id, records);
        for (const [index, value] of values.entries()) {
          const digest = digestOf(value.reveal());
          if (digests.has(digest)) found.set(digest, records[index]?.name ?? "");
          value.wipe();
        }
      }
      return found;
    },
    close: () => { vault.close(); },
  };
}

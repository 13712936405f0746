// The vault for commands that show names and hosts, and ask nobody for a key: verified with a key that is at hand, or said not to be.
import { wipe } from "../../bytes.ts";
import { VaultError } from "../../errors.ts";
import { wipeVaultKeys } from "../../vault/derive.ts";
import type { KeyHolder } from "../../vault/key-holder.ts";
import { holdKek } from "../../vault/local-holder.ts";
import type { VaultFile } from "../../vault/vault-file.ts";
import type { Surroundings } from "../surroundings.ts";
import type { OpenedVault, VaultFinder } from "./open-vault.ts";
import { findAgentHolder, judgeWithKey, loadKek, requireVault, withCurrentKey } from "./open-vault.ts";

export interface SightedVault {
  readonly file: VaultFile;
  /** Whether the file was written with the vault's key. Anyone may have written one that was not. */
  readonly isVerified: boolean;
}

export type OpenedAtHand = Omit<OpenedVault, "agent">;

/**
 * Reads the vault, and verifies it where an agent, a key file or a variable has the key.
 *
 * @throws VaultError as reading says; `bad-key-slot`, `bad-mac`, `rolled-back`.
 */
export async function sightVault(surroundings: Surroundings, find: VaultFinder = requireVault): Promise<SightedVault> {
  const sighted = await verifyAtHand(surroundings, find);
  if (!sighted.isVerified) surroundings.warn("not verified: the vault's key is not at hand, so what is shown may be somebody else's writing (vault unlock)");
  return sighted;
}

/** The same, opened. The caller closes it. @returns undefined where the key is not at hand. @throws VaultError as `sightVault`. */
export async function openAtHand(surroundings: Surroundings): Promise<OpenedAtHand | undefined> {
  try {
    return await withCurrentKey(surroundings, requireVault, async (file) => {
      const holder = await findKeyAtHand(surroundings, file);
      if (holder === undefined) return undefined;
      try {
        const keys = await judgeWithKey(surroundings, file, holder);
        return { file, holder, keys, close: () => { wipeVaultKeys(keys); holder.close(); } };
      } catch (error) {
        holder.close();
        throw error;
      }
    });
  } catch (error) {
    if (isKeyMissing(error)) return undefined;
    throw error;
  }
}

async function verifyAtHand(surroundings: Surroundings, find: VaultFinder): Promise<SightedVault> {
  let last: VaultFile | undefined;
  try {
    return await withCurrentKey(surroundings, find, async (file) => {
      last = file;
      const holder = await findKeyAtHand(surroundings, file);
      if (holder === undefined) return { file, isVerified: false };
      try {
        wipeVaultKeys(await judgeWithKey(surroundings, file, holder));
        return { file, isVerified: true };
      } finally {
        holder.close();
      }
    });
  } catch (error) {
    // A key that is not there, or another one's: what needs it will say so.
    if (last !== undefined && isKeyMissing(error)) return { file: last, isVerified: false };
    throw error;
  }
}

function isKeyMissing(error: unknown): boolean {
  return error instanceof VaultError && ["wrong-key", "key-unavailable", "locked"].includes(error.code);
}

/** A keyring may ask its user to unlock it, so it is left in peace. */
async function findKeyAtHand(surroundings: Surroundings, file: VaultFile): Promise<KeyHolder | undefined> {
  const agent = await findAgentHolder(surroundings, file);
  if (agent !== undefined) return agent;
  const { provider } = file.contents.slot.locator;
  if (provider !== "file" && provider !== "env") return undefined;
  const kek = await loadKek(surroundings, file);
  try {
    return holdKek(kek, file.contents.id);
  } finally {
    wipe(kek);
  }
}

// A keyring entry that was lost takes every secret with it, so it is made anew only where there is none to lose.
import { wipe } from "../../bytes.ts";
import { askKeyring } from "../../keys/keyring.ts";
import type { VaultFile } from "../../vault/vault-file.ts";
import { makeVault } from "./make-vault.ts";
import type { Surroundings } from "../surroundings.ts";

/**
 * Makes an empty vault anew, under a new key in the same keyring entry, where the keyring says for certain that the entry is gone.
 *
 * @returns the file as it was where nothing is to be healed: another provider, a vault with secrets, an entry that is there, or a keyring that cannot be asked.
 * @throws VaultError as making a vault does.
 */
export async function healLostEntry(surroundings: Surroundings, file: VaultFile): Promise<VaultFile> {
  const { locator } = file.contents.slot;
  // Of a vault that other machines reach, this one's keyring knows nothing: the entry may never have been here.
  if (surroundings.paths.engine !== undefined || locator.provider !== "keyring" || file.records.count > 0) return file;
  const answer = await askKeyring(locator);
  if (answer.kind === "entry") wipe(answer.kek);
  if (answer.kind !== "no-entry") return file;
  const healed = await makeVault(surroundings, { provider: "keyring", service: locator.service, account: locator.account }, file);
  surroundings.warn(`the keyring entry "${locator.service}" / "${locator.account}" was lost; the vault held no secret, so both were made anew`);
  return healed;
}

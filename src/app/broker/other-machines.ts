// A served vault that is on an engine: what other machines change in it, and whom they revoke, counts in sessions that are open.
import { followEngine } from "../keys/engine-watch.ts";
import { catchUpLog } from "../keys/log-reading.ts";
import { withOpenVault } from "../keys/open-vault.ts";
import type { VaultLook } from "../keys/vault-watch.ts";
import { watchVaultFile } from "../keys/vault-watch.ts";
import { VaultError } from "../../errors.ts";
import type { Surroundings } from "../surroundings.ts";

export interface OtherMachines {
  readonly look: VaultLook;
  close(): void;
}

/** A revocation changes the vault, which vouches for it: so the log is read anew where the vault has changed, this much later at most. */
const LOOK_MS = 250;

/** @param surroundings in which nobody is asked for anything. @throws VaultError `store-unavailable`. */
export async function followMachines(surroundings: Surroundings): Promise<OtherMachines> {
  const { paths } = surroundings;
  const file = watchVaultFile(paths.vaultFile);
  if (paths.engine === undefined) return { look: file, close: () => undefined };
  const following = followEngine(paths, await paths.engine());
  const look = following.look(file);
  let seen = "";
  let isReading = false;
  const readAnew = async (state: string): Promise<void> => {
    try {
      await withOpenVault(surroundings, (vault) => catchUpLog(paths, vault.file, vault.holder));
      seen = state;
    } catch (error) {
      // Locked, or away: once more at the next look. No value goes out of a vault that cannot be read.
      if (!(error instanceof VaultError)) throw error;
    }
  };
  const timer = setInterval(() => {
    const state = look();
    if (isReading || state === seen) return;
    isReading = true;
    void readAnew(state).finally(() => { isReading = false; });
  }, LOOK_MS).unref();
  return {
    look,
    close() {
      clearInterval(timer);
      following.close();
    },
  };
}

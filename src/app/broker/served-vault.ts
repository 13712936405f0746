// A vault that a broker serves: opened anew for each session, so that what was changed meanwhile counts.
import type { SessionOrder } from "../../broker/order.ts";
import { encodeBase64 } from "../../bytes.ts";
import { VaultError } from "../../errors.ts";
import type { DidKey } from "../../identity/did-key.ts";
import { connectForRun } from "../keys/agent-for-runs.ts";
import type { LockWatch } from "../keys/lock-watch.ts";
import { watchLock } from "../keys/lock-watch.ts";
import { withOpenVault } from "../keys/open-vault.ts";
import type { Viewpoint } from "../secrets/find-secret.ts";
import type { Surroundings } from "../surroundings.ts";
import type { Acceptances, Admission } from "./admission.ts";
import type { BrokerSession } from "./broker-session.ts";
import { openBrokerSession } from "./broker-session.ts";

/** Whoever was admitted, and for what. */
export interface Admittee {
  readonly did: DidKey;
  readonly handle: string;
  readonly viewpoint: Viewpoint;
}

export interface ServedVault {
  readonly acceptances: Acceptances;
  /** Whether a session could be opened now. */
  isReady(): Promise<boolean>;
  /** @throws VaultError as a run beside it would. */
  open(admittee: Admittee, order: SessionOrder): Promise<BrokerSession>;
  close(): void;
}

/**
 * Opens the vault once, and sees to it that an agent holds its key from then on.
 *
 * @param find what the vault's owner has accepted, as it is now.
 * @throws VaultError as a run's start would.
 */
export async function openServedVault(surroundings: Surroundings, roots: readonly string[], find: (did: DidKey) => Admission | undefined): Promise<ServedVault> {
  // Nobody types a passphrase for somebody far away.
  const quiet: Surroundings = { ...surroundings, hasGivenPassphrase: false, makesVault: false, findPassphrase: () => Promise.resolve(undefined) };
  let watch = await followedWatch(surroundings);
  const id = await withOpenVault(quiet, (vault) => Promise.resolve(encodeBase64(vault.file.contents.id)));
  return {
    acceptances: { vault: id, find },
    async isReady() {
      try {
        return await withOpenVault(quiet, () => Promise.resolve(true));
      } catch (error) {
        if (!(error instanceof VaultError)) throw error;
        return false;
      }
    },
    async open({ did, handle, viewpoint }, order) {
      // Locked, and unlocked since: those sessions stay dead, and new ones may be had.
      if (watch.isRevoked()) {
        const next = await followedWatch(quiet);
        watch.close();
        watch = next;
      }
      return openBrokerSession({ surroundings: quiet, watch, roots, did, handle, viewpoint, isRevoked: () => find(did) === undefined }, order);
    },
    close: () => { watch.close(); },
  };
}

/** An ear for `vault lock`, tied to an agent that has the key. */
async function followedWatch(surroundings: Surroundings): Promise<LockWatch> {
  const watch = watchLock(surroundings.paths);
  try {
    await withOpenVault(surroundings, async (vault) => { watch.follow(vault.agent ?? (await connectForRun(surroundings, vault))); });
    return watch;
  } catch (error) {
    watch.close();
    throw error;
  }
}

// How an identity comes to a session, and to no more than one identity may have: opened for it here, or taken on from the broker that has opened it.
import type { SessionOrder } from "../../broker/order.ts";
import type { DidKey } from "../../identity/did-key.ts";
import type { Admitted } from "./admission.ts";
import { admit } from "./admission.ts";
import type { BrokerSession } from "./broker-session.ts";
import type { Held, HeldSessions } from "./held-sessions.ts";
import type { ServedVault } from "./served-vault.ts";
import { openTally } from "./tally.ts";

export interface BoundedSessions {
  /** @throws VaultError as `ServedVault.open`. */
  open(did: DidKey, order: SessionOrder): Promise<Opening>;
  /** Whichever broker has opened it. @returns undefined for one that is not this identity's, or is over. @throws VaultError as `ServedVault.join`. */
  find(did: DidKey, id: string): Promise<Held | "busy" | undefined>;
  /** Since the start. */
  count(): { readonly opened: number; readonly joined: number };
}

/** `busy`: it has as many as it may have. */
export type Opening = { readonly kind: "opened"; readonly session: BrokerSession } | { readonly kind: "busy" } | Exclude<Admitted, { readonly kind: "admitted" }>;

/** Of one identity. */
const SESSIONS_MAX = 200;

/** @param held takes on each session that is had here, and ends it. */
export function openBoundedSessions(vaults: readonly ServedVault[], held: HeldSessions): BoundedSessions {
  /** Those that an identity is about to have. */
  const opening = openTally();
  /** Those of other brokers that are being taken on. */
  const joining = new Map<string, Promise<Held | undefined>>();
  const counts = { opened: 0, joined: 0 };

  const isFull = (did: DidKey): boolean => held.countOf(did) + opening.of(did) >= SESSIONS_MAX;
  const join = async (others: readonly ServedVault[], did: DidKey, id: string): Promise<Held | undefined> => {
    for (const vault of others) {
      const session = await vault.join(did, id);
      if (session === undefined) continue;
      counts.joined += 1;
      return held.hold(session);
    }
    return undefined;
  };

  return {
    async open(did, order) {
      const admitted = admit(vaults.map(({ acceptances }) => acceptances), did, { vault: order.vault, workspace: order.workspace, group: order.group });
      if (admitted.kind !== "admitted") return admitted;
      if (isFull(did)) return { kind: "busy" };
      const served = vaults.find(({ acceptances }) => acceptances.vault === admitted.vault);
      if (served === undefined) return { kind: "refused" };
      const free = opening.add(did);
      const session = await served.open({ did, handle: admitted.handle, viewpoint: admitted.viewpoint, since: admitted.since }, order).finally(free);
      held.hold(session);
      counts.opened += 1;
      return { kind: "opened", session };
    },
    async find(did, id) {
      const known = held.find(id);
      // One that is over is about to be ended here.
      if (known !== undefined) return known.session.did === did && !known.session.isOver() ? known : undefined;
      const others = vaults.filter(({ shared, acceptances }) => shared !== undefined && acceptances.find(did) !== undefined);
      if (others.length === 0) return undefined;
      // One identity's word decides for itself alone: another's question waits for no answer of this one.
      const name = `${did} ${id}`;
      const begun = joining.get(name);
      if (begun !== undefined) return begun;
      if (isFull(did)) return "busy";
      const free = opening.add(did);
      const joined = join(others, did, id).finally(() => {
        joining.delete(name);
        free();
      });
      joining.set(name, joined);
      return joined;
    },
    count: () => ({ ...counts }),
  };
}

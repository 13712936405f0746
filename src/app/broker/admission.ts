// Whether an identity may have what it asks for: a decision over what the owners of the served vaults have accepted. It tells nobody what there is besides.
import type { DidKey } from "../../identity/did-key.ts";
import type { Viewpoint } from "../secrets/find-secret.ts";

/** What one vault's owner has accepted an identity for. */
export interface Admission {
  readonly handle: string;
  /** At least one. What a run from there sees, the identity may use. */
  readonly viewpoints: readonly Viewpoint[];
  /** The entry of the log by which it was accepted when it was not. What was begun before is over. */
  readonly since: number;
}

/** One of the vaults that a broker serves. */
export interface Acceptances {
  /** Base64 of the vault's id. */
  readonly vault: string;
  readonly find: (did: DidKey) => Admission | undefined;
}

export type Admitted =
  | { readonly kind: "admitted"; readonly vault: string; readonly handle: string; readonly viewpoint: Viewpoint; readonly since: number }
  /** By the ids of those that have accepted it, and of no others. */
  | { readonly kind: "ambiguous"; readonly vaults: readonly string[] }
  | { readonly kind: "refused" };

/** What of the order says where in which vault. */
export interface Wanted extends Viewpoint {
  readonly vault: string | undefined;
}

const REFUSED: Admitted = { kind: "refused" };

/** All vaults are looked into, whatever is asked for: one that has not accepted the identity is not there. */
export function admit(served: readonly Acceptances[], did: DidKey, wanted: Wanted): Admitted {
  const accepted = served.flatMap(({ vault, find }) => {
    const admission = find(did);
    return admission === undefined ? [] : [{ vault, ...admission }];
  });
  const named = wanted.vault === undefined ? accepted : accepted.filter(({ vault }) => vault === wanted.vault);
  const [first, second] = named;
  if (first === undefined) return REFUSED;
  if (second !== undefined) return { kind: "ambiguous", vaults: named.map(({ vault }) => vault) };
  const viewpoint = chooseViewpoint(first.viewpoints, wanted);
  return viewpoint === undefined ? REFUSED : { kind: "admitted", vault: first.vault, handle: first.handle, viewpoint, since: first.since };
}

/** Whether what somebody was admitted for still stands: one who was revoked, and accepted anew, has what he begins from then on and not what he had. @param since that of his admission then. */
export function stillStands(admission: Admission | undefined, viewpoint: Viewpoint, since: number): boolean {
  return admission?.since === since && admission.viewpoints.some((one) => isSameViewpoint(one, viewpoint));
}

/** Where nothing is asked for, the only one that there is; one that is wider than what is asked for does not do. */
function chooseViewpoint(accepted: readonly Viewpoint[], { workspace, group }: Viewpoint): Viewpoint | undefined {
  const [only, ...others] = accepted;
  if (workspace === undefined && others.length === 0) return only;
  return accepted.find((viewpoint) => isSameViewpoint(viewpoint, { workspace, group }));
}

export function isSameViewpoint(one: Viewpoint, other: Viewpoint): boolean {
  return one.workspace === other.workspace && one.group === other.group;
}

// Identities that ask to be accepted, for a page that shows them and takes one answer each.
import type { NamedSecret } from "../../vault/record.ts";
import { requireVault } from "../keys/open-vault.ts";
import type { Viewpoint } from "../secrets/find-secret.ts";
import type { Surroundings } from "../surroundings.ts";
import { withoutPassphrase } from "../surroundings.ts";
import { acceptIdentity, rejectClaim } from "./accept-identity.ts";
import { isSameViewpoint } from "./admission.ts";
import type { Claim } from "./claims.ts";
import { readClaims } from "./claims.ts";

export interface WaitingClaim extends Claim {
  /** What it can be accepted for, the narrowest first. */
  readonly viewpoints: readonly Viewpoint[];
}

export type ClaimAnswer = { readonly kind: "accept"; readonly viewpoint: Viewpoint } | { readonly kind: "reject" };

export interface WaitingClaims {
  /** The oldest first. */
  readonly list: () => Promise<readonly WaitingClaim[]>;
  /** @param seen as it was shown: another one of the same handle is not meant. @returns false where it does not ask any more. @throws VaultError `locked`; as `acceptIdentity`. */
  readonly answer: (seen: { readonly did: string; readonly handle: string }, answer: ClaimAnswer) => Promise<boolean>;
}

/** For a person: whoever calls this has seen to that. */
export function openWaitingClaims(surroundings: Surroundings): WaitingClaims {
  // Nobody looks at the terminal while there is a page.
  const silent = withoutPassphrase(surroundings);
  return {
    async list() {
      const claims = readClaims(surroundings.paths);
      if (claims.length === 0) return [];
      const viewpoints = listViewpoints((await requireVault(silent)).records.all());
      return claims.map((claim) => ({ ...claim, viewpoints }));
    },
    async answer(seen, answer) {
      const claim = readClaims(surroundings.paths).find(({ did, handle }) => did === seen.did && handle === seen.handle);
      if (claim === undefined) return false;
      if (answer.kind === "reject") rejectClaim(surroundings, claim.did);
      else await acceptIdentity(silent, claim.did, claim.handle, answer.viewpoint);
      return true;
    },
  };
}

/** Each that some secret knows. The global secrets are seen from all of them, so that one alone is the least that can be given. */
export function listViewpoints(secrets: readonly Pick<NamedSecret, "scope" | "groups">[]): Viewpoint[] {
  const scopes = secrets.flatMap(({ scope, groups }) => [...(scope.kind === "global" ? [] : [scope]), ...groups.map((member) => ({ kind: "group" as const, ...member }))]);
  const inWorkspaces = scopes.flatMap((scope): Viewpoint[] => [{ workspace: scope.workspace, group: undefined }, ...(scope.kind === "group" ? [{ workspace: scope.workspace, group: scope.group }] : [])]);
  const known = [{ workspace: undefined, group: undefined }, ...inWorkspaces.sort((one, other) => (nameOf(one) < nameOf(other) ? -1 : 1))];
  return known.filter((one, index) => known.findIndex((other) => isSameViewpoint(one, other)) === index);
}

function nameOf({ workspace = "", group = "" }: Viewpoint): string {
  return `${workspace}\u0000${group}`;
}


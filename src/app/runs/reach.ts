// What a running run keeps of a secret when the vault has changed: at most what it was given, and at most what the vault allows now. Pure.
import type { Grant } from "../../proxy/grants/grant.ts";
import { narrowedBy } from "../../proxy/grants/grant-rules.ts";
import { findCanonicalBinding, formatHostBinding, isWithin } from "../../vault/host.ts";
import type { SecretMetadata } from "../../vault/record.ts";
import type { Viewpoint } from "../secrets/find-secret.ts";
import { isInSight } from "../secrets/find-secret.ts";

/** Where a value may go, and what for. */
export type Reach = Pick<Grant, "bindings" | "places" | "allowPrivate" | "rules">;

/** What is left of a reach. */
export function keepAllowed({ bindings, places, allowPrivate, rules }: Reach, now: Pick<SecretMetadata, "hosts" | "places" | "allowPrivate" | "rules">): Reach {
  const allowed = now.hosts.map(findCanonicalBinding).filter((binding) => binding !== undefined);
  const kept = [...bindings.filter((binding) => allowed.some((bound) => isWithin(binding, bound))), ...allowed.filter((binding) => bindings.some((bound) => isWithin(binding, bound)))];
  return {
    bindings: [...new Map(kept.map((binding) => [formatHostBinding(binding), binding])).values()],
    places: places.filter((place) => now.places.includes(place)),
    allowPrivate: allowPrivate && now.allowPrivate,
    rules: narrowedBy(rules, now.rules),
  };
}

/** Why the run has a secret no longer, in words; undefined for one that it has. @param now what the vault has under its id. */
export function findLoss(given: SecretMetadata, now: SecretMetadata | undefined, viewpoint: Viewpoint): string | undefined {
  if (now === undefined) return "it was deleted";
  if (!isInSight(now, viewpoint)) return "it was taken from the group of this run";
  if (now.service !== given.service) return "it is another service's now";
  return now.source.kind === given.source.kind ? undefined : "its value comes from elsewhere now";
}

import type { HostBinding } from "../../vault/host.ts";
import type { Grant } from "./grant.ts";

/** Whom the run's certificate authority speaks for: where the secret may go, and where its tokens come from. */
export function hostsLookedInto({ bindings, closedEndpoints = [] }: Pick<Grant, "bindings" | "closedEndpoints">): readonly HostBinding[] {
  return [...bindings, ...closedEndpoints.map(({ authority }) => ({ ...authority, wildcard: false }))];
}

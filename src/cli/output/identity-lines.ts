// How an accepted identity is shown.
import type { KnownIdentity } from "../../app/broker/accept-identity.ts";
import type { Viewpoint } from "../../app/secrets/find-secret.ts";
import { visible } from "./visible-text.ts";

export function identityObject({ did, handle, viewpoints }: KnownIdentity): Record<string, unknown> {
  return { did, handle, accepted: viewpoints.map(({ workspace, group }) => ({ workspace: workspace ?? null, group: group ?? null })) };
}

export function identityLine({ did, handle, viewpoints }: KnownIdentity): string {
  return visible(`${handle} (${did}), for ${viewpoints.map(describe).join(" and ")}`);
}

function describe({ workspace, group }: Viewpoint): string {
  if (workspace === undefined) return "global secrets";
  return group === undefined ? `workspace "${workspace}"` : `group "${group}" of workspace "${workspace}"`;
}

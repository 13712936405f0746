// How an accepted identity is shown.
import type { KnownIdentity } from "../../app/broker/accept-identity.ts";
import type { WaitingClaim } from "../../app/broker/waiting-claims.ts";
import type { Viewpoint } from "../../app/secrets/find-secret.ts";
import { visible } from "./visible-text.ts";

export function identityObject({ did, handle, viewpoints }: KnownIdentity): Record<string, unknown> {
  return { did, handle, accepted: viewpoints.map(({ workspace, group }) => ({ workspace: workspace ?? null, group: group ?? null })) };
}

export function identityLine({ did, handle, viewpoints }: KnownIdentity): string {
  return visible(`${handle} (${did}), for ${viewpoints.map(describe).join(" and ")}`);
}

/** One that asks, for the page: what is read, and what can be chosen. */
export function claimCard({ did, handle, at, viewpoints }: WaitingClaim): Record<string, unknown> {
  const lines = [`${handle} asks to use this vault's secrets through its broker`, `  key    ${did}`, `  since  ${at}`, "  Anybody can take any name. Compare the key with what vault identity claim has printed on its machine."];
  return { id: did, handle, lines: lines.map((line) => visible(line)), choices: viewpoints.map((viewpoint) => ({ label: visible(describe(viewpoint)), workspace: viewpoint.workspace ?? null, group: viewpoint.group ?? null })) };
}

function describe({ workspace, group }: Viewpoint): string {
  if (workspace === undefined) return "global secrets";
  return group === undefined ? `workspace "${workspace}"` : `group "${group}" of workspace "${workspace}"`;
}

// Which secret a name means.
import { VaultError } from "../../errors.ts";
import type { NamedSecret } from "../../vault/record.ts";
import type { Membership, Scope } from "../../vault/scope.ts";
import { describeScope, isSameMembership, isSameScope } from "../../vault/scope.ts";
import { findNearest } from "./nearest.ts";

/** Where a run, or a listing, stands: it sees its group's secrets, its workspace's, and the global ones. */
export interface Viewpoint {
  readonly workspace: string | undefined;
  /** Only with a workspace. */
  readonly group: string | undefined;
}

/**
 * The one secret that a name and, where it is given, a scope mean.
 *
 * @throws VaultError `not-found`; `usage` when the name stands in several scopes and none was given.
 */
export function getSecret<T extends NamedSecret>(secrets: readonly T[], name: string, scope: Scope | undefined): T {
  const named = secrets.filter((secret) => secret.name === name && (scope === undefined || isSameScope(secret.scope, scope)));
  const [first, ...others] = named;
  if (first === undefined) throw noSecret(name, secrets, scope === undefined ? "" : ` in scope ${describeScope(scope)}`);
  if (others.length > 0) throw new VaultError("usage", `"${name}" stands in several scopes: ${named.map((secret) => describeScope(secret.scope)).join(", ")}`, "say which with --scope, --workspace and --group");
  return first;
}

/**
 * What a viewpoint sees, by name; the nearer scope wins: the group's own (by scope or by attachment), then the workspace's, then the global ones.
 *
 * @throws VaultError `not-found` for a workspace or group that no secret knows: a mistyped one would silently see less.
 */
export function visibleSecrets<T extends NamedSecret>(secrets: readonly T[], viewpoint: Viewpoint): Map<string, T> {
  requireKnown(secrets, viewpoint);
  const visible = new Map<string, { readonly distance: number; readonly secret: T }>();
  for (const secret of secrets) {
    const distance = distanceTo(secret, viewpoint);
    const known = visible.get(secret.name);
    if (distance !== undefined && (known === undefined || distance < known.distance)) visible.set(secret.name, { distance, secret });
  }
  return new Map([...visible].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, { secret }]) => [name, secret]));
}

/** @param known all secrets that there are: one of them may have been meant. */
export function noSecret(name: string, known: readonly { readonly name: string }[], where = ""): VaultError {
  const meant = findNearest(name, new Set(known.map((secret) => secret.name)));
  const hint = known.length === 0 ? `vault secrets create ${name} --host HOST` : "vault secrets list";
  return new VaultError("not-found", `there is no secret "${name}"${where}`, meant === undefined ? hint : `did you mean "${meant}"? ${hint} shows what there is`);
}

/** Whether a secret counts as a group's own. */
export function isMember({ scope, groups }: NamedSecret, membership: Membership): boolean {
  return (scope.kind === "group" && isSameMembership(scope, membership)) || groups.some((member) => isSameMembership(member, membership));
}

/**
 * The secret that a name means to a group that wants it: its workspace's, else the global one, else the only one there is.
 *
 * @throws VaultError `not-found`; `usage` where several groups have one of that name.
 */
export function getAttachable<T extends NamedSecret>(secrets: readonly T[], name: string, { workspace }: Membership): T {
  const named = secrets.filter((secret) => secret.name === name);
  const nearest = named.find(({ scope }) => scope.kind === "workspace" && scope.workspace === workspace) ?? named.find(({ scope }) => scope.kind === "global");
  return nearest ?? getSecret(secrets, name, undefined);
}

/** @throws VaultError `not-found` where no secret of that name was attached to the group. */
export function getAttached<T extends NamedSecret>(secrets: readonly T[], name: string, membership: Membership): T {
  const attached = secrets.find((secret) => secret.name === name && secret.groups.some((member) => isSameMembership(member, membership)));
  if (attached === undefined) throw noSecret(name, secrets, ` attached to group "${membership.group}" of workspace "${membership.workspace}"`);
  return attached;
}

/** Whether a viewpoint sees the secret, or would if no nearer one had its name. */
export function isInSight(secret: NamedSecret, viewpoint: Viewpoint): boolean {
  return distanceTo(secret, viewpoint) !== undefined;
}

function distanceTo(secret: NamedSecret, { workspace, group }: Viewpoint): number | undefined {
  if (workspace !== undefined && group !== undefined && isMember(secret, { workspace, group })) return 0;
  if (secret.scope.kind === "workspace" && secret.scope.workspace === workspace) return 1;
  return secret.scope.kind === "global" ? 2 : undefined;
}

function requireKnown(secrets: readonly NamedSecret[], { workspace, group }: Viewpoint): void {
  if (workspace === undefined) return;
  const memberships = secrets.flatMap((secret) => [...secret.groups, ...(secret.scope.kind === "group" ? [secret.scope] : [])]);
  const isKnownGroup = memberships.some((member) => member.workspace === workspace && (group === undefined || member.group === group));
  const isKnownWorkspace = secrets.some(({ scope }) => scope.kind === "workspace" && scope.workspace === workspace);
  if (isKnownGroup || (group === undefined && isKnownWorkspace)) return;
  throw new VaultError("not-found", group === undefined ? `no secret belongs to workspace "${workspace}"` : `no secret belongs to group "${group}" of workspace "${workspace}"`, "the scopes there are: vault secrets list");
}

// Which identities a vault's owner has accepted, for what, and which were revoked since: by the vault's own audit log, which nobody changes or cuts without being found out. Pure.
import type { AuditEntry, AuditEvent } from "../../audit/entry.ts";
import type { DidKey } from "../../identity/did-key.ts";
import { parseDidKey } from "../../identity/did-key.ts";
import { isScopeId } from "../../vault/scope.ts";
import type { Viewpoint } from "../secrets/find-secret.ts";
import type { Admission } from "./admission.ts";
import { isSameViewpoint } from "./admission.ts";

const IDENTITY_ACCEPTED = "identity.accept";
const IDENTITY_REVOKED = "identity.revoke";

/** What the log tells so far. */
export type AcceptedIdentities = ReadonlyMap<DidKey, Admission>;

export function acceptanceOf(did: DidKey, handle: string, { workspace, group }: Viewpoint): AuditEvent {
  return { kind: IDENTITY_ACCEPTED, did, handle, workspace: workspace ?? null, group: group ?? null };
}

export function revocationOf(did: DidKey, handle: string): AuditEvent {
  return { kind: IDENTITY_REVOKED, did, handle };
}

/** @param entries of a log that was verified, in its order, from where `known` ends. */
export function followAcceptances(known: AcceptedIdentities, entries: Iterable<Pick<AuditEntry, "seq" | "event">>): AcceptedIdentities {
  let next: Map<DidKey, Admission> | undefined;
  for (const { seq, event } of entries) {
    // Whoever had the key that is given up here could have accepted himself.
    if (event["closesLog"] === true) next = new Map();
    if (event.kind !== IDENTITY_ACCEPTED && event.kind !== IDENTITY_REVOKED) continue;
    const did = parseDidKey(textOf(event["did"]))?.did;
    if (did === undefined) continue;
    next ??= new Map(known);
    const before = next.get(did);
    const viewpoint = findViewpoint(event);
    if (event.kind === IDENTITY_REVOKED || viewpoint === undefined) next.delete(did);
    else next.set(did, { handle: textOf(event["handle"]), viewpoints: [...(before?.viewpoints.filter((one) => !isSameViewpoint(one, viewpoint)) ?? []), viewpoint], since: before?.since ?? seq });
  }
  return next ?? known;
}

/** Undefined for one that this version does not understand: then it is better not to have it at all. */
function findViewpoint({ workspace, group }: AuditEvent): Viewpoint | undefined {
  const isKnown = (value: unknown): value is string | null => value === null || (typeof value === "string" && isScopeId(value));
  if (!isKnown(workspace) || !isKnown(group) || (group !== null && workspace === null)) return undefined;
  return { workspace: workspace ?? undefined, group: group ?? undefined };
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

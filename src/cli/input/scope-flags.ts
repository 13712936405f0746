import { Flags } from "@oclif/core";
import type { Viewpoint } from "../../app/secrets/find-secret.ts";
import { VaultError } from "../../errors.ts";
import type { Membership, Scope } from "../../vault/scope.ts";
import { isScopeId } from "../../vault/scope.ts";

export const viewpointFlags = {
  workspace: Flags.string({ description: "the workspace", helpValue: "W" }),
  group: Flags.string({ description: "the group, in the workspace", helpValue: "G" }),
};

export const scopeFlags = {
  scope: Flags.string({ description: "who sees the secret; follows from --workspace and --group when left out", options: ["global", "workspace", "group"] }),
  ...viewpointFlags,
};

interface GivenScope {
  readonly scope?: string | undefined;
  readonly workspace?: string | undefined;
  readonly group?: string | undefined;
}

/** The scope that the flags mean, undefined where none was given. @throws VaultError `usage` where they contradict each other. */
export function findScope(given: GivenScope): Scope | undefined {
  const { workspace, group } = parseViewpoint(given);
  const kind = given.scope ?? (group !== undefined ? "group" : workspace !== undefined ? "workspace" : undefined);
  switch (kind) {
    case undefined:
      return undefined;
    case "global":
      if (workspace !== undefined) throw new VaultError("usage", "--scope global takes no --workspace and no --group", "leave the two out, or leave out --scope");
      return { kind: "global" };
    case "workspace":
      if (workspace === undefined || group !== undefined) throw new VaultError("usage", "--scope workspace takes --workspace and no --group", "name it: --scope workspace --workspace W");
      return { kind: "workspace", workspace };
    default:
      if (workspace === undefined || group === undefined) throw new VaultError("usage", "--scope group takes --workspace and --group", "name both: --scope group --workspace W --group G");
      return { kind: "group", workspace, group };
  }
}

/** @throws VaultError `usage` for a group without its workspace, or an id that is not allowed. */
export function parseViewpoint({ workspace, group }: GivenScope): Viewpoint {
  if (group !== undefined && workspace === undefined) throw new VaultError("usage", "--group goes with --workspace", "name both: --workspace W --group G");
  for (const id of [workspace, group]) {
    if (id !== undefined && !isScopeId(id.normalize("NFC"))) throw new VaultError("usage", "an id of a workspace or group is 1 to 128 visible characters without spaces at its ends", "choose another, such as --workspace acme");
  }
  return { workspace: workspace?.normalize("NFC"), group: group?.normalize("NFC") };
}

/** @throws VaultError `usage` unless both were given. */
export function parseMembership(given: GivenScope): Membership {
  const { workspace, group } = parseViewpoint(given);
  if (workspace === undefined || group === undefined) throw new VaultError("usage", "say which group with --workspace and --group", "name both: --workspace W --group G");
  return { workspace, group };
}

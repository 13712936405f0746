// Who sees a secret: everyone (global), one workspace, or one group of a workspace.
import { VaultError } from "../errors.ts";
import * as json from "./json-shape.ts";
import { isPlainName } from "./visible-text.ts";

export type Scope =
  | { readonly kind: "global" }
  | { readonly kind: "workspace"; readonly workspace: string }
  | { readonly kind: "group"; readonly workspace: string; readonly group: string };

/** One group of one workspace. Two fields, never a joined string: `a:b` + `c` is not `a` + `b:c`. */
export interface Membership {
  readonly workspace: string;
  readonly group: string;
}

const ID_LENGTH_MAX = 128;
const GROUPS_MAX = 256;

/** An id of a workspace or group: visible text of up to 128 UTF-16 units, in NFC. */
export function isScopeId(id: string): boolean {
  return isPlainName(id, ID_LENGTH_MAX);
}

export function parseScope(value: unknown, what: string): Scope {
  const scope = json.parseObject(value, `the scope of ${what}`);
  switch (scope["kind"]) {
    case "global":
      return { kind: "global" };
    case "workspace":
      return { kind: "workspace", workspace: parseId(scope["workspace"], what) };
    case "group":
      return { kind: "group", workspace: parseId(scope["workspace"], what), group: parseId(scope["group"], what) };
    default:
      throw new VaultError("bad-schema", `the scope of ${what} is of no known kind`);
  }
}

export function encodeScope(scope: Scope): Scope {
  switch (scope.kind) {
    case "global":
      return { kind: "global" };
    case "workspace":
      return { kind: "workspace", workspace: scope.workspace };
    case "group":
      return { kind: "group", workspace: scope.workspace, group: scope.group };
  }
}

export function parseMemberships(value: unknown, what: string): Membership[] {
  const memberships = json.parseArray(value, GROUPS_MAX, `the groups of ${what}`).map((item) => {
    const membership = json.parseObject(item, `a group of ${what}`);
    return { workspace: parseId(membership["workspace"], what), group: parseId(membership["group"], what) };
  });
  const isSorted = memberships.every((membership, index) => {
    const before = memberships[index - 1];
    return before === undefined || compareMemberships(before, membership) < 0;
  });
  if (!isSorted) throw new VaultError("bad-schema", `the groups of ${what} are not sorted`);
  return memberships;
}

/** By workspace, then group, in UTF-16 units. */
export function compareMemberships(a: Membership, b: Membership): number {
  return compareText(a.workspace, b.workspace) || compareText(a.group, b.group);
}

export function isSameScope(a: Scope, b: Scope): boolean {
  return JSON.stringify(encodeScope(a)) === JSON.stringify(encodeScope(b));
}

export function isSameMembership(a: Membership, b: Membership): boolean {
  return compareMemberships(a, b) === 0;
}

/** How a person reads it: `global`, `workspace "w"`, `group "g" of workspace "w"`. */
export function describeScope(scope: Scope): string {
  switch (scope.kind) {
    case "global":
      return "global";
    case "workspace":
      return `workspace "${scope.workspace}"`;
    case "group":
      return `group "${scope.group}" of workspace "${scope.workspace}"`;
  }
}

function parseId(value: unknown, what: string): string {
  const id = json.parseText(value, `the scope of ${what}`);
  if (!isScopeId(id)) throw new VaultError("bad-schema", `the scope of ${what}: expected visible text in NFC`);
  return id;
}

/** By UTF-16 units: the order of every sorted list in the format. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

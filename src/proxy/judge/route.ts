// Where a connection of the child's leads, settled before the first request on it is read.
import { formatAuthority } from "../../vault/host.ts";
import type { Grant } from "../grants/grant.ts";
import type { AbsoluteTarget } from "../http1/request-head.ts";
import { isBoundTo } from "./policy.ts";
import { grantsClosing, grantsNaming } from "./run-rules.ts";

export interface Route extends AbsoluteTarget {
  /** `host:port`, as the audit log and refusals write it. */
  readonly authorityText: string;
  /** The grants that name the host. None where it is not bound. */
  readonly naming: readonly Grant[];
  /** Those that have a token endpoint there which is closed to the child. */
  readonly closing: readonly Grant[];
}

/** To be made once for many requests. */
export function makeRoute({ scheme, authority }: AbsoluteTarget, grants: readonly Grant[]): Route {
  return { scheme, authority, authorityText: formatAuthority(authority), naming: grantsNaming(grants, authority), closing: grantsClosing(grants, authority) };
}

/** Whether what is spoken with the host is the proxy's business at all. */
export function isLookedInto({ naming, closing }: Pick<Route, "naming" | "closing">): boolean {
  return naming.length + closing.length > 0;
}

/** Whether at this very port HTTP is spoken, and nothing else: a secret is bound to it, or comes from there. */
export function isServed({ naming, closing, authority }: Pick<Route, "naming" | "closing" | "authority">): boolean {
  return closing.length > 0 || naming.some((grant) => isBoundTo(grant, authority));
}

// Where a connection of the child's leads, settled before the first request on it is read.
import { formatAuthority } from "../../vault/host.ts";
import type { Grant } from "../grants/grant.ts";
import type { AbsoluteTarget } from "../http1/request-head.ts";
import { grantsNaming } from "./run-rules.ts";

export interface Route extends AbsoluteTarget {
  /** `host:port`, as the audit log and refusals write it. */
  readonly authorityText: string;
  /** The grants that name the host. None where it is not bound. */
  readonly naming: readonly Grant[];
}

/** To be made once for many requests. */
export function makeRoute({ scheme, authority }: AbsoluteTarget, grants: readonly Grant[]): Route {
  return { scheme, authority, authorityText: formatAuthority(authority), naming: grantsNaming(grants, authority) };
}

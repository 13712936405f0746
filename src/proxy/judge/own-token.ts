// Token endpoints at which the proxy answers by itself. Clients that are to ask for a token before they work get one that is worth something in this run alone: the placeholder.
import { formatAuthority } from "../../vault/host.ts";
import type { Grant } from "../grants/grant.ts";
import type { RequestHead } from "../http1/request-head.ts";
import type { Route } from "./route.ts";

/** For how many seconds clients take it for good: they ask again, and get the same. */
const LIFE_S = 3599;

/** Longer ones ask for no token. */
export const TOKEN_REQUEST_BYTES_MAX = 65_536;

/** The secrets whose token may be asked for there. */
export function grantsByToken({ method, target }: Pick<RequestHead, "method" | "target">, { scheme, authorityText }: Pick<Route, "scheme" | "authorityText">, grants: readonly Grant[]): readonly Grant[] {
  if (method !== "POST" || scheme !== "https") return [];
  return grants.filter(({ tokenEndpoint }) => tokenEndpoint !== undefined && tokenEndpoint.path === target && formatAuthority(tokenEndpoint.authority) === authorityText);
}

/** The one whose placeholder the form has as its refresh token. Whoever refreshes another asks the real endpoint. */
export function findAsked(grants: readonly Grant[], body: Uint8Array): Grant | undefined {
  if (grants.length === 0) return undefined;
  const token = new URLSearchParams(Buffer.from(body).toString("latin1")).get("refresh_token");
  return grants.find(({ placeholder }) => placeholder === token);
}

export function ownTokenOf({ placeholder }: Grant): string {
  return JSON.stringify({ access_token: placeholder, expires_in: LIFE_S, token_type: "Bearer" });
}

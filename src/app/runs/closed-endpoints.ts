// Where the tokens of a secret come from that is a login, or that a key mints: what its run must not ask by itself.
import type { Endpoint } from "../../proxy/grants/grant.ts";
import { findAuthority } from "../../vault/host.ts";
import type { Source } from "../../vault/source.ts";
import { tokenEndpointOf } from "../../vault/token-endpoint.ts";

export function closedEndpointsOf(source: Source): readonly Endpoint[] {
  const text = tokenEndpointOf(source);
  if (text === undefined) return [];
  const url = new URL(text);
  const authority = findAuthority(`${url.hostname}:${url.port === "" ? "443" : url.port}`);
  return authority === undefined ? [] : [{ authority, path: url.pathname }];
}

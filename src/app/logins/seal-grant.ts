// What becomes of a grant: the source that stands in the record, and what is sealed. Pure.
import { encodeSealedLogin } from "../../agent/sources/sealed-login.ts";
import type { Granted } from "../../agent/sources/token-endpoint.ts";
import type { Secret } from "../../secret.ts";
import { compareText } from "../../vault/scope.ts";
import { isEndpoint } from "../../vault/source.ts";
import type { LoginClient } from "./login-client.ts";
import type { LoginTarget } from "./login-target.ts";
import type { Oauth2Source } from "./remembered-login.ts";

/** So long a provider that failed is not asked again. */
const FAILURE_S = 10;
const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]{1,256}$/;
const SCOPES_MAX = 64;

/** @param asked for; what the provider has granted counts, where it says so: it may be less. */
export function sourceOf({ provider, issuer, endpoints, resource }: LoginTarget, client: LoginClient, asked: readonly string[], granted: Granted): Oauth2Source {
  const told = scopesOf(granted);
  return {
    kind: "oauth2",
    ttl: null,
    failureTtl: FAILURE_S,
    provider: provider ?? null,
    issuer: issuer === undefined ? null : asWritten(issuer),
    tokenEndpoint: endpoints.token,
    revocationEndpoint: endpoints.revocation ?? null,
    clientId: client.id,
    clientAuth: { kind: client.proof },
    scopes: sortedScopes(told ?? asked),
    parameters: resource === undefined ? [] : [{ name: "resource", value: resource }],
  };
}

/** Undefined where the provider does not say, or not in the way of the standard. Some are asked with spaces and answer with commas, as GitHub and LinkedIn do. */
export function scopesOf({ scope }: Granted): readonly string[] | undefined {
  const scopes = (scope ?? "").split(/[ ,]+/).filter((one) => one !== "");
  return scopes.length > 0 && scopes.every((one) => SCOPE.test(one)) ? scopes : undefined;
}

/** What a refresh needs later. Without a refresh token, the access token is all there is. */
export function sealGrant({ secret }: LoginClient, { accessToken, refreshToken, expiresMs }: Granted, roots: string | null): Secret {
  return encodeSealedLogin({
    refreshToken: refreshToken ?? null,
    clientSecret: secret === undefined ? null : Buffer.from(secret.reveal()).toString(),
    roots,
    access: refreshToken === undefined ? { token: accessToken ?? "", expiresAt: expiresMs === undefined ? null : new Date(expiresMs).toISOString() } : null,
  });
}

/** Servers compare it as text, and one without a path is often without its slash. */
function asWritten(issuer: string): string {
  return isEndpoint(issuer) ? issuer : new URL(issuer).href;
}

function sortedScopes(scopes: readonly string[]): readonly string[] {
  return [...new Set(scopes)].sort(compareText).slice(0, SCOPES_MAX);
}

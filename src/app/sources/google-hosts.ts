// Which hosts the token of a service account of Google's goes to, by what it is for: none of them is a stranger's.
import { VaultError } from "../../errors.ts";

const SCOPE = /^https:\/\/www\.googleapis\.com\/auth\/([a-z]+)(?:[./][a-z._-]*)?$/;
/** APIs whose host is called otherwise than the scope. */
const OTHERWISE: Readonly<Record<string, string>> = { calendar: "calendar-json", contacts: "people", devstorage: "storage", documents: "docs", presentations: "slides", spreadsheets: "sheets", userinfo: "www" };
/** For every API, or for many. */
const WIDE = ["cloud", "userinfo"];
/** Older addresses of most APIs, and uploads. */
const FOR_ALL = "www.googleapis.com:443";

/** Where client libraries ask for tokens: a run answers there by itself, which it does at bound hosts alone. */
export const GOOGLE_TOKEN_HOST = "oauth2.googleapis.com:443";

/** Canonical host bindings. @throws VaultError `usage` where the scopes do not say. */
export function googleHosts(scopes: readonly string[]): string[] {
  const named = scopes.flatMap((scope) => {
    const api = scope === "https://mail.google.com/" ? "gmail" : SCOPE.exec(scope)?.[1];
    return api === undefined || WIDE.includes(api) || scope.endsWith("/cloud-platform") ? [] : [`${OTHERWISE[api] ?? api}.googleapis.com:443`];
  });
  return named.length === 0 ? [] : [...new Set([FOR_ALL, ...named])];
}

/** @throws VaultError `usage`. */
export function requireGoogleHosts(hosts: readonly string[]): void {
  if (hosts.length === 0) throw new VaultError("usage", "its scopes do not say which of Google's APIs the secret is for", "--host bigquery.googleapis.com, for each of them");
}

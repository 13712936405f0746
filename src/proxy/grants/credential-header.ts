// Which request headers carry credentials, and so are where a placeholder may act. A list, and no guess by how a name ends: servers publish headers of any
// name (`x-amz-meta-api-key` comes back to whoever reads the object), and one that is missing here is named by a service's file or by `--inject header:NAME`.
import type { Grant } from "./grant.ts";
import { lowerCase } from "./header-name.ts";

/** What the APIs that people use read keys from. On it is only what a server takes for a credential and keeps to itself. */
const USUAL = new Set(
  [
    // HTTP's own (RFC 9110, RFC 6265).
    "authorization cookie",
    // What frameworks and gateways call a key.
    "x-api-key api-key apikey x-apikey api_key x-api-token api-token x-api-secret api-secret x-auth-token auth-token x-auth-key x-auth-secret x-access-token access-token x-access-key",
    "x-app-key x-app-token x-app-secret x-application-key x-client-secret x-secret-key x-session-token x-user-token x-token x-authorization x-functions-key ocp-apim-subscription-key",
    // Models and search.
    "x-goog-api-key xi-api-key x-subscription-token x-bb-api-key helicone-auth cf-aig-authorization x-portkey-api-key x-typesense-api-key x-algolia-api-key x-meili-api-key",
    // Code, builds, packages.
    "private-token job-token deploy-token circle-token x-buildkite-token x-jfrog-art-api x-nuget-apikey x-octopus-apikey project-access-token",
    // Clouds, secrets, monitoring.
    "x-vault-token x-consul-token x-nomad-token cf-access-client-secret dd-api-key dd-application-key x-honeycomb-team x-insert-key x-query-key x-license-key x-rollbar-access-token x-hasura-admin-secret",
    "x-parse-rest-api-key x-parse-master-key",
    // Shops, mail, design, data, media.
    "x-shopify-access-token x-shopify-storefront-access-token x-postmark-server-token x-postmark-account-token x-figma-token x-rapidapi-key x-mbx-apikey x-cmc_pro_api_key x-cg-pro-api-key x-finnhub-token",
    "x-redmine-api-key x-tableau-auth x-plex-token x-emby-token",
  ].flatMap((line) => line.split(" ")),
);

/** Headers whose value others get to read, or that a proxy reads itself: no key is put there, unless the file of its service says so. An underscore counts as a hyphen, as it does to servers. */
const NEVER: readonly (readonly [pattern: RegExp, why: string])[] = [
  [/(?:^|-)(?:meta|metadata|info|tagging|tags)(?:-|$)/, "object stores keep it with the object, and hand it to whoever reads that"],
  [/^(?:content|x-ms-blob)-|^(?:cache-control|expires|etag|last-modified)$/, "stores keep it with what they keep, and hand it to whoever reads that"],
  [/(?:^|-)(?:link|location|refresh)$/, "it says where others are sent"],
  [/^(?:forwarded|via|from|origin|referer|user-agent|host|date)$|^x-(?:forwarded|original|real)-|^access-control-/, "servers write it into logs and answers"],
  [/^(?:sec|proxy|if)-|^(?:accept|range|expect|te|trailer|upgrade|connection|keep-alive|transfer-encoding|http2-settings)(?:-|$)/, "it says how the message is sent, and carries no key"],
];

/** Whether the header is one of those that usually carry credentials. @param name in any case. */
export function isCredentialHeader(name: string): boolean {
  return USUAL.has(lowerCase(name));
}

/** Why no key may be put into the header, whatever its binding says; undefined where one may. @param name in any case. */
export function whyNoKeyIn(name: string): string | undefined {
  const hyphened = name.toLowerCase().replaceAll("_", "-");
  return NEVER.find(([pattern]) => pattern.test(hyphened))?.[1];
}

/** Whether the header is one of this secret's own: its service takes it there, or the user has named it. @param name in any case. */
export function isOwnHeader(name: string, grant: Grant): boolean {
  const lower = lowerCase(name);
  return grant.pin?.spots.some((spot) => spot.place === "header" && spot.header === lower) === true || isNamedFor(lower, grant);
}

/** Whether the user has named the header for this secret. @param lower in lower case. */
export function isNamedFor(lower: string, { places }: Grant): boolean {
  return places.includes(`header:${lower}`) && whyNoKeyIn(lower) === undefined;
}

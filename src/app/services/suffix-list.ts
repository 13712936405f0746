// Names under which anybody can have a name of their own: a wildcard just below one would send a secret to strangers.
// The list of the browsers (publicsuffix.org) is a package of its own, which an installation can update by itself, and is loaded only where a wildcard is asked for.
import { VaultError } from "../../errors.ts";
import type { HostBinding } from "../../vault/host.ts";
import { findCanonicalBinding, formatHostBinding } from "../../vault/host.ts";

/** What that list lacks: it separates cookies, and these are mostly APIs, where each customer's key goes to a host of that customer's. */
const CUSTOMERS_BELOW = new Set([
  ...["algolia.net", "algolianet.com", "amazonaws.com", "atlassian.net", "auth0.com", "azure-devices.net", "azurecr.io", "azuredatabricks.net", "b-cdn.net", "cloud.databricks.com"],
  ...["cloudapp.azure.com", "cloudflareaccess.com", "cognitiveservices.azure.com", "database.windows.net", "dfs.core.windows.net", "documents.azure.com", "endpoints.huggingface.cloud"],
  ...["firebaseio.com", "lhr.life", "loca.lt", "modal.run", "mongodb.net", "my.salesforce.com", "nip.io", "okta.com", "openai.azure.com", "queue.core.windows.net", "railway.app"],
  ...["redis.cache.windows.net", "search.windows.net", "service-now.com", "services.ai.azure.com", "sharepoint.com", "snowflakecomputing.com", "sslip.io", "table.core.windows.net"],
  ...["upstash.io", "vault.azure.net", "wordpress.com", "zendesk.com"],
]);

/** Stands for whatever label a wildcard would match; no suffix of the list has it. */
const ANY_LABEL = "vault-any-label";

/** The name that somebody has had registered, or was given by who sells names below his own: whoever has that has every host below it. A host without one is its own. @param host canonical, without port. */
export async function ownDomainOf(host: string): Promise<string> {
  const seller = [...CUSTOMERS_BELOW].find((name) => host.endsWith(`.${name}`));
  if (seller !== undefined) return `${host.slice(0, -seller.length - 1).split(".").at(-1) ?? ""}.${seller}`;
  const { getDomain } = await import("tldts");
  return getDomain(host, { allowPrivateDomains: true }) ?? host;
}

/**
 * Asked where a binding is made, and not where one is read: the lists change, and what the vault holds must stay readable.
 * The list's private part counts as much as that of the registries: `*.github.io` and `*.herokuapp.com` are other people's sites just as `*.co.uk` are.
 *
 * @param hosts canonical texts of bindings.
 * @throws VaultError `usage`.
 */
export async function requireOwnWildcards(hosts: readonly string[]): Promise<void> {
  const wildcards = hosts.map(findCanonicalBinding).filter((binding): binding is HostBinding => binding?.wildcard === true);
  if (wildcards.length === 0) return;
  const { getPublicSuffix } = await import("tldts");
  for (const binding of wildcards) {
    // Of `*.compute.amazonaws.com` each host below is a suffix itself, which the name without the label does not show.
    const suffix = getPublicSuffix(`${ANY_LABEL}.${binding.host}`, { allowPrivateDomains: true }) ?? "";
    if (suffix.length < binding.host.length && !CUSTOMERS_BELOW.has(binding.host)) continue;
    throw new VaultError("usage", `"${formatHostBinding(binding)}" would reach hosts of strangers: anybody can have a name below "${binding.host}"`, `name the host itself, or a wildcard below your own name: *.you.${binding.host}`);
  }
}

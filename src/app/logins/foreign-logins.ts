// A server that was found by its metadata may name anybody's pages and endpoints, and an MCP server any server that is not its own. Somebody who logs in there gives consent to the other one, and the token that comes of it goes to the first.
import { VaultError } from "../../errors.ts";
import type { Provider } from "../../providers/entry.ts";
import { listProviders } from "../../providers/registry.ts";
import { settleProvider } from "../../providers/settle.ts";
import { findService, makeRegistry } from "../../services/registry.ts";
import { findCanonicalBinding } from "../../vault/host.ts";
import { ownDomainOf } from "../services/suffix-list.ts";
import type { DeviceCode } from "./device-flow.ts";
import type { LoginTarget } from "./login-target.ts";

/**
 * @param address as the person has typed it.
 * @returns what the person is told, where one logs in elsewhere than there; undefined where one does not.
 * @throws VaultError `no-value` where the endpoints are those of a provider that is known, and the address is none of that one's: its tokens are good for more than was asked for.
 */
export async function judgeForeignLogins(address: string, { endpoints: { authorization, token, device } }: Pick<LoginTarget, "endpoints">): Promise<string | undefined> {
  return judge(address, [authorization, token, device]);
}

/** The same for the pages that a code is typed at: a server can hand on a code that another has given to it, and whoever types that logs the server in. A provider's own file answers for its pages. */
export async function judgeForeignPages({ provider, endpoints: { device } }: Pick<LoginTarget, "provider" | "endpoints">, { page, pageWithCode }: Pick<DeviceCode, "page" | "pageWithCode">): Promise<string | undefined> {
  return provider !== undefined || device === undefined ? undefined : judge(device, [page, pageWithCode]);
}

async function judge(address: string, urls: readonly (string | undefined)[]): Promise<string | undefined> {
  const typed = new URL(address).hostname;
  const domain = await ownDomainOf(typed);
  const foreign = await filterForeign(hostsOf(urls), [domain]);
  if (foreign.length === 0) return undefined;
  const owner = listProviders().find((provider) => endpointsOf(provider).some((host) => foreign.includes(host)));
  if (owner !== undefined && !(await isOneOf(owner, typed, domain))) {
    throw new VaultError("no-value", `"${typed}" has its logins at ${foreign.join(" and ")}, which is ${owner.title}'s: a token of ${owner.title} would be sent to ${typed}`, `to log in at ${owner.title} for itself: vault login ${owner.id}`);
  }
  return `${typed} has its logins at ${foreign.join(" and ")}: what you consent to there, ${typed} can use`;
}

/** Whether the host gets the provider's tokens anyway, or has its name. */
async function isOneOf(provider: Provider, host: string, domain: string): Promise<boolean> {
  const service = provider.service === undefined ? undefined : findService(makeRegistry(), provider.service);
  const bound = [...provider.hosts, ...(service?.hosts ?? [])].flatMap((binding) => findCanonicalBinding(binding)?.host ?? []);
  return bound.includes(host) || (await filterForeign(endpointsOf(provider), [domain])).length < endpointsOf(provider).length;
}

/** Of a provider whose servers are its customers', none is known. */
function endpointsOf(provider: Provider): readonly string[] {
  if (provider.base !== undefined && provider.base.url === undefined) return [];
  const { authorization, token, device } = settleProvider(provider, undefined).endpoints;
  return hostsOf([authorization, token, device]);
}

function hostsOf(urls: readonly (string | undefined)[]): readonly string[] {
  return [...new Set(urls.flatMap((url) => (url === undefined ? [] : new URL(url).hostname)))];
}

async function filterForeign(hosts: readonly string[], domains: readonly string[]): Promise<readonly string[]> {
  const own = await Promise.all(hosts.map(ownDomainOf));
  return hosts.filter((_, index) => !domains.includes(own[index] ?? ""));
}

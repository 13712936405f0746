// A provider at one base URL: what the templates of its file come to.
import { VaultError } from "../errors.ts";
import type { Endpoints, Provider } from "./entry.ts";
import { BASE, isBase } from "./entry.ts";

/** A provider whose URLs stand. */
export interface SettledProvider extends Omit<Provider, "base"> {
  /** Undefined where the user has said another base: what is below it is not the service's. */
  readonly service: string | undefined;
  /** Canonical bindings. */
  readonly hosts: readonly string[];
  readonly endpoints: Endpoints;
}

/**
 * @param baseUrl as the user has typed it; undefined for the provider's own.
 * @throws VaultError `usage` for a base URL where there is none to give, for none where there has to be one, and for one that is not an https URL.
 */
export function settleProvider(provider: Provider, baseUrl: string | undefined): SettledProvider {
  const base = settleBase(provider, baseUrl);
  const isElsewhere = base !== provider.base?.url;
  const settle = (text: string): string => (base !== undefined && text.startsWith(BASE) ? text.replace(BASE, () => base) : text);
  const settleIfThere = (text: string | undefined): string | undefined => (text === undefined ? undefined : settle(text));
  const { authorization, token, device, revocation, registration } = provider.endpoints;
  return {
    ...provider,
    service: isElsewhere ? undefined : provider.service,
    hosts: provider.hosts.map((host) => (base !== undefined && host === BASE ? bindingOf(base) : host)),
    endpoints: { authorization: settleIfThere(authorization), token: settle(token), device: settleIfThere(device), revocation: settleIfThere(revocation), registration: settleIfThere(registration) },
    client: provider.client.from === "user" ? { ...provider.client, page: settle(provider.client.page) } : provider.client,
    account: provider.account === undefined ? undefined : { ...provider.account, url: settle(provider.account.url) },
  };
}

function settleBase({ id, base }: Provider, given: string | undefined): string | undefined {
  if (given === undefined) {
    if (base !== undefined && base.url === undefined) throw new VaultError("usage", `each customer of "${id}" has a server, and this one is not said`, `--base-url ${base.example}`);
    return base?.url;
  }
  if (base === undefined) throw new VaultError("usage", `"${id}" is in one place, and takes no --base-url`, "leave it out, or use --issuer for a server of your own");
  const url = URL.canParse(given) ? new URL(given) : undefined;
  const text = url === undefined || url.username !== "" || url.password !== "" || url.hash !== "" ? "" : url.href.replace(/\/+$/, "");
  if (!isBase(text)) throw new VaultError("usage", "the base URL is not an https URL without query", `such as --base-url ${base.example}`);
  return text;
}

function bindingOf(base: string): string {
  const { host, port } = new URL(base);
  return port === "" ? `${host}:443` : host;
}

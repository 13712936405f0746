import { VaultError } from "../../errors.ts";
import type { Service } from "../../services/entry.ts";

/**
 * A secret that is pinned to a service goes to that service's hosts, and to others only where the user has said so in so many words:
 * whoever talks somebody into one more `--host` is told what that does.
 *
 * @param further hosts that are none of the pin's.
 * @throws VaultError `usage`.
 */
export function requireNotWidened(name: string, service: string, further: readonly string[], isSaid: boolean): void {
  const [host] = further;
  if (host === undefined || isSaid) return;
  throw new VaultError("usage", `"${name}" is pinned to the hosts of "${service}", and "${host}" is none of them`, "--widen lets it go there as well: whoever answers at that host gets the key");
}

/** @throws VaultError `usage` for a secret of a service of which each customer has a host, where the user has named none. */
export function requireHost(name: string, service: Service, hosts: readonly string[]): void {
  if (service.hosts.length > 0 || hosts.length > 0) return;
  throw new VaultError("usage", `each customer of "${service.id}" has a host, and "${name}" goes to yours alone`, `say which it is: ${service.ownHosts.map((domain) => `--host NAME.${domain}`).join(", or ")}`);
}

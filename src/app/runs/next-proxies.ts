// The user's own proxies, as the environment names them, for connections outwards: of a run, or of a broker's sessions.
import { VaultError } from "../../errors.ts";
import type { FindNextProxy } from "../../proxy/upstream/next-proxy.ts";
import { chooseProxy, findUnusableVariable, isLoopback } from "../../run/clients/proxy-variables.ts";
import type { Surroundings } from "../surroundings.ts";

type Variables = Surroundings["variables"];

/** @throws VaultError `usage` for a variable that names a proxy of another kind: nothing goes past it. */
export function requireUsableProxies(variables: Variables): void {
  const unusable = findUnusableVariable(variables);
  if (unusable !== undefined) throw new VaultError("usage", `the variable "${unusable}" names no HTTP proxy, and without it requests would go out another way than you want`, "set HTTPS_PROXY and HTTP_PROXY to http://host:port, or unset it");
}

/** By the variables as they are when it is asked. */
export function nextProxyFinder(variables: Variables): FindNextProxy {
  return (scheme, { host, port }) => {
    const choice = chooseProxy(variables, scheme, host, port);
    return choice.kind === "proxy" && !isLoopback(host) ? choice.proxy : undefined;
  };
}

// Behind a wall the loopback is the program's own: its servers are there, and ports of the host that were named. What heeds proxy variables has to be told, or it asks a proxy outside, whose localhost is another. Pure.
//
// Without a wall it stays as it is: there the proxy's localhost is the program's, and what goes past the proxy has no value of a secret bound to it.
import type { HostBinding } from "../vault/host.ts";
import { filterNoProxy } from "./clients/no-proxy.ts";

type Variables = Readonly<Record<string, string>>;

/** Not `::1`, however it is written: httpx, and with it every SDK on it, fails at that before it asks anybody. */
const OWN = "localhost,127.0.0.1";
const ADDRESSES: readonly string[] = ["127.0.0.1", "::1"];
/** What npm and global-agent prefer to these, where it is set. */
const FURTHER = /^(?:npm_config_noproxy|global_agent_no_proxy)$/i;

/**
 * The variables with what is the program's own in NO_PROXY.
 *
 * @param bindings of the run's secrets: what is bound to a host there must not go astray.
 * @param isTransparent whether what is dialled at a bound port of it arrives at the proxy in any case. Otherwise only variables lead there.
 */
export function nameOwnLoopback(variables: Variables, bindings: readonly HostBinding[], isTransparent: boolean): Variables {
  const { kept } = filterNoProxy(OWN, isTransparent ? bindings.filter((binding) => isMistaken(binding, bindings)) : bindings);
  if (kept === "") return variables;
  const add = (text: string): string => (text === "" ? kept : `${text},${kept}`);
  const { NO_PROXY: upper = "", no_proxy: lower = "" } = variables;
  const further = Object.entries(variables).filter(([name]) => FURTHER.test(name)).map(([name, value]) => [name, add(value)] as const);
  // Most prefer the lower case where both are set: it must not hide what the user has named in the upper.
  return { ...variables, ...Object.fromEntries(further), NO_PROXY: add(upper === "" ? lower : upper), no_proxy: add(lower === "" ? upper : lower) };
}

/** What is dialled by this name is taken for another host, as both have the same address. */
function isMistaken({ host, port }: HostBinding, bindings: readonly HostBinding[]): boolean {
  if (host.endsWith(".localhost")) return true;
  return host === "localhost" && bindings.some((other) => other.port === port && ADDRESSES.includes(other.host));
}

// NO_PROXY: which entries could make some client go past the proxy to a bound host.
import { BlockList, isIP, isIPv6 } from "node:net";
import type { HostBinding } from "../../vault/host.ts";
import { findAuthority } from "../../vault/host.ts";

export interface NoProxy {
  /** The value without the dropped entries; the very text that came in when nothing was dropped. */
  readonly kept: string;
  readonly dropped: readonly string[];
}

/**
 * Takes out the entries by which any client might bypass a bound host. No two clients agree on the grammar (curl and Go match whole labels, Python's requests any suffix,
 * some know ports, CIDR, `*` or `<local>`), so an entry goes when one of their readings matches. Dropping one too many costs a tunnel through the proxy; keeping one sends placeholders past it.
 */
export function filterNoProxy(value: string, bindings: readonly HostBinding[]): NoProxy {
  const entries = value.split(/[,\s]+/).filter((entry) => entry !== "");
  const dropped = entries.filter((entry) => bindings.some((binding) => mayBypass(entry, binding)));
  return { kept: dropped.length === 0 ? value : entries.filter((entry) => !dropped.includes(entry)).join(","), dropped };
}

function mayBypass(entry: string, binding: HostBinding): boolean {
  const bare = entry.toLowerCase().replace(/^[a-z][a-z0-9+.-]*:\/\/([^/]*).*$/, "$1");
  const { host, port } = splitPort(bare);
  if (port !== undefined && port !== binding.port) return false;
  if (host === "<local>") return !binding.host.includes(".");
  const pattern = host.replace(/^[*.]+/, "");
  if (pattern === "") return true;
  if (holdsAddress(pattern, binding.host)) return true;
  if (pattern.includes("*")) return mayMatchGlob(binding, pattern.split("*"));
  const canonical = findAuthority(`${isIPv6(pattern) ? `[${pattern}]` : pattern}:1`)?.host;
  return mayEndWith(binding, pattern) || (canonical !== undefined && mayEndWith(binding, canonical));
}

function splitPort(text: string): { readonly host: string; readonly port: number | undefined } {
  if (isIPv6(text)) return { host: text, port: undefined };
  const [, host = text, port] = /^(.*?)(?::([0-9]+))?$/s.exec(text) ?? [];
  return { host: host.replace(/^\[(.*)\]$/s, "$1"), port: port === undefined ? undefined : Number(port) };
}

/** Whether a CIDR block holds the bound address. */
function holdsAddress(pattern: string, address: string): boolean {
  const [, network = "", bits] = /^([^/]+)\/([0-9]{1,3})$/.exec(pattern) ?? [];
  const family = isIPv6(network) ? "ipv6" : "ipv4";
  if (isIP(address) === 0 || isIP(network) === 0 || Number(bits) > (family === "ipv6" ? 128 : 32)) return false;
  const block = new BlockList();
  block.addSubnet(network, Number(bits), family);
  return block.check(address, isIPv6(address) ? "ipv6" : "ipv4");
}

/** Whether the binding allows a host with this ending. A wildcard stands for one label. */
function mayEndWith({ host, wildcard }: HostBinding, ending: string): boolean {
  if (!wildcard) return host.endsWith(ending);
  const base = `.${host}`;
  return base.endsWith(ending) || (ending.endsWith(base) && !ending.slice(0, -base.length).includes("."));
}

/** Whether the parts stand in this order, the last at the end. What a wildcard's label may hold is not looked into. */
function mayMatchGlob(binding: HostBinding, parts: readonly string[]): boolean {
  const last = parts.at(-1) ?? "";
  if (!mayEndWith(binding, last)) return false;
  if (binding.wildcard) return true;
  let at = 0;
  for (const part of parts.slice(0, -1)) {
    const found = binding.host.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return binding.host.length - last.length >= at;
}

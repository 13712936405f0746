// Host bindings: where a secret may be sent. One grammar for the command line, the vault file and the proxy.
import { domainToASCII } from "node:url";
import { isIPv4, isIPv6 } from "node:net";
import { VaultError } from "../errors.ts";

const DEFAULT_PORT = 443;

/** An exact authority. `host` is canonical: lower-case A-labels, dotted IPv4, or RFC 5952 IPv6 without brackets. */
export interface Authority {
  readonly host: string;
  readonly port: number;
}

/** Where a secret may go: one authority, or every host one label below `host` when `wildcard` is set. */
export interface HostBinding extends Authority {
  readonly wildcard: boolean;
}

const LABEL = /^(?!-)[a-z0-9_-]{1,63}(?<!-)$/;
const NUMERIC_LABEL = /^(?:[0-9]+|0x[0-9a-f]*)$/;
const PORT = /^[1-9][0-9]{0,4}$/;

/**
 * Reads what a user types (`api.github.com`, `*.example.com:8443`, `[::1]:443`, `bücher.example`) into its canonical form.
 * Without a port it means 443.
 *
 * @throws VaultError `usage` for anything else: schemes, paths, user names, numbers that only look like addresses.
 */
export function parseHostBinding(text: string): HostBinding {
  const refuse = (why: string): never => {
    throw new VaultError("usage", `"${text}" is not a host: ${why}`, "give a host as api.example.com, api.example.com:8443, *.example.com or [::1]:8443");
  };
  if (/[/\\@?#%\s]/.test(text)) return refuse("only a name and a port may stand here");
  const wildcard = text.startsWith("*.");
  const authority = splitAuthority(wildcard ? text.slice(2) : text);
  if (authority === undefined) return refuse("the port must be a number from 1 to 65535");
  const host = findCanonicalHost(authority.host);
  if (host === undefined) return refuse("this is no host name and no address");
  if (wildcard && !mayStandUnderWildcard(host)) return refuse("a wildcard needs at least two fixed labels after it");
  return { host, port: authority.port ?? DEFAULT_PORT, wildcard };
}

/** The canonical text of a binding, port always shown: the form that the vault file holds and the AAD binds. */
export function formatHostBinding(binding: HostBinding): string {
  return `${binding.wildcard ? "*." : ""}${formatAuthority(binding)}`;
}

export function formatAuthority({ host, port }: Authority): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/** The binding that a canonical text means, or undefined where the text is not canonical (FORMAT.md, "Hosts"). */
export function findCanonicalBinding(text: string): HostBinding | undefined {
  const wildcard = text.startsWith("*.");
  const authority = splitAuthority(wildcard ? text.slice(2) : text);
  if (authority?.port === undefined || !isCanonicalHost(authority.host)) return undefined;
  if (wildcard && !mayStandUnderWildcard(authority.host)) return undefined;
  const binding = { host: authority.host, port: authority.port, wildcard };
  return formatHostBinding(binding) === text ? binding : undefined;
}

/** The canonical authority of `host:port` with the port required (RFC 9112 section 3.2.3), or undefined. */
export function findAuthority(text: string): Authority | undefined {
  if (/[/\\@?#%\s*]/.test(text)) return undefined;
  const authority = splitAuthority(text);
  if (authority?.port === undefined) return undefined;
  const host = findCanonicalHost(authority.host);
  return host === undefined ? undefined : { host, port: authority.port };
}

/** True where the binding allows exactly this authority; a wildcard stands for one label, at the dot (RFC 9525 section 6.3). */
export function bindingAllows(binding: HostBinding, authority: Authority): boolean {
  if (binding.port !== authority.port) return false;
  if (!binding.wildcard) return binding.host === authority.host;
  const dot = authority.host.indexOf(".");
  return dot > 0 && authority.host.slice(dot + 1) === binding.host;
}

/** Whether every authority that `wanted` means is one that `bound` means. */
export function isWithin(wanted: HostBinding, bound: HostBinding): boolean {
  if (!wanted.wildcard) return bindingAllows(bound, wanted);
  return bound.wildcard && bound.host === wanted.host && bound.port === wanted.port;
}

/** Splits at the last colon outside brackets. IPv6 needs its brackets, so that `::1:443` means nothing, and has no zone: that names an interface of one machine. */
function splitAuthority(text: string): { host: string; port: number | undefined } | undefined {
  const match = /^(\[[^\]]*\]|[^:[\]]*)(?::(.*))?$/s.exec(text);
  if (match === null) return undefined;
  const [, bracketed = "", portText] = match;
  const isBracketed = bracketed.startsWith("[");
  const host = isBracketed ? bracketed.slice(1, -1) : bracketed;
  if (isBracketed && (!isIPv6(host) || host.includes("%"))) return undefined;
  if (portText === undefined) return { host, port: undefined };
  if (!PORT.test(portText) || Number(portText) > 65_535) return undefined;
  return { host, port: Number(portText) };
}

/** Lower-case A-labels without the root dot, dotted IPv4, or RFC 5952 IPv6. `0x7f.1` and `２１３０７０６４３３` become the address that they mean (WHATWG URL). */
function findCanonicalHost(host: string): string | undefined {
  if (isColoned(host) && isIPv6(host)) return new URL(`http://[${host}]/`).hostname.slice(1, -1);
  const ascii = domainToASCII(host.endsWith(".") ? host.slice(0, -1) : host);
  return isCanonicalHost(ascii) ? ascii : undefined;
}

function isCanonicalHost(host: string): boolean {
  if (isIPv4(host)) return true;
  if (isColoned(host)) return isIPv6(host) && new URL(`http://[${host}]/`).hostname === `[${host}]`;
  const labels = host.split(".");
  const last = labels.at(-1) ?? "";
  return host.length <= 253 && labels.every((label) => LABEL.test(label)) && !NUMERIC_LABEL.test(last);
}

/** Of a canonical host. */
export function isAddress(host: string): boolean {
  return isIPv4(host) || (isColoned(host) && isIPv6(host));
}

/** Every IPv6 address has a colon, and Node's own check takes 5 ms the first time. */
function isColoned(host: string): boolean {
  return host.includes(":");
}

/** At least two fixed labels. What strangers share is refused where a binding is made (`app/suffix-list.ts`): that list changes, and the format cannot. */
function mayStandUnderWildcard(host: string): boolean {
  return host.includes(".") && !isIPv4(host) && !isColoned(host);
}

// Which proxy the variables of an environment name for a request, as curl, Go and Python read them. Pure.
import { BlockList, isIP, isIPv6 } from "node:net";

export type ProxiedScheme = "http" | "https";

export interface ProxyAddress {
  /** Whether the way to the proxy itself is TLS (`https://proxy:8443`). */
  readonly isTls: boolean;
  /** Without brackets. */
  readonly host: string;
  readonly port: number;
  /** What goes into `Proxy-Authorization`: for the wire to this proxy only. */
  readonly authorization: string | undefined;
}

/** `unusable`: the variable names something that is no HTTP proxy. What it holds may be a credential, so only its name is told. */
export type ProxyChoice = { readonly kind: "direct" } | { readonly kind: "proxy"; readonly proxy: ProxyAddress } | { readonly kind: "unusable"; readonly variable: string };

type Variables = Readonly<Record<string, string | undefined>>;

const DIRECT: ProxyChoice = { kind: "direct" };
const NAMES: Readonly<Record<ProxiedScheme, readonly string[]>> = {
  http: ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"],
  https: ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"],
};
const URL_FORM = /^(?:(https?):\/\/)?(?:([^/@]*)@)?(\[[0-9a-f:.]+\]|[^:/?#@[\]\s]+)(?::([0-9]{1,5}))?\/?$/i;

/**
 * The proxy for a host. Lower case counts before upper, and a scheme's own variable before ALL_PROXY.
 *
 * @param host without brackets.
 */
export function chooseProxy(variables: Variables, scheme: ProxiedScheme, host: string, port: number): ProxyChoice {
  const variable = NAMES[scheme].find((name) => (variables[name] ?? "") !== "");
  if (variable === undefined) return DIRECT;
  const noProxy = ["no_proxy", "NO_PROXY"].map((name) => variables[name] ?? "").find((text) => text !== "") ?? "";
  if (isExempt(noProxy, host, port)) return DIRECT;
  const proxy = findProxyAddress(variables[variable] ?? "");
  return proxy === undefined ? { kind: "unusable", variable } : { kind: "proxy", proxy };
}

/** The variable that stands for a proxy of another kind (SOCKS, say), so that a run can be refused before its requests go out without that proxy. */
export function findUnusableVariable(variables: Variables): string | undefined {
  const inForce = [NAMES.http, NAMES.https].map((names) => names.find((name) => (variables[name] ?? "") !== ""));
  return inForce.find((name) => name !== undefined && findProxyAddress(variables[name] ?? "") === undefined);
}

/** The proxy of `[http[s]://][user[:password]@]host[:port]`, or undefined. Without a port it is the scheme's own, as with Go and Python. */
export function findProxyAddress(text: string): ProxyAddress | undefined {
  const match = URL_FORM.exec(text.trim());
  if (match === null) return undefined;
  const [, scheme = "http", credential, host = "", portText] = match;
  const isTls = scheme.toLowerCase() === "https";
  const port = portText === undefined ? (isTls ? 443 : 80) : Number(portText);
  if (port < 1 || port > 65_535) return undefined;
  return { isTls, host: host.replace(/^\[(.*)\]$/, "$1"), port, authorization: credential === undefined ? undefined : basicOf(credential) };
}

/** Whether the text is the address of a run's proxy, as `Proxy.url` has it. The token in it is no credential of the user's. */
export function isRunProxy(text: string): boolean {
  return /^http:\/\/vault:[0-9a-f]{64}@127\.0\.0\.1:[0-9]+$/.test(text);
}

/** Whether the text has the form that the address of a run's proxy has behind the wall, where nobody else is and no token is needed. Outside, it may be anybody's. */
export function isWalledProxy(text: string): boolean {
  return /^http:\/\/127\.0\.0\.1:[0-9]+$/.test(text);
}

/** NO_PROXY: hosts with all that is below them, each with a port or without; addresses; blocks of them (CIDR); `*` for everything. */
export function isExempt(noProxy: string, host: string, port: number): boolean {
  const name = host.toLowerCase();
  return noProxy.split(/[,\s]+/).some((entry) => {
    if (entry === "*") return true;
    const [, pattern = "", portText] = isIPv6(entry) ? [entry, entry] : (/^(.*?)(?::([0-9]+))?$/s.exec(entry.toLowerCase()) ?? []);
    if (pattern === "" || (portText !== undefined && Number(portText) !== port)) return false;
    const bare = pattern.replace(/^\[(.*)\]$/, "$1").replace(/^\*?\./, "");
    return name === bare || (isIP(name) === 0 ? name.endsWith(`.${bare}`) : holdsAddress(bare, name));
  });
}

function holdsAddress(pattern: string, address: string): boolean {
  const [, network = "", bits] = /^([^/]+)\/([0-9]{1,3})$/.exec(pattern) ?? [];
  const family = isIPv6(network) ? "ipv6" : "ipv4";
  if (isIP(network) === 0 || Number(bits) > (family === "ipv6" ? 128 : 32)) return false;
  const block = new BlockList();
  block.addSubnet(network, Number(bits), family);
  return block.check(address, isIPv6(address) ? "ipv6" : "ipv4");
}

/** Hosts that a proxy on another machine must not be asked for: its own loopback would not be the one that is meant. */
export function isLoopback(host: string): boolean {
  return /^(?:localhost|.*\.localhost|127\.[0-9.]+|::1)$/i.test(host);
}

/** Percent-encoding is undone (RFC 3986 section 3.2.1); what is none stands for itself. */
function basicOf(credential: string): string {
  const colon = credential.indexOf(":");
  const [user, password] = colon < 0 ? [credential, ""] : [credential.slice(0, colon), credential.slice(colon + 1)];
  return `Basic ${Buffer.from(`${decode(user)}:${decode(password)}`).toString("base64")}`;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

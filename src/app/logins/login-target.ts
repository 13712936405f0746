// Where somebody logs in: a provider that is known, or a server that has said by its metadata what it can do. Pure.
import type { Account, Client, Endpoints, Flow, Parameter, Redirect } from "../../providers/entry.ts";
import type { SettledProvider } from "../../providers/settle.ts";

export interface LoginTarget {
  /** Undefined for a server that was found by its metadata. */
  readonly provider: string | undefined;
  /** As the person calls it. */
  readonly title: string;
  /** What its answers call it (RFC 9207), and its own name in its metadata. Undefined where nobody said. */
  readonly issuer: string | undefined;
  /** Whether its answers say so each time. */
  readonly namesItself: boolean;
  readonly endpoints: Endpoints;
  /** RFC 8707. */
  readonly resource: string | undefined;
  /** In order of preference. */
  readonly flows: readonly Flow[];
  /** Whether it checks a code challenge. */
  readonly pkce: boolean;
  readonly redirect: Redirect;
  /** `any`: one of the user's, of which nothing else is known. */
  readonly client: Client | { readonly from: "any" };
  /** How a client that has a secret shows it. */
  readonly secretIn: "basic" | "post";
  readonly scopes: { readonly usual: readonly string[]; readonly separator: " " | "," };
  readonly authorizationParameters: readonly Parameter[];
  readonly account: Account | undefined;
  /** What the secret is, unless the user says otherwise. */
  readonly secret: { readonly name: string; readonly service: string | undefined; readonly hosts: readonly string[] };
}

/** What a server says of itself, as far as a login needs it (RFC 8414, OpenID Connect Discovery). */
export interface ServerMetadata {
  readonly issuer: string;
  readonly namesItself: boolean;
  readonly endpoints: Endpoints;
  /** Undefined where it does not say. */
  readonly challengeMethods: readonly string[] | undefined;
  readonly authMethods: readonly string[] | undefined;
  readonly scopes: readonly string[];
}

/** What a resource says of itself (RFC 9728). */
export interface ResourceMetadata {
  readonly resource: string;
  readonly server: string;
  readonly scopes: readonly string[];
}

export function targetOfProvider(provider: SettledProvider): LoginTarget {
  const { id, title, variable, service, hosts, endpoints, resource, flows, pkce, redirect, client, scopes, authorizationParameters, account } = provider;
  return { provider: id, title, issuer: undefined, namesItself: false, endpoints, resource, flows, pkce, redirect, client, secretIn: client.from === "user" ? client.secretIn : "basic", scopes, authorizationParameters, account, secret: { name: variable, service, hosts: service === undefined ? hosts : [] } };
}

/** @param address as the user has typed it: of the server, or of the resource where there is one. */
export function targetOfServer(address: string, server: ServerMetadata, resource: ResourceMetadata | undefined): LoginTarget {
  const { issuer, namesItself, endpoints, authMethods } = server;
  const { host, hostname, port } = new URL(resource?.resource ?? address);
  const flows: Flow[] = [...(endpoints.authorization === undefined ? [] : ["browser" as const]), ...(endpoints.device === undefined ? [] : ["device" as const])];
  // Without this scope, and without being asked again, OpenID servers give no refresh token (OpenID Connect Core, section 11).
  const isOfflineKnown = server.scopes.includes("offline_access");
  return {
    provider: undefined,
    title: host,
    issuer,
    namesItself,
    endpoints,
    resource: resource?.resource,
    flows,
    pkce: true,
    redirect: { host: "127.0.0.1", exactPort: false },
    client: { from: endpoints.registration === undefined ? "any" : "registration" },
    // What holds where nothing is said (RFC 8414, section 2).
    secretIn: authMethods?.includes("client_secret_basic") === false ? "post" : "basic",
    scopes: { usual: [...(resource?.scopes ?? []), ...(isOfflineKnown ? ["offline_access"] : [])], separator: " " },
    authorizationParameters: isOfflineKnown ? [{ name: "prompt", value: "consent" }] : [],
    account: undefined,
    secret: { name: nameOf(hostname), service: undefined, hosts: resource === undefined ? [] : [port === "" ? `${hostname}:443` : host] },
  };
}

/** `MCP_LINEAR_APP_TOKEN` for `mcp.linear.app`. */
export function nameOf(hostname: string): string {
  const words = hostname.toUpperCase().replaceAll(/[^A-Z0-9]+/g, "_").replaceAll(/^_|_$/g, "");
  return `${/^[0-9]/.test(words) ? "_" : ""}${words.slice(0, 100)}_TOKEN`;
}

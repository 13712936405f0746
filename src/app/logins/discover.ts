// What a server says of itself: an authorization server by its metadata (RFC 8414, OpenID Connect Discovery), an MCP server or another protected resource by the one that it points to (RFC 9728).
import type { AuthorizationServer } from "oauth4webapi";
import { customFetch, discoveryRequest, processDiscoveryResponse } from "oauth4webapi";
import { VaultError } from "../../errors.ts";
import { isEndpoint } from "../../vault/source.ts";
import type { Ask } from "./ask.ts";
import { requireUrl } from "./ask.ts";
import type { ResourceMetadata, ServerMetadata } from "./login-target.ts";
import { findObject } from "./said.ts";

export interface Discovered {
  readonly server: ServerMetadata;
  readonly resource: ResourceMetadata | undefined;
}

/**
 * @param address of an authorization server, or of a resource that names one.
 * @throws VaultError `usage` for what is no https URL; `no-value` where nothing is found there. What `ask` throws.
 */
export async function discover(address: string, ask: Ask): Promise<Discovered> {
  const url = requireUrl(address, "--issuer");
  const server = await findServer(url, ask);
  if (server !== undefined) return { server, resource: undefined };
  const resource = await findResource(url, ask);
  if (resource !== undefined) {
    const named = await findServer(requireUrl(resource.server, "the authorization server that the resource names"), ask);
    if (named === undefined) throw new VaultError("no-value", `${url.host} names ${resource.server} for logins, which has no metadata under that name`);
    return { server: named, resource };
  }
  // Before there was RFC 9728, an MCP server was its own authorization server, at the root of its host.
  const root = url.pathname === "/" ? undefined : await findServer(new URL("/", url), ask);
  if (root !== undefined) return { server: root, resource: { resource: url.href, server: root.issuer, scopes: [] } };
  throw new VaultError("no-value", `${url.href} says nothing of logins: it has the metadata neither of an authorization server nor of a resource that names one`, "take the issuer's address as its documentation writes it");
}

/** One that calls itself by another name is none of ours: with a name of its choosing it could stand in for another server. */
async function findServer(issuer: URL, ask: Ask): Promise<ServerMetadata | undefined> {
  for (const algorithm of ["oauth2", "oidc"] as const) {
    const response = await discoveryRequest(issuer, { algorithm, [customFetch]: ask });
    const found = response.status === 200 ? await processDiscoveryResponse(issuer, response).catch(() => undefined) : undefined;
    if (found !== undefined) return readServer(found);
  }
  return undefined;
}

/** @throws VaultError `no-value` for endpoints that are no plain https URLs. */
function readServer(found: AuthorizationServer): ServerMetadata {
  const endpoint = (name: string): string | undefined => {
    const value = found[name];
    if (value === undefined || value === null) return undefined;
    const url = typeof value === "string" && URL.canParse(value) ? new URL(value).href : "";
    if (!isEndpoint(url)) throw new VaultError("no-value", `${found.issuer} has a ${name.replaceAll("_", " ")} that is no plain https URL`);
    return url;
  };
  const token = endpoint("token_endpoint");
  if (token === undefined) throw new VaultError("no-value", `${found.issuer} has no token endpoint`);
  return {
    issuer: found.issuer,
    namesItself: found.authorization_response_iss_parameter_supported === true,
    endpoints: { authorization: endpoint("authorization_endpoint"), token, device: endpoint("device_authorization_endpoint"), revocation: endpoint("revocation_endpoint"), registration: endpoint("registration_endpoint") },
    challengeMethods: textsOf(found.code_challenge_methods_supported),
    authMethods: textsOf(found.token_endpoint_auth_methods_supported),
    scopes: textsOf(found.scopes_supported) ?? [],
  };
}

async function findResource(url: URL, ask: Ask): Promise<ResourceMetadata | undefined> {
  const path = url.pathname === "/" ? "" : url.pathname;
  const places = [`${url.origin}/.well-known/oauth-protected-resource${path}`, ...(path === "" ? [] : [`${url.origin}/.well-known/oauth-protected-resource`])];
  for (const place of places) {
    const response = await ask(place, { headers: { accept: "application/json" } });
    const found = response.status === 200 ? readResource(url, await response.text()) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Pure. Undefined for what is no such metadata, or of another resource: a token for that would be good there. */
export function readResource(url: URL, text: string): ResourceMetadata | undefined {
  const { resource: name, authorization_servers: servers, scopes_supported: scopes } = findObject(text);
  if (typeof name !== "string" || !URL.canParse(name)) return undefined;
  const resource = new URL(name);
  const isOurs = resource.origin === url.origin && resource.hash === "" && (url.href === resource.href || (resource.search === "" && `${url.pathname}/`.startsWith(resource.pathname.replace(/\/?$/, "/"))));
  const [server] = textsOf(servers) ?? [];
  if (!isOurs || server === undefined) return undefined;
  // As it was written: servers compare it as text.
  return { resource: name, server, scopes: textsOf(scopes) ?? [] };
}

function textsOf(value: unknown): readonly string[] | undefined {
  return Array.isArray(value) ? value.filter((one): one is string => typeof one === "string") : undefined;
}

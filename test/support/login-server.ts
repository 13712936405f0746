// A real authorization server (oidc-provider) over TLS, with the pages on which somebody logs in, and an API beside it that takes its access tokens. With an MCP server's metadata, where a test wants that (RFC 9728).
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { ClientMetadata, Configuration } from "oidc-provider";
import Provider from "oidc-provider";
import { makeTestCa } from "./test-ca.ts";

export const API_SCOPE = "api:read";

export interface LoginServerOptions {
  /** How long access tokens are good, in seconds. */
  readonly accessTtl?: number;
  /** Whether there is a refresh token. */
  readonly refreshes?: boolean;
  readonly clients?: readonly ClientMetadata[];
  readonly registers?: boolean;
  readonly device?: boolean;
  /** Where its endpoints are, instead of where they usually are. */
  readonly routes?: Configuration["routes"];
  /** Answers in the server's place where it returns true. */
  readonly intercept?: (request: IncomingMessage, response: ServerResponse) => boolean;
}

export interface LoginServer {
  readonly issuer: string;
  readonly port: number;
  readonly authority: string;
  /** PEM of what has to be trusted. */
  readonly certificate: string;
  readonly provider: Provider;
  /** What arrived, as `POST /token`, without queries. */
  readonly asked: () => readonly string[];
  /** The access tokens that the API has been shown, and taken. */
  readonly admitted: () => readonly string[];
  /** Grants by which a token was made: `authorization_code`, `refresh_token`, … */
  readonly granted: () => readonly string[];
  close(): Promise<void>;
}

/** A public client on a desktop, as RFC 8252 has it: any port of this machine. */
export const DESKTOP: ClientMetadata = { client_id: "desktop", token_endpoint_auth_method: "none", application_type: "native", redirect_uris: ["http://127.0.0.1/callback"], grant_types: ["authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code"], response_types: ["code"] };
export const CONFIDENTIAL: ClientMetadata = { ...DESKTOP, client_id: "confidential", client_secret: "secret of the client: % and +", token_endpoint_auth_method: "client_secret_basic" };

export async function openLoginServer({ accessTtl = 3600, refreshes = true, clients = [DESKTOP, CONFIDENTIAL], registers = true, device = true, routes = {}, intercept = () => false }: LoginServerOptions = {}): Promise<LoginServer> {
  const ca = makeTestCa();
  const { cert, key } = ca.identityFor("localhost");
  const [asked, admitted, granted]: [string[], string[], string[]] = [[], [], []];
  let answer: (request: IncomingMessage, response: ServerResponse) => void = (_request, response) => { response.writeHead(503).end(); };
  const server = createServer({ cert, key }, (request, response) => {
    asked.push(`${request.method ?? ""} ${(request.url ?? "").replace(/\?.*/s, "")}`);
    if (!intercept(request, response)) answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const issuer = `https://localhost:${port}`;
  const provider = new Provider(issuer, configure(issuer, { accessTtl, refreshes, clients: clients.map((client) => ({ ...client, grant_types: client.grant_types?.filter((type) => device || !type.includes("device")) })), registers, device, routes }));
  provider.on("grant.success", (context) => { granted.push(String(context.oidc.params?.["grant_type"])); });
  const callback = provider.callback();
  answer = (request, response) => {
    if (request.url?.startsWith("/api") === true) void serveApi(request, response);
    else if (request.url === "/.well-known/oauth-protected-resource/api") response.setHeader("content-type", "application/json").end(JSON.stringify({ resource: `${issuer}/api`, authorization_servers: [issuer], scopes_supported: [API_SCOPE] }));
    else void callback(request, response);
  };
  const serveApi = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? "")?.[1] ?? "";
    const found = await provider.AccessToken.find(token);
    if (found === undefined || found.isExpired) {
      response.writeHead(401, { "www-authenticate": `Bearer resource_metadata="${issuer}/.well-known/oauth-protected-resource/api"` }).end("who are you?\n");
      return;
    }
    admitted.push(token);
    response.setHeader("content-type", "application/json").end(JSON.stringify({ login: found.accountId, scope: found.scope, audience: found.aud }));
  };
  return {
    issuer, port, provider,
    authority: `localhost:${port}`,
    certificate: ca.certificate,
    asked: () => asked,
    admitted: () => admitted,
    granted: () => granted,
    close: () => new Promise((resolve) => {
      server.closeAllConnections();
      server.close(() => { resolve(); });
    }),
  };
}

function configure(issuer: string, { accessTtl, refreshes, clients, registers, device, routes }: { readonly accessTtl: number; readonly refreshes: boolean; readonly clients: ClientMetadata[]; readonly registers: boolean; readonly device: boolean; readonly routes: Configuration["routes"] }): Configuration {
  return {
    routes,
    clients,
    cookies: { keys: ["a key of this test"] },
    scopes: ["openid", "offline_access", API_SCOPE],
    claims: { openid: ["sub"] },
    ttl: { AccessToken: accessTtl, DeviceCode: 600, Grant: 3600, Interaction: 600, Session: 3600, RefreshToken: 3600, AuthorizationCode: 60, IdToken: 600 },
    rotateRefreshToken: true,
    issueRefreshToken: () => refreshes,
    findAccount: (_context, sub) => ({ accountId: sub, claims: () => ({ sub }) }),
    features: {
      devInteractions: { enabled: true },
      deviceFlow: { enabled: device },
      registration: { enabled: registers, initialAccessToken: false },
      revocation: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => [],
        useGrantedResource: () => true,
        getResourceServerInfo: (_context, resource) => ({ scope: API_SCOPE, audience: resource === `${issuer}/api` ? resource : "elsewhere", accessTokenTTL: accessTtl, accessTokenFormat: "opaque" }),
      },
    },
  };
}

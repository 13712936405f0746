// A real authorization server (oidc-provider) on this machine: it rotates refresh tokens, and ends a login one of whose tokens it sees twice. Beside it, a server that takes access tokens which are good at that moment, and nothing else.
import type { RequestListener, Server } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import Provider from "oidc-provider";
import type { Configuration } from "oidc-provider";
import type { LivingSource } from "../../src/vault/source.ts";
import { makeTestCa } from "./test-ca.ts";

export const CLIENT_ID = "vault-test";

export interface AuthorizationServer {
  /** PEM. */
  readonly certificate: string;
  readonly tokenEndpoint: string;
  /** Of the server that takes the tokens: `localhost:PORT`. */
  readonly apiHost: string;
  /** The source of a login here. */
  readonly source: Extract<LivingSource, { readonly kind: "oauth2" }>;
  /** A person has logged in: the refresh token. */
  logIn(): Promise<string>;
  /** How often a token was asked for, and how many of these were under way at once at most. */
  readonly asked: () => number;
  readonly mostAtOnce: () => number;
  /** What the endpoint said no to. */
  readonly errors: () => readonly string[];
  /** Of requests to the other server: whether the token was good when it came. */
  readonly arrived: () => readonly boolean[];
  readonly arrivedTokens: () => readonly string[];
  /** Of those whose token was not good when it came. */
  readonly late: () => readonly Late[];
  /** The person has taken back what was granted. */
  endLogins(): Promise<void>;
  close(): Promise<void>;
}

export interface Late {
  /** What was asked for. */
  readonly target: string;
  /** When the token's time was over, in milliseconds since 1970; undefined for one that was never given out. */
  readonly endedMs: number | undefined;
}

export interface AuthorizationOptions {
  /** Life of an access token. */
  readonly seconds?: number;
  /** How long the token endpoint thinks before it has a look at the question. */
  readonly thinksMs?: number;
  /** How long it takes to say what it has done. */
  readonly answersMs?: number;
  readonly doesRotate?: boolean;
  /** More of oidc-provider's own settings. */
  readonly configuration?: Configuration;
}

export async function openAuthorizationServer({ seconds = 3600, thinksMs = 0, answersMs = 0, doesRotate = true, configuration = {} }: AuthorizationOptions = {}): Promise<AuthorizationServer> {
  const ca = makeTestCa();
  const identity = ca.identityFor("localhost");
  const listening: Server[] = [];
  const listen = async (listener: RequestListener): Promise<number> => {
    const server = createServer(identity, listener);
    listening.push(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return (server.address() as AddressInfo).port;
  };
  let answer: RequestListener = () => undefined;
  const counts = { asked: 0, atOnce: 0, mostAtOnce: 0 };
  const [arrived, arrivedTokens, grants, late]: [boolean[], string[], string[], Late[]] = [[], [], [], []];
  const endsMs = new Map<string, number>();
  const port = await listen((request, response) => {
    if (request.url !== "/token") {
      answer(request, response);
      return;
    }
    counts.asked += 1;
    counts.atOnce += 1;
    counts.mostAtOnce = Math.max(counts.mostAtOnce, counts.atOnce);
    response.once("close", () => { counts.atOnce -= 1; });
    const end = response.end.bind(response) as (body?: unknown) => typeof response;
    if (answersMs > 0) Object.assign(response, { end: (body?: unknown) => { void sleep(answersMs).then(() => end(body)); } });
    void sleep(thinksMs).then(() => { answer(request, response); });
  });
  const issuer = `https://localhost:${port}`;
  const provider = new Provider(issuer, {
    clients: [{ client_id: CLIENT_ID, token_endpoint_auth_method: "none", application_type: "native", redirect_uris: ["http://127.0.0.1/"], grant_types: ["authorization_code", "refresh_token"], response_types: ["code"] }],
    ttl: { AccessToken: seconds, RefreshToken: 86_400, Grant: 86_400 },
    rotateRefreshToken: doesRotate,
    findAccount: (_context, accountId) => ({ accountId, claims: () => ({ sub: accountId }) }),
    ...configuration,
  });
  const errors: string[] = [];
  provider.on("grant.error", (_context, error) => { errors.push(error.error_description ?? error.error); });
  // It counts in whole seconds.
  provider.on("access_token.saved", ({ jti }) => { endsMs.set(jti, (Math.floor(Date.now() / 1000) + seconds) * 1000); });
  const callback = provider.callback();
  answer = (request, response) => { void callback(request, response); };
  const apiPort = await listen((request, response) => {
    const token = (request.headers.authorization ?? "").replace("Bearer ", "");
    void provider.AccessToken.find(token).then((found) => {
      const good = found?.isValid === true;
      arrived.push(good);
      arrivedTokens.push(token);
      if (!good) late.push({ target: request.url ?? "", endedMs: endsMs.get(token) });
      response.writeHead(good ? 200 : 401).end(good ? "good" : "bad");
    });
  });
  return {
    certificate: ca.certificate,
    tokenEndpoint: `${issuer}/token`,
    apiHost: `localhost:${apiPort}`,
    source: { kind: "oauth2", ttl: null, failureTtl: 1, provider: null, issuer, tokenEndpoint: `${issuer}/token`, revocationEndpoint: null, clientId: CLIENT_ID, clientAuth: { kind: "none" }, scopes: ["offline_access", "openid"], parameters: [] },
    async logIn() {
      const { grantId, refreshToken } = await logIn(provider);
      grants.push(grantId);
      return refreshToken;
    },
    asked: () => counts.asked,
    mostAtOnce: () => counts.mostAtOnce,
    errors: () => errors,
    arrived: () => arrived,
    arrivedTokens: () => arrivedTokens,
    late: () => late,
    async endLogins() {
      for (const grantId of grants) await provider.RefreshToken.revokeByGrantId(grantId);
    },
    async close() {
      for (const server of listening) server.closeAllConnections();
      await Promise.all(listening.map((server) => new Promise((resolve) => server.close(resolve))));
    },
  };
}

/** What the end of the browser's way does. */
async function logIn(provider: Provider): Promise<{ readonly grantId: string; readonly refreshToken: string }> {
  const client = await provider.Client.find(CLIENT_ID);
  if (client === undefined) throw new Error("there is no client");
  const scope = "openid offline_access";
  const grant = new provider.Grant({ accountId: "somebody", clientId: CLIENT_ID });
  grant.addOIDCScope(scope);
  const grantId = await grant.save();
  const token = new provider.RefreshToken({ accountId: "somebody", client, grantId, scope, gty: "authorization_code" });
  return { grantId, refreshToken: await token.save() };
}

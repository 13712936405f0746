// HTTPS servers that grant tokens as providers do: a token endpoint like Google's and an API like GitHub's, which check the caller's JWT with `jose`.
import type { KeyObject } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { jwtVerify } from "jose";
import { makeSelfSigned } from "./self-signed.ts";

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface GrantingServer {
  readonly url: string;
  readonly port: number;
  /** PEM of the certificate that it shows. */
  readonly roots: string;
  readonly asked: readonly Asked[];
  close(): Promise<void>;
}

/** @param answer undefined: nothing ever comes. */
export async function openGrantingServer(answer: (asked: Asked) => Answer | undefined | Promise<Answer | undefined>, host = "localhost"): Promise<GrantingServer> {
  const { certificate, key } = makeSelfSigned(host);
  const asked: Asked[] = [];
  const server = createServer({ cert: certificate, key }, (request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const one: Asked = { method: request.method ?? "", path: request.url ?? "", headers: request.headers, body: Buffer.concat(chunks).toString() };
      asked.push(one);
      void (async () => {
        const given = await answer(one);
        if (given !== undefined) response.writeHead(given.status, { "content-type": "application/json", ...given.headers }).end(given.body);
      })();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `https://${host}:${port}`,
    port,
    roots: certificate,
    asked,
    close: () => new Promise((resolve) => {
      server.close(() => { resolve(); });
      server.closeAllConnections();
    }),
  };
}

export function json(status: number, body: unknown, headers?: Readonly<Record<string, string>>): Answer {
  return { status, body: JSON.stringify(body), ...(headers === undefined ? {} : { headers }) };
}

export interface GoogleAccount {
  readonly publicKey: KeyObject;
  readonly email: string;
  readonly scope: string;
  /** What `aud` has to be. */
  readonly audience: () => string;
  /** The server's clock; the machine's where none is given. */
  readonly nowMs?: () => number;
}

/** Grants `token-1`, `token-2` …, for an hour each, as https://oauth2.googleapis.com/token does. */
export function grantLikeGoogle({ publicKey, email, scope, audience, nowMs = Date.now }: GoogleAccount): (asked: Asked) => Promise<Answer> {
  let count = 0;
  return async ({ method, headers, body }) => {
    const date = { date: new Date(nowMs()).toUTCString() };
    const form = new URLSearchParams(body);
    if (method !== "POST" || headers["content-type"]?.startsWith("application/x-www-form-urlencoded") !== true || form.get("grant_type") !== "urn:ietf:params:oauth:grant-type:jwt-bearer") return json(400, { error: "unsupported_grant_type" }, date);
    try {
      const { payload } = await jwtVerify(form.get("assertion") ?? "", publicKey, { algorithms: ["RS256"], issuer: email, audience: audience(), currentDate: new Date(nowMs()), maxTokenAge: 3600, requiredClaims: ["exp"] });
      if (payload["scope"] !== scope) return json(400, { error: "invalid_scope", error_description: "Invalid OAuth scope or ID token audience provided." }, date);
      return json(200, { access_token: `ya29.token-${(count += 1)}-${"x".repeat(120)}`, expires_in: 3599, token_type: "Bearer" }, date);
    } catch {
      return json(400, { error: "invalid_grant", error_description: "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe." }, date);
    }
  };
}

export interface GithubApp {
  readonly publicKey: KeyObject;
  readonly clientId: string;
  readonly installation: number;
  /** All that the installation has. */
  readonly repositories: readonly string[];
  readonly permissions: Readonly<Record<string, string>>;
  readonly nowMs?: () => number;
}

const LEVELS = ["read", "write", "admin"];

/** Grants tokens of an installation for an hour each, narrowed as asked, as `POST /app/installations/N/access_tokens` does. */
export function grantLikeGithub({ publicKey, clientId, installation, repositories, permissions, nowMs = Date.now }: GithubApp): (asked: Asked) => Promise<Answer> {
  let count = 0;
  return async ({ method, path, headers, body }) => {
    const date = { date: new Date(nowMs()).toUTCString() };
    const refuse = (status: number, message: string): Answer => json(status, { message, documentation_url: "https://docs.github.com/rest" }, date);
    if (headers["user-agent"] === undefined) return refuse(403, "Request forbidden by administrative rules");
    try {
      await jwtVerify(/^Bearer (.+)$/.exec(headers.authorization ?? "")?.[1] ?? "", publicKey, { algorithms: ["RS256"], issuer: clientId, currentDate: new Date(nowMs()), maxTokenAge: 600, requiredClaims: ["exp"] });
    } catch {
      return refuse(401, "A JSON web token could not be decoded");
    }
    if (method !== "POST" || path !== `/app/installations/${installation}/access_tokens`) return refuse(404, "Not Found");
    const asked = JSON.parse(body) as { repositories?: string[]; permissions?: Record<string, string> };
    if (asked.repositories?.every((name) => repositories.includes(name)) === false) return refuse(422, "There is at least one repository that does not exist or is not accessible to the parent installation.");
    if (Object.entries(asked.permissions ?? {}).some(([name, level]) => LEVELS.indexOf(level) > LEVELS.indexOf(permissions[name] ?? ""))) return refuse(422, "The permissions requested are not granted to this installation.");
    return json(201, {
      token: `ghs_${String((count += 1)).padStart(36, "a")}`,
      expires_at: new Date(nowMs() + 3_600_000).toISOString(),
      permissions: asked.permissions === undefined ? permissions : { ...asked.permissions, metadata: "read" },
      repository_selection: asked.repositories === undefined ? "all" : "selected",
      ...(asked.repositories === undefined ? {} : { repositories: asked.repositories.map((name, id) => ({ id, name, full_name: `acme/${name}` })) }),
    }, date);
  };
}

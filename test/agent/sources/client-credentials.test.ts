// Tokens of a client's own, as `oidc-provider` grants them over TLS.
import { generateKeyPairSync } from "node:crypto";
import type { Server } from "node:https";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import Provider from "oidc-provider";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { makeValue } from "../../../src/agent/sources/makers.ts";
import { SourceFailure } from "../../../src/agent/sources/source-maker.ts";
import type { AskedMint } from "../../../src/app/sources/minted-source.ts";
import { planMinted } from "../../../src/app/sources/minted-source.ts";
import { Secret } from "../../../src/secret.ts";
import { json, openGrantingServer } from "../../support/granting-server.ts";
import { makeSelfSigned } from "../../support/self-signed.ts";

type AskedClient = Extract<AskedMint, { readonly kind: "client-credentials" }>;

const SECRET = "client+secret/of%the:test";
const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const PEM = privateKey.export({ type: "sec1", format: "pem" }).toString();
const { certificate, key } = makeSelfSigned("localhost");
let server: Server;
let issuer: string;

beforeAll(async () => {
  server = createServer({ cert: certificate, key });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  issuer = `https://localhost:${(server.address() as AddressInfo).port}`;
  const client = { grant_types: ["client_credentials"], redirect_uris: [], response_types: [], client_secret: SECRET };
  const provider = new Provider(issuer, {
    clients: [
      { ...client, client_id: "by-basic", token_endpoint_auth_method: "client_secret_basic" },
      { ...client, client_id: "by-post", scope: "read", token_endpoint_auth_method: "client_secret_post" },
      { ...client, client_id: "by-key", client_secret: undefined, token_endpoint_auth_method: "private_key_jwt", token_endpoint_auth_signing_alg: "ES256", jwks: { keys: [{ ...publicKey.export({ format: "jwk" }), kid: "k1", alg: "ES256", use: "sig" }] } },
    ],
    scopes: ["read", "write"],
    features: { clientCredentials: { enabled: true }, devInteractions: { enabled: false } },
    ttl: { ClientCredentials: 600 },
  });
  const serve = provider.callback();
  server.on("request", (request, response) => { void serve(request, response); });
});
afterAll(() => new Promise<void>((resolve) => {
  server.close(() => { resolve(); });
  server.closeAllConnections();
}));

const asked = (changes: Partial<AskedClient>): AskedClient => ({ kind: "client-credentials", ttl: 300, failureTtl: 10, roots: certificate, tokenEndpoint: `${issuer}/token`, issuer: null, clientId: "by-basic", clientAuth: "basic", algorithm: undefined, keyId: null, scopes: [], parameters: [], ...changes });

async function make(order: AskedClient, material: string, nowMs = Date.now()): Promise<number | string> {
  try {
    const { value, expiresMs } = await makeValue({ ...planMinted(order, Secret.fromText(material)), nowMs, signal: new AbortController().signal });
    expect(value.length).toBeGreaterThan(20);
    return (expiresMs ?? 0) - nowMs;
  } catch (error) {
    if (error instanceof SourceFailure) return `${error.failure.reason}: ${error.failure.said}`;
    throw error;
  }
}

test.each<[string, Partial<AskedClient>, string]>([
  ["a secret in Basic", {}, SECRET],
  ["a secret in the form", { clientId: "by-post", clientAuth: "post" }, SECRET],
  ["a JWT of its own", { clientId: "by-key", clientAuth: "private-key-jwt", keyId: "k1" }, PEM],
  ["scopes", { scopes: ["write", "read"] }, SECRET],
])("by %s", async (_name, changes, material) => {
  expect(await make(asked(changes), material)).toBe(600_000);
});

test.each<[string, Partial<AskedClient>, string, string]>([
  ["another secret", {}, "another", "denied: invalid_client"],
  ["another key", { clientId: "by-key", clientAuth: "private-key-jwt", keyId: "k1" }, generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ type: "pkcs8", format: "pem" }).toString(), "denied: invalid_client"],
  ["a scope that the client may not have", { clientId: "by-post", clientAuth: "post", scopes: ["write"] }, SECRET, "denied: invalid_scope"],
])("%s is refused", async (_name, changes, material, said) => {
  expect(await make(asked(changes), material)).toContain(said);
});

test("the issuer may be named", async () => {
  expect(await make(asked({ clientId: "by-key", clientAuth: "private-key-jwt", issuer }), PEM)).toBe(600_000);
});

test("a clock that is an hour off: a refusal tells of it", async () => {
  const refusing = await openGrantingServer(() => json(401, { error: "invalid_client" }, { date: new Date(Date.now() - 3_600_000).toUTCString() }));
  onTestFinished(() => refusing.close());
  expect(await make(asked({ tokenEndpoint: `${refusing.url}/token`, roots: refusing.roots, clientAuth: "private-key-jwt" }), PEM)).toMatch(/^denied: invalid_client \(this machine's clock is 3\d\d\d seconds ahead of the server's\)$/);
});

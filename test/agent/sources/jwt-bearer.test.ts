// Keys that mint: asked of real servers over TLS, which check what was signed with `jose`.
import { createPublicKey, generateKeyPairSync } from "node:crypto";
import { describe, expect, onTestFinished, test } from "vitest";
import { makeValue } from "../../../src/agent/sources/makers.ts";
import type { Failure, MadeValue } from "../../../src/agent/sources/source-maker.ts";
import type { AskedMint } from "../../../src/app/sources/minted-source.ts";
import { planMinted } from "../../../src/app/sources/minted-source.ts";
import { Secret } from "../../../src/secret.ts";
import type { Answer, Asked, GrantingServer } from "../../support/granting-server.ts";
import { grantLikeGithub, grantLikeGoogle, json, openGrantingServer } from "../../support/granting-server.ts";
import { failureOf } from "../../support/source-failure.ts";

const NOW = Date.now();
const HOUR = 3_600_000;
const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const publicKey = createPublicKey(privateKey);
/** As GitHub hands its keys out, and as Google does. */
const PKCS1 = privateKey.export({ type: "pkcs1", format: "pem" }).toString();
const PKCS8 = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
const SCOPE = "https://www.googleapis.com/auth/devstorage.read_only";
const EMAIL = "robot@project.iam.gserviceaccount.example";

type AskedJwt = Extract<AskedMint, { readonly kind: "jwt-bearer" }>;
const asked: AskedJwt = { kind: "jwt-bearer", ttl: 300, failureTtl: 10, roots: null, algorithm: undefined, keyId: null, lifetime: 300, claims: [], tokenEndpoint: undefined, scopes: [], parameters: [], installation: undefined };

async function serve(answer: (asked: Asked) => Answer | undefined | Promise<Answer | undefined>): Promise<GrantingServer> {
  const server = await openGrantingServer(answer);
  onTestFinished(() => server.close());
  return server;
}

function make(order: AskedMint, material: string, { nowMs = NOW, signal = new AbortController().signal } = {}): Promise<MadeValue> {
  return makeValue({ ...planMinted(order, Secret.fromText(material)), nowMs, signal });
}

const textOf = ({ value }: MadeValue): string => Buffer.from(value.reveal()).toString();

describe("a service account of Google's", () => {
  const account = (server: GrantingServer): string => JSON.stringify({ type: "service_account", project_id: "p", private_key_id: "k1", private_key: PKCS8, client_email: EMAIL, client_id: "1", token_uri: `${server.url}/token` });
  const google = async (changes: { readonly nowMs?: () => number } = {}): Promise<GrantingServer> => {
    const server: GrantingServer = await serve(grantLikeGoogle({ publicKey, email: EMAIL, scope: SCOPE, audience: () => `${server.url}/token`, ...changes }));
    return server;
  };

  test("its file says all but what for, and gives a token for an hour", async () => {
    const server = await google();
    const made = await make({ ...asked, roots: server.roots, scopes: [SCOPE] }, account(server));
    expect(textOf(made)).toMatch(/^ya29\.token-1-/);
    expect(made.expiresMs).toBe(NOW + 3_599_000);
    expect([...new URLSearchParams(server.asked[0]?.body).keys()]).toEqual(["grant_type", "assertion"]);
    const header = (new URLSearchParams(server.asked[0]?.body).get("assertion") ?? "").split(".")[0] ?? "";
    expect(JSON.parse(Buffer.from(header, "base64url").toString())).toEqual({ alg: "RS256", typ: "JWT", kid: "k1" });
    expect(JSON.stringify(server.asked)).not.toContain(PKCS8.slice(100, 140));
  });

  test("goes to the hosts of what it is for, where its scopes say", () => {
    const hosts = (...scopes: string[]): readonly string[] => planMinted({ ...asked, scopes }, Secret.fromText(JSON.stringify({ type: "service_account", private_key: PKCS8, client_email: EMAIL, token_uri: "https://oauth2.googleapis.com/token" }))).hosts;
    expect(hosts(SCOPE)).toEqual(["www.googleapis.com:443", "storage.googleapis.com:443"]);
    expect(hosts("https://mail.google.com/", "https://www.googleapis.com/auth/drive")).toEqual(["www.googleapis.com:443", "gmail.googleapis.com:443", "drive.googleapis.com:443"]);
    expect(hosts("https://www.googleapis.com/auth/cloud-platform")).toEqual([]);
    expect(() => hosts()).toThrow("needs to be told what for");
  });

  test.each([["ahead of", -1], ["behind", 1]])("a clock that is an hour off: refused, and the person hears that it is %s the server's", async (word, sign) => {
    const server = await google({ nowMs: () => NOW + sign * HOUR });
    const failure = await failureOf(make({ ...asked, roots: server.roots, scopes: [SCOPE] }, account(server)));
    expect(failure).toMatchObject({ reason: "denied", status: 400 });
    expect(failure.said).toContain("invalid_grant");
    expect(failure.said).toMatch(new RegExp(`this machine's clock is 3(?:599|600|601) seconds ${word} the server's`));
  });

  test("a scope that it may not have", async () => {
    const server = await google();
    expect(await failureOf(make({ ...asked, roots: server.roots, scopes: ["https://www.googleapis.com/auth/drive"] }, account(server)))).toMatchObject({ reason: "denied", said: expect.stringContaining("invalid_scope") as string });
  });

  test("a server that nobody vouches for gets nothing", async () => {
    const server = await google();
    expect(await failureOf(make({ ...asked, scopes: [SCOPE] }, account(server)))).toMatchObject({ reason: "unreachable" });
    expect(server.asked).toEqual([]);
  });
});

describe("an installation of a GitHub App", () => {
  const installed = { publicKey, clientId: "Iv23liAbc", installation: 42, repositories: ["web", "api", "secret"], permissions: { contents: "write", issues: "write", metadata: "read" } };
  const order = (server: GrantingServer, narrow: Partial<NonNullable<AskedJwt["installation"]>> = {}): AskedJwt => ({
    ...asked, roots: server.roots, claims: [{ name: "iss", value: "Iv23liAbc" }], installation: { kind: "github-installation", api: `${server.url}/`, installation: 42, repositories: [], permissions: [], ...narrow },
  });

  test("a token for its repositories and permissions, and no others", async () => {
    const server = await serve(grantLikeGithub(installed));
    const made = await make(order(server, { repositories: ["api"], permissions: [{ name: "contents", access: "read" }] }), PKCS1);
    expect(textOf(made)).toMatch(/^ghs_a+1$/);
    expect(Math.abs((made.expiresMs ?? 0) - NOW - HOUR)).toBeLessThan(60_000);
    expect(JSON.parse(server.asked[0]?.body ?? "")).toEqual({ repositories: ["api"], permissions: { contents: "read" } });
    expect(textOf(await make(order(server), PKCS1))).toMatch(/2$/);
    expect(JSON.parse(server.asked[1]?.body ?? "")).toEqual({});
  });

  test.each<[string, Partial<NonNullable<AskedJwt["installation"]>>]>([
    ["a repository that the installation does not have", { repositories: ["other"] }],
    ["more than the installation may", { permissions: [{ name: "contents", access: "admin" }] }],
    ["another installation", { installation: 43 }],
  ])("GitHub refuses %s, and says why", async (_name, narrow) => {
    const server = await serve(grantLikeGithub(installed));
    expect(await failureOf(make(order(server, narrow), PKCS1))).toMatchObject({ reason: "denied", said: expect.stringMatching(/./) as string });
  });

  test.each<[string, object]>([
    ["every repository", { repository_selection: "all" }],
    ["one repository more", { repositories: [{ name: "api" }, { name: "secret" }] }],
    ["repositories that are not named", { repositories: undefined }],
    ["write instead of read", { permissions: { contents: "write", metadata: "read" } }],
    ["a permission more", { permissions: { contents: "read", issues: "read" } }],
    ["permissions that are not named", { permissions: undefined }],
  ])("a token for %s is not taken", async (_name, changes) => {
    const good = { token: "ghs_x", expires_at: "2099-01-01T00:00:00Z", repository_selection: "selected", repositories: [{ name: "API" }], permissions: { contents: "read", metadata: "read" } };
    const narrow = { repositories: ["api"], permissions: [{ name: "contents", access: "read" as const }] };
    const server = await serve(() => json(201, { ...good, ...changes }));
    expect(await failureOf(make(order(server, narrow), PKCS1))).toMatchObject({ reason: "bad-answer", said: expect.stringContaining("may do more than was asked for") as string });
    const right = await serve(() => json(201, good));
    expect(textOf(await make(order(right, narrow), PKCS1))).toBe("ghs_x");
  });

  test("a clock that is an hour off: refused, and the person hears of it; a token's end is told by the server's", async () => {
    const behind = await serve(grantLikeGithub({ ...installed, nowMs: () => NOW + HOUR }));
    expect((await failureOf(make(order(behind), PKCS1))).said).toMatch(/could not be decoded \(this machine's clock is 3\d\d\d seconds behind/);
    const lenient = await serve(() => json(201, { token: "ghs_x", expires_at: new Date(NOW + 2 * HOUR).toISOString() }, { date: new Date(NOW + HOUR).toUTCString() }));
    expect(Math.abs(((await make(order(lenient), PKCS1)).expiresMs ?? 0) - NOW - HOUR)).toBeLessThan(2000);
  });
});

describe("any other token", () => {
  test("that nobody exchanges is the value, for as long as it is good", async () => {
    const key = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ type: "sec1", format: "pem" }).toString();
    const made = await make({ ...asked, keyId: "ABC123", lifetime: 1200, claims: [{ name: "iss", value: "team" }, { name: "aud", value: "appstoreconnect-v1" }] }, key);
    const [header = "", payload = ""] = textOf(made).split(".").map((part) => Buffer.from(part, "base64url").toString());
    expect([JSON.parse(header), JSON.parse(payload)]).toMatchObject([{ alg: "ES256", kid: "ABC123" }, { iss: "team", aud: "appstoreconnect-v1", exp: Math.floor(NOW / 1000) + 1200 }]);
    expect(made.expiresMs).toBe(NOW + 1_200_000);
  });

  test("is exchanged with the scopes beside it (RFC 7523)", async () => {
    const server = await serve(() => json(200, { access_token: "t", token_type: "bearer" }));
    await make({ ...asked, roots: server.roots, tokenEndpoint: `${server.url}/token`, scopes: ["b", "a"], parameters: [{ name: "audience", value: "x" }] }, PKCS8);
    const form = new URLSearchParams(server.asked[0]?.body);
    expect([form.get("scope"), form.get("audience")]).toEqual(["a b", "x"]);
  });

  test.each<[string, Answer, Failure["reason"]]>([
    ["500", { status: 500, body: "oops" }, "bad-answer"],
    ["HTML", { status: 200, headers: { "content-type": "text/html" }, body: "<html>log in</html>" }, "bad-answer"],
    ["200 with an error", json(200, { error: "temporarily_unavailable" }), "denied"],
    ["no token", json(200, { token_type: "Bearer", expires_in: 5 }), "bad-answer"],
    ["a token of another type", json(200, { access_token: "t", token_type: "DPoP" }), "bad-answer"],
    ["a redirect", { status: 302, headers: { location: "https://localhost:1/" }, body: "" }, "bad-answer"],
    ["more than 64 KiB", { status: 200, body: "x".repeat(70_000) }, "too-long"],
  ])("an endpoint that answers %s", async (_name, answer, reason) => {
    const server = await serve(() => answer);
    expect((await failureOf(make({ ...asked, roots: server.roots, tokenEndpoint: `${server.url}/token` }, PKCS8))).reason).toBe(reason);
    const api = await serve(() => answer);
    expect(["bad-answer", "denied", "too-long"]).toContain((await failureOf(make({ ...asked, roots: api.roots, installation: { kind: "github-installation", api: `${api.url}/`, installation: 1, repositories: [], permissions: [] } }, PKCS8))).reason);
  });

  test("an endpoint that hangs is given up when nobody needs the value any more", async () => {
    const server = await serve(() => undefined);
    const stop = new AbortController();
    const made = failureOf(make({ ...asked, roots: server.roots, tokenEndpoint: `${server.url}/token` }, PKCS8, { signal: stop.signal }));
    await expect.poll(() => server.asked.length).toBe(1);
    stop.abort();
    expect(await made).toMatchObject({ reason: "stopped" });
  });
});

describe("what is no key is told before anything is stored, and not quoted", () => {
  const encrypted = privateKey.export({ type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "x" }).toString();
  test.each([
    ["no PEM", "hunter2-not-a-key", "is no private key"],
    ["an encrypted one", encrypted, "is encrypted"],
    ["a short one", generateKeyPairSync("rsa", { modulusLength: 1024 }).privateKey.export({ type: "pkcs8", format: "pem" }).toString(), "no algorithm here takes"],
    ["JSON of something else", `{"type":"authorized_user","refresh_token":"hunter2"}`, "not that of a service account"],
    ["broken JSON", `{"private_key":"hunter2`, "not that of a service account"],
    ["a key of another algorithm", PKCS8, "none for ES256", "ES256"],
  ] as const)("%s", (_name, material, message, algorithm?: "ES256") => {
    expect(() => planMinted({ ...asked, algorithm }, Secret.fromText(material))).toThrow(message);
    try {
      planMinted({ ...asked, algorithm }, Secret.fromText(material));
    } catch (error) {
      expect(String(error)).not.toMatch(/hunter2|MII/);
    }
  });
});

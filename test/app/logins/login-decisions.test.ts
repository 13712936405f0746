// What a login decides before it asks anybody, and of what it is told: the way, the client, the scopes, whose metadata counts.
import { describe, expect, test } from "vitest";
import { readAccount } from "../../../src/app/logins/account.ts";
import { chooseFlow } from "../../../src/app/logins/choose-flow.ts";
import { readResource } from "../../../src/app/logins/discover.ts";
import type { LoginClient } from "../../../src/app/logins/login-client.ts";
import { findClient } from "../../../src/app/logins/login-client.ts";
import type { LoginTarget } from "../../../src/app/logins/login-target.ts";
import { nameOf, targetOfProvider, targetOfServer } from "../../../src/app/logins/login-target.ts";
import { readRegistration } from "../../../src/app/logins/register-client.ts";
import { baseOf } from "../../../src/app/logins/remembered-login.ts";
import { scopesOf, sealGrant, sourceOf } from "../../../src/app/logins/seal-grant.ts";
import { getProvider } from "../../../src/providers/registry.ts";
import { settleProvider } from "../../../src/providers/settle.ts";
import { Secret } from "../../../src/secret.ts";
import { isSecretName } from "../../../src/vault/record.ts";
import { parseSource } from "../../../src/vault/source.ts";

const gitlab = targetOfProvider(settleProvider(getProvider("gitlab"), undefined));
const text = (secret: Secret | undefined): string | undefined => (secret === undefined ? undefined : Buffer.from(secret.reveal()).toString());

describe("the way", () => {
  const both = { title: "Example", flows: ["browser", "device"] as const };
  test("is the provider's first where there is a browser, and a code where there is none", () => {
    expect(chooseFlow(both, { wantsDevice: false, hasBrowser: true })).toBe("browser");
    expect(chooseFlow(both, { wantsDevice: false, hasBrowser: false })).toBe("device");
    expect(chooseFlow(both, { wantsDevice: true, hasBrowser: true })).toBe("device");
    expect(chooseFlow({ ...both, flows: ["device", "browser"] }, { wantsDevice: false, hasBrowser: true })).toBe("device");
    expect(chooseFlow({ ...both, flows: ["browser"] }, { wantsDevice: false, hasBrowser: false })).toBe("browser");
  });
  test("is an error where the provider has not the one that was asked for, or none", () => {
    expect(() => chooseFlow({ ...both, flows: ["browser"] }, { wantsDevice: true, hasBrowser: true })).toThrow("no way to log in by a code");
    expect(() => chooseFlow({ ...both, flows: [] }, { wantsDevice: false, hasBrowser: true })).toThrow("no way to log in that this program knows");
  });
});

describe("the client", () => {
  const user = { from: "user", secret: "optional", secretIn: "post", page: "https://login.example.com/apps", advice: "One for desktops." } as const;
  const target = { title: "Example", provider: "example", client: user, secretIn: "post", redirect: { host: "localhost", exactPort: true } } as const;
  const nobody = (): Promise<undefined> => Promise.resolve(undefined);
  const last: LoginClient = { id: "last", proof: "none", secret: undefined };

  test("is the one that was typed, that of the last time, or one that is registered now", async () => {
    expect(await findClient(target, "browser", { id: "typed", remembered: last, findSecret: nobody })).toEqual({ id: "typed", proof: "none", secret: undefined });
    expect(await findClient(target, "browser", { id: undefined, remembered: last, findSecret: nobody })).toBe(last);
    expect(await findClient({ ...target, client: { from: "registration" } }, "browser", { id: undefined, remembered: last, findSecret: nobody })).toBeUndefined();
  });
  test("is asked for, with the page where it is made", async () => {
    await expect(findClient(target, "browser", { id: undefined, remembered: undefined, findSecret: nobody })).rejects.toMatchObject({ code: "usage", message: expect.stringContaining("One for desktops.") as string, hint: "make it at https://login.example.com/apps, then: vault login example --client-id ID" });
    await expect(findClient({ ...target, client: { from: "any" } }, "browser", { id: undefined, remembered: undefined, findSecret: nobody })).rejects.toMatchObject({ code: "usage" });
    const messageBy = (flow: "browser" | "device", exactPort: boolean): Promise<string> => findClient({ ...target, redirect: { host: "localhost", exactPort } }, flow, { id: undefined, remembered: undefined, findSecret: nobody }).then(() => "", (error: unknown) => String(error));
    expect(await messageBy("browser", true)).toMatch(/One for desktops\. The address that the browser is sent back to is http:\/\/localhost:27183\/callback$/);
    expect(await messageBy("browser", false)).toMatch(/ http:\/\/localhost\/callback$/);
    expect(await messageBy("device", true)).toMatch(/One for desktops\.$/);
  });
  test("has a secret where one is given, and is asked for it where nothing goes without", async () => {
    const given = (): Promise<Secret> => Promise.resolve(Secret.fromText("s"));
    expect(await findClient(target, "browser", { id: "typed", remembered: undefined, findSecret: given })).toMatchObject({ proof: "post" });
    const needs: boolean[] = [];
    const note = (isNeeded: boolean): Promise<undefined> => {
      needs.push(isNeeded);
      return Promise.resolve(undefined);
    };
    for (const [secret, flow] of [["always", "device"], ["browser", "browser"], ["browser", "device"], ["optional", "browser"], ["none", "browser"]] as const) await findClient({ ...target, client: { ...user, secret } }, flow, { id: "typed", remembered: undefined, findSecret: note });
    expect(needs).toEqual([true, true, false, false, false]);
    await expect(findClient({ ...target, client: { ...user, secret: "none" } }, "browser", { id: "typed", remembered: undefined, findSecret: given })).rejects.toThrow("has no secret");
  });
  test("that is registered may have a secret though it asked for none", () => {
    const registered = (answer: object, status = 201): LoginClient => readRegistration("Example", status, JSON.stringify(answer));
    expect(registered({ client_id: "r" })).toEqual({ id: "r", proof: "none", secret: undefined });
    expect(registered({ client_id: "r", client_secret: "s", token_endpoint_auth_method: "none" })).toMatchObject({ proof: "none", secret: undefined });
    const withSecret = registered({ client_id: "r", client_secret: "s", token_endpoint_auth_method: "client_secret_post" }, 200);
    expect([withSecret.proof, text(withSecret.secret)]).toEqual(["post", "s"]);
    expect(registered({ client_id: "r", client_secret: "s" }).proof).toBe("basic");
    expect(() => registered({ client_id: "r", client_secret: "s", token_endpoint_auth_method: "tls_client_auth" })).toThrow("tls_client_auth");
    expect(() => registered({ error: "invalid_\u001Bredirect_uri" }, 400)).toThrow("and said: invalid_?redirect_uri");
    expect(() => registered({ client_id: "a\nb" })).toThrow("has registered no client");
  });
});

describe("a resource", () => {
  const url = new URL("https://mcp.example.com/mcp");
  const of = (resource: unknown): ReturnType<typeof readResource> => readResource(url, JSON.stringify({ resource, authorization_servers: ["https://login.example.com"], scopes_supported: ["a"] }));
  test("is the one that was asked for, or what it is below of, as the server writes it", () => {
    for (const resource of ["https://mcp.example.com/mcp", "https://mcp.example.com", "https://mcp.example.com/"]) expect(of(resource)).toEqual({ resource, server: "https://login.example.com", scopes: ["a"] });
  });
  test.each([["another host", "https://evil.example/mcp"], ["another port", "https://mcp.example.com:8443/mcp"], ["a neighbour", "https://mcp.example.com/mc"], ["what is below", "https://mcp.example.com/mcp/x"], ["no text", 1], ["a fragment", "https://mcp.example.com/mcp#x"]])("is none of %s: a token for that would be good there", (_name, resource) => {
    expect(of(resource)).toBeUndefined();
  });
});

describe("a server that was found", () => {
  const server = { issuer: "https://login.example.com", namesItself: true, endpoints: { authorization: "https://login.example.com/a", token: "https://login.example.com/t", device: undefined, revocation: undefined, registration: undefined }, challengeMethods: ["S256"], authMethods: ["client_secret_post"], scopes: ["openid", "offline_access"] };
  test("is asked for a refresh token in its own way, and binds the token to the resource's host", () => {
    expect(targetOfServer("https://mcp.example.com:8443/mcp", server, { resource: "https://mcp.example.com:8443/mcp", server: server.issuer, scopes: ["a"] })).toMatchObject({ title: "mcp.example.com:8443", flows: ["browser"], scopes: { usual: ["a", "offline_access"] }, authorizationParameters: [{ name: "prompt", value: "consent" }], client: { from: "any" }, secretIn: "post", secret: { name: "MCP_EXAMPLE_COM_TOKEN", hosts: ["mcp.example.com:8443"] } });
    expect(targetOfServer("https://login.example.com", { ...server, scopes: [] }, undefined)).toMatchObject({ scopes: { usual: [] }, authorizationParameters: [], secret: { hosts: [] } });
  });
  test("gives the secret a name that is one", () => {
    expect(["mcp.linear.app", "127.0.0.1", "[::1]", "x".repeat(300)].map(nameOf).map((name) => [name.slice(0, 20), isSecretName(name)])).toEqual([["MCP_LINEAR_APP_TOKEN", true], ["_127_0_0_1_TOKEN", true], ["_1_TOKEN", true], ["X".repeat(20), true]]);
  });
});

describe("a grant", () => {
  const granted = { accessToken: "at", tokenType: "Bearer", expiresMs: 1_700_000_000_000, refreshToken: "rt", scope: undefined };
  const client = (secret?: string): LoginClient => ({ id: "c", proof: secret === undefined ? "none" : "post", secret: secret === undefined ? undefined : Secret.fromText(secret) });
  const parts = (sealed: Secret): unknown => JSON.parse(text(sealed) ?? "");

  test("is a source that the format takes, with the scopes that were granted", () => {
    const source = sourceOf(gitlab, client(), ["b", "a", "a"], granted);
    expect(parseSource(source, "the login")).toEqual(source);
    expect(source).toMatchObject({ provider: "gitlab", issuer: null, tokenEndpoint: "https://gitlab.com/oauth/token", revocationEndpoint: "https://gitlab.com/oauth/revoke", clientAuth: { kind: "none" }, scopes: ["a", "b"], parameters: [] });
    expect(sourceOf(gitlab, client("s"), ["a", "b"], { ...granted, scope: "a" })).toMatchObject({ clientAuth: { kind: "post" }, scopes: ["a"] });
    const found: LoginTarget = { ...gitlab, issuer: "https://login.example.com", resource: "https://mcp.example.com/mcp" };
    for (const [issuer, kept] of [["https://login.example.com", "https://login.example.com"], ["https://login.example.com/", "https://login.example.com/"], ["https://LOGIN.example.com:443", "https://login.example.com/"]] as const) {
      expect(parseSource(sourceOf({ ...found, issuer }, client(), [], granted), "the login")).toMatchObject({ issuer: kept });
    }
    expect(parseSource(sourceOf(found, client(), [], granted), "the login")).toMatchObject({ parameters: [{ name: "resource", value: "https://mcp.example.com/mcp" }] });
  });
  test("is read in the provider's own way of writing scopes; what is none of them does not count", () => {
    expect(scopesOf({ ...granted, scope: "repo,gist read:org" })).toEqual(["repo", "gist", "read:org"]);
    expect(scopesOf({ ...granted, scope: "a  b" })).toEqual(["a", "b"]);
    expect(scopesOf({ ...granted, scope: 'a"b' })).toBeUndefined();
    expect(scopesOf(granted)).toBeUndefined();
  });
  test("is sealed with what a refresh needs, and the access token only where there is nothing else", () => {
    expect(parts(sealGrant(client("s"), granted, "PEM"))).toEqual({ refreshToken: "rt", clientSecret: "s", roots: "PEM", access: null });
    expect(parts(sealGrant(client(), { ...granted, refreshToken: undefined }, null))).toEqual({ refreshToken: null, clientSecret: null, roots: null, access: { token: "at", expiresAt: "2023-11-14T22:13:20.000Z" } });
  });
  test("remembers where the company's own server is", () => {
    const at = (base: string | undefined): string | undefined => {
      const provider = getProvider("gitlab");
      const source = sourceOf(targetOfProvider(settleProvider(provider, base)), client(), [], granted);
      return baseOf(provider, source);
    };
    expect(at(undefined)).toBe("https://gitlab.com");
    expect(at("https://gitlab.example.com/sub")).toBe("https://gitlab.example.com/sub");
  });
});

test("who has logged in is a text or a number, where the provider says it; nothing of what objects inherit", () => {
  expect(readAccount("login", '{"login":"ann"}')).toBe("ann");
  expect(readAccount("data.user.id", '{"data":{"user":{"id":7}}}')).toBe("7");
  expect(readAccount("constructor.name", "{}")).toBeUndefined();
  expect(readAccount("login", '{"login":{"a":1}}')).toBeUndefined();
  expect(readAccount("login", "<html>")).toBeUndefined();
  expect(readAccount("login", '{"login":"a\\u001b[2Jb"}')).toBe("a?[2Jb");
});

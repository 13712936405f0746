import { hash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { authorizationUrl, drawCodeSecrets, readArrival } from "../../../src/app/logins/code-flow.ts";
import { VaultError } from "../../../src/errors.ts";

const ISSUER = "https://login.example.com";
const target = { endpoints: { authorization: undefined, token: `${ISSUER}/token`, device: undefined, revocation: undefined, registration: undefined }, pkce: true, resource: undefined, scopes: { usual: [], separator: " " as const }, authorizationParameters: [] };
const request = { clientId: "the client", redirectUri: "http://127.0.0.1:4711/callback", scopes: ["a", "b"], state: "s".repeat(43), verifier: "v".repeat(43) };
const query = (address: string): Record<string, string> => Object.fromEntries(new URL(address).searchParams);

describe("what the browser is sent out with", () => {
  test("is a request of the standard: the challenge, and not what it is made of", () => {
    const url = authorizationUrl(`${ISSUER}/authorize`, target, request);
    expect(query(url)).toEqual({ response_type: "code", client_id: "the client", redirect_uri: "http://127.0.0.1:4711/callback", scope: "a b", state: request.state, code_challenge: hash("sha256", request.verifier, "base64url"), code_challenge_method: "S256" });
    expect(url).not.toContain(request.verifier);
  });

  test("has what a provider wants besides, a resource, its own separator, and its endpoint's own query", () => {
    const own = { ...target, pkce: false, resource: `${ISSUER}/mcp`, scopes: { usual: [], separator: "," as const }, authorizationParameters: [{ name: "access_type", value: "offline" }] };
    expect(query(authorizationUrl(`${ISSUER}/authorize?tenant=1`, own, request))).toMatchObject({ tenant: "1", access_type: "offline", resource: `${ISSUER}/mcp`, scope: "a,b" });
    expect(query(authorizationUrl(`${ISSUER}/authorize`, own, request))).not.toHaveProperty("code_challenge");
    expect(query(authorizationUrl(`${ISSUER}/authorize`, target, { ...request, scopes: [] }))).not.toHaveProperty("scope");
  });

  test("cannot be set by a provider's own parameters", () => {
    expect(query(authorizationUrl(`${ISSUER}/authorize?state=x&redirect_uri=y`, { ...target, authorizationParameters: [{ name: "client_id", value: "another" }] }, request))).toMatchObject({ client_id: "the client", state: request.state, redirect_uri: request.redirectUri });
  });

  test("is drawn anew each time, 256 bits each", () => {
    const drawn = [drawCodeSecrets(), drawCodeSecrets()].flatMap(({ state, verifier }) => [state, verifier]);
    expect(new Set(drawn).size).toBe(4);
    for (const one of drawn) expect(one).toMatch(/^[\w-]{43}$/);
  });
});

describe("what it comes back with", () => {
  const named = { title: "Example", issuer: ISSUER, namesItself: true };
  const arrive = (server: typeof named | { title: string; issuer: undefined; namesItself: boolean }, parameters: string): string => readArrival(server, "the client", "the-state", new URLSearchParams(`state=the-state&${parameters}`));
  const messageOf = (work: () => unknown): string => {
    try {
      work();
    } catch (error) {
      if (error instanceof VaultError && error.code === "no-value") return error.message;
    }
    return "";
  };

  test("is a code, of the server that was asked", () => {
    expect(arrive(named, `code=c-1&iss=${encodeURIComponent(ISSUER)}`)).toBe("c-1");
    expect(arrive({ ...named, namesItself: false }, "code=c-1")).toBe("c-1");
    expect(arrive({ title: "Known", issuer: undefined, namesItself: false }, "code=c-1&iss=https://whatever.example")).toBe("c-1");
  });

  test.each([
    ["another issuer", `code=c-1&iss=${encodeURIComponent("https://evil.example")}`],
    ["no issuer, of a server that always says it", "code=c-1"],
    ["two issuers", `code=c-1&iss=${encodeURIComponent(ISSUER)}&iss=${encodeURIComponent(ISSUER)}`],
    ["an error of another issuer: it says nothing of this login", `error=access_denied&iss=${encodeURIComponent("https://evil.example")}`],
    ["two states", `code=c-1&iss=${encodeURIComponent(ISSUER)}&state=other`],
    ["a token, which nobody asked for", `token=t&iss=${encodeURIComponent(ISSUER)}`],
  ])("is no code with %s", (_name, parameters) => {
    expect(messageOf(() => arrive(named, parameters))).toContain("was not that of Example");
  });

  test("is told where the person, or the server, said no; what it says moves no cursor", () => {
    const open = { ...named, namesItself: false };
    expect(messageOf(() => arrive(open, "error=access_denied"))).toBe("Example gave no login: it was declined there");
    expect(messageOf(() => arrive(open, `error=invalid_scope&error_description=${encodeURIComponent("no \u001B[2Jsuch")}`))).toBe("Example gave no login, and said: invalid_scope (no ?[2Jsuch)");
    expect(messageOf(() => arrive(open, "error="))).toBe("Example sent the browser back without a code");
    expect(messageOf(() => arrive(open, "x=1"))).toBe("Example sent the browser back without a code");
  });
});

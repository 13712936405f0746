import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseProvider } from "../../src/providers/entry.ts";
import { isValid } from "../support/json-schema.ts";
import { refusalCode } from "../support/refusal-code.ts";

const schema: unknown = JSON.parse(readFileSync(fileURLToPath(new URL("../../src/providers/provider.schema.json", import.meta.url)), "utf8"));

const CLIENT = { from: "user", secret: "none", secretIn: "post", page: "https://acme.example/apps", advice: "A public client." };
const ENDPOINTS = { authorization: "{base}/oauth/authorize", token: "{base}/oauth/token?v=2", revocation: "https://auth.acme.example/revoke" };
const ENTRY = {
  id: "acme",
  title: "Acme",
  variable: "ACME_TOKEN",
  service: "acme",
  hosts: ["{base}", "api.acme.example:443"],
  base: { url: "https://acme.example/tenants/all", example: "https://acme.example.com:8443" },
  endpoints: ENDPOINTS,
  flows: ["browser"],
  pkce: true,
  redirect: { host: "127.0.0.1", exactPort: false },
  client: CLIENT,
  scopes: { usual: ["read", "https://acme.example/mail"], separator: " " },
  authorizationParameters: { prompt: "consent", access_type: "offline" },
  refreshToken: "rotates",
  account: { url: "{base}/me", member: "user.email" },
  documentation: "https://docs.acme.example/oauth",
};
const without = (...names: readonly string[]): Record<string, unknown> => Object.fromEntries(Object.entries(ENTRY).filter(([name]) => !names.includes(name)));

describe("a provider's file", () => {
  it("becomes a provider", () => {
    const provider = parseProvider({ $schema: "./provider.schema.json", ...ENTRY });
    expect(provider).toMatchObject({ ...ENTRY, authorizationParameters: [{ name: "access_type", value: "offline" }, { name: "prompt", value: "consent" }] });
    expect(provider).not.toHaveProperty("$schema");
    expect(provider.endpoints).toEqual({ ...ENDPOINTS, device: undefined, registration: undefined });
    expect(isValid(schema, ENTRY)).toBe(true);
  });

  const right: Readonly<Record<string, unknown>> = {
    "for the device flow alone": { ...ENTRY, flows: ["device"], endpoints: { token: "{base}/token", device: "{base}/device" } },
    "for both flows": { ...ENTRY, flows: ["device", "browser"], endpoints: { ...ENDPOINTS, device: "{base}/device" } },
    "whose client is registered": { ...ENTRY, client: { from: "registration" }, endpoints: { ...ENDPOINTS, registration: "{base}/register" }, resource: "https://mcp.acme.example/mcp" },
    "in one place": { ...without("base", "account"), hosts: [], endpoints: { authorization: "https://acme.example/a", token: "https://acme.example" } },
    "where everybody has a server": { ...without("service"), base: { example: "https://acme.example.com" } },
  };

  it.each(Object.entries(right))("is right %s, by the schema too", (_, entry) => {
    expect(refusalCode(() => parseProvider(entry))).toBeUndefined();
    expect(isValid(schema, entry)).toBe(true);
  });

  const wrong: Readonly<Record<string, unknown>> = {
    "no object": ["acme"],
    "a member that is not known": { ...ENTRY, clientSecret: "no" },
    "a client secret": { ...ENTRY, client: { ...CLIENT, clientSecret: "no" } },
    "somebody's client id": { ...ENTRY, client: { ...CLIENT, id: "0oa" } },
    "an id that leads elsewhere": { ...ENTRY, id: "../acme" },
    "a title of nothing": { ...ENTRY, title: "" },
    "a variable with a space": { ...ENTRY, variable: "ACME TOKEN" },
    "a host without a port": { ...ENTRY, hosts: ["acme.example"] },
    "a host below the base": { ...ENTRY, hosts: ["api.{base}"] },
    "any host at all": { ...ENTRY, hosts: ["*:443"] },
    "a host twice": { ...ENTRY, hosts: ["{base}", "{base}"] },
    "a base with a / at its end": { ...ENTRY, base: { example: "https://acme.example/" } },
    "a base with a query": { ...ENTRY, base: { example: "https://acme.example?x=1" } },
    "no token endpoint": { ...ENTRY, endpoints: { authorization: "{base}/a" } },
    "an endpoint without TLS": { ...ENTRY, endpoints: { ...ENDPOINTS, token: "http://acme.example/token" } },
    "an endpoint with a credential in it": { ...ENTRY, endpoints: { ...ENDPOINTS, token: "https://user:password@acme.example/token" } },
    "an endpoint with a fragment": { ...ENTRY, endpoints: { ...ENDPOINTS, token: "https://acme.example/token#x" } },
    "an endpoint whose host the base completes": { ...ENTRY, endpoints: { ...ENDPOINTS, token: "{base}.evil.example/token" } },
    "an endpoint with the base in its middle": { ...ENTRY, endpoints: { ...ENDPOINTS, token: "https://evil.example/{base}" } },
    "an endpoint that is not known": { ...ENTRY, endpoints: { ...ENDPOINTS, introspection: "{base}/i" } },
    "no flow": { ...ENTRY, flows: [] },
    "a flow that is none": { ...ENTRY, flows: ["browser", "implicit"] },
    "a redirect to another machine": { ...ENTRY, redirect: { host: "acme.example", exactPort: true } },
    "a client from nowhere": { ...ENTRY, client: { from: "vault" } },
    "a client without advice": { ...ENTRY, client: { ...CLIENT, advice: "" } },
    "a scope with a space": { ...ENTRY, scopes: { usual: ["read write"], separator: " " } },
    "a separator that is none": { ...ENTRY, scopes: { usual: [], separator: "+" } },
    "a parameter that the protocol sets": { ...ENTRY, authorizationParameters: { redirect_uri: "https://evil.example" } },
    "a state of its own": { ...ENTRY, authorizationParameters: { state: "1" } },
    "a parameter that is no text": { ...ENTRY, authorizationParameters: { prompt: true } },
    "an account's member that is no name": { ...ENTRY, account: { url: "{base}/me", member: "user..email" } },
    "a link that is no https": { ...ENTRY, documentation: "http://acme.example" },
  };

  it.each(Object.entries(wrong))("is refused for %s, by the schema too", (_, entry) => {
    expect(refusalCode(() => parseProvider(entry))).toMatch(/^(?:bad-schema|out-of-bounds)$/);
    expect(isValid(schema, entry)).toBe(false);
  });

  // What the schema does not say: what belongs together, and the canonical spelling of URLs.
  it.each<[string, unknown]>([
    ["an authorization endpoint without its flow", { ...ENTRY, flows: ["device"], endpoints: { ...ENDPOINTS, device: "{base}/device" } }],
    ["a flow without its authorization endpoint", { ...ENTRY, endpoints: { token: "{base}/token" } }],
    ["a flow without its device endpoint", { ...ENTRY, flows: ["browser", "device"] }],
    ["a registration that nobody needs", { ...ENTRY, endpoints: { ...ENDPOINTS, registration: "{base}/register" } }],
    ["a registration without its endpoint", { ...ENTRY, client: { from: "registration" } }],
    ["a base that nothing stands on", { ...without("account"), hosts: [], endpoints: { authorization: "https://acme.example/a", token: "https://acme.example/t" } }],
    ["no base to stand on", without("base")],
    ["a service where everybody has a server", { ...ENTRY, base: { example: "https://acme.example.com" } }],
    ["an endpoint that leads out of the base", { ...ENTRY, endpoints: { ...ENDPOINTS, token: "{base}/../token" } }],
    ["an endpoint with TLS's own port", { ...ENTRY, endpoints: { ...ENDPOINTS, token: "https://acme.example:443/token" } }],
    ["a title that forges a line", { ...ENTRY, title: "Acme\nhosts: none" }],
  ])("is refused for %s", (_, entry) => {
    expect(refusalCode(() => parseProvider(entry))).toBe("bad-schema");
  });

  it("that is any JSON at all is refused or parsed, and what is parsed is as the schema says", () => {
    const members = Object.fromEntries(Object.entries(ENTRY).map(([member, value]) => [member, fc.oneof({ weight: 8, arbitrary: fc.constant<unknown>(value) }, fc.jsonValue())]));
    fc.assert(fc.property(fc.record(members), (entry) => {
      const code = refusalCode(() => parseProvider(entry));
      expect(code === undefined ? isValid(schema, entry) : /^(?:bad-schema|out-of-bounds)$/.test(code)).toBe(true);
    }), { numRuns: 500 });
  });
});

// What is told of a request to where a login's tokens come from: the same as the run would make of it.
import { expect, test } from "vitest";
import { explain } from "../../../src/app/runs/explain.ts";
import { explanationLines } from "../../../src/cli/output/explain-lines.ts";
import { addLogin } from "../../support/login-secret.ts";
import { makeVaultHome } from "../../support/home.ts";

test("the token endpoint of a login is closed, and its host is read for that", async () => {
  const { surroundings } = await makeVaultHome();
  const source = { kind: "oauth2", ttl: null, failureTtl: 10, provider: null, issuer: null, tokenEndpoint: "https://auth.example.com/token", revocationEndpoint: null, clientId: "client", clientAuth: { kind: "none" }, scopes: [], parameters: [] } as const;
  await addLogin(surroundings, { name: "LOGIN", host: "api.example.com:443", source, sealed: { refreshToken: "rt" } });
  const told = async (method: string, url: string): Promise<string | undefined> => explanationLines(await explain(surroundings, { method, url, viewpoint: { workspace: undefined, group: undefined }, names: undefined, denyUnmatched: false, strict: false }))[0];
  expect(await told("POST", "https://auth.example.com/token?x")).toMatch(/: refused \(token-endpoint\): .*tokens of LOGIN come from there/);
  expect(await told("GET", "https://auth.example.com/authorize")).toMatch(/: read by the proxy, since tokens of a secret come from this host$/);
  expect(await told("GET", "https://api.example.com/")).toMatch(/: read by the proxy, since a secret is bound to this host$/);
  expect(await told("GET", "https://example.com/")).toMatch(/: tunnelled blind/);
});

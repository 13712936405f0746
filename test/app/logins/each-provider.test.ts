// What a login at each of the providers begins with, and leaves in the vault, as far as no provider is asked.
import { describe, expect, test } from "vitest";
import { chooseFlow } from "../../../src/app/logins/choose-flow.ts";
import { authorizationUrl } from "../../../src/app/logins/code-flow.ts";
import { findClient } from "../../../src/app/logins/login-client.ts";
import { targetOfProvider } from "../../../src/app/logins/login-target.ts";
import { sourceOf } from "../../../src/app/logins/seal-grant.ts";
import { listProviders } from "../../../src/providers/registry.ts";
import { settleProvider } from "../../../src/providers/settle.ts";
import { parseSource } from "../../../src/vault/source.ts";

const targets = listProviders().map((provider) => targetOfProvider(settleProvider(provider, provider.base?.url === undefined ? provider.base?.example : undefined)));
const granted = { accessToken: "at", tokenType: "Bearer", expiresMs: undefined, refreshToken: "rt", scope: undefined };

describe("a login at each provider", () => {
  test.each(targets.filter(({ flows }) => flows.includes("browser")))("$provider sends the browser out with the protocol's words once each, the provider's own, and a challenge where that is checked", (target) => {
    const { endpoints, authorizationParameters, pkce, resource, scopes } = target;
    const url = new URL(authorizationUrl(endpoints.authorization ?? "", target, { clientId: "c", redirectUri: "http://127.0.0.1:1/callback", scopes: scopes.usual, state: "s".repeat(43), verifier: "v".repeat(43) }));
    const words = ["response_type", "client_id", "redirect_uri", "state", ...(scopes.usual.length > 0 ? ["scope"] : []), ...(pkce ? ["code_challenge", "code_challenge_method"] : []), ...(resource === undefined ? [] : ["resource"]), ...authorizationParameters.map(({ name }) => name)];
    expect([...url.searchParams.keys()].sort()).toEqual(words.sort());
    expect([url.protocol, url.username, url.searchParams.get("scope") ?? ""]).toEqual(["https:", "", scopes.usual.join(scopes.separator)]);
  });

  test.each(targets)("$provider leaves a source that the vault takes", (target) => {
    const source = sourceOf(target, { id: "c", proof: "none", secret: undefined }, target.scopes.usual, granted);
    expect(parseSource(source, "the login")).toEqual(source);
    expect(source).toMatchObject({ provider: target.provider, scopes: target.scopes.usual.toSorted() });
  });

  test.each(targets)("$provider says what has to be made where it registers nothing itself", async (target) => {
    for (const hasBrowser of [true, false]) {
      const flow = chooseFlow(target, { wantsDevice: false, hasBrowser });
      const found = findClient(target, flow, { id: undefined, remembered: undefined, findSecret: () => Promise.resolve(undefined) });
      if (target.client.from === "registration") expect(await found).toBeUndefined();
      else await expect(found).rejects.toMatchObject({ code: "usage", hint: expect.stringMatching(/^make it at https:\/\/\S+, then: vault login \S+ --client-id ID$/) as string });
    }
  });
});

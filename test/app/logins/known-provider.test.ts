// Logins at providers that are known: what each makes of a login, and GitLab's endpoints at a company's own address, played by a real authorization server.
import { expect, onTestFinished, test } from "vitest";
import type { AskedLogin } from "../../../src/app/logins/log-in.ts";
import { logIn } from "../../../src/app/logins/log-in.ts";
import { targetOfProvider } from "../../../src/app/logins/login-target.ts";
import { sealGrant, sourceOf } from "../../../src/app/logins/seal-grant.ts";
import { createSecret } from "../../../src/app/secrets/secrets.ts";
import { listProviders } from "../../../src/providers/registry.ts";
import { settleProvider } from "../../../src/providers/settle.ts";
import { makeHome } from "../../support/home.ts";
import { makePerson } from "../../support/login-person.ts";
import { DESKTOP, openLoginServer } from "../../support/login-server.ts";
import { createServer } from "../../support/raw-sockets.ts";

/** Free a moment ago. */
async function findPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise<void>((resolve) => { server.close(() => { resolve(); }); });
  return typeof address === "object" && address !== null ? address.port : 0;
}

test("every provider's login is a secret that can be made as its file says, pinned to its service or to its hosts", async () => {
  const { surroundings } = makeHome();
  const granted = { accessToken: "at-0123456789", tokenType: "Bearer", expiresMs: undefined, refreshToken: "rt-0123456789", scope: undefined };
  for (const provider of listProviders()) {
    const target = targetOfProvider(settleProvider(provider, provider.base === undefined ? undefined : (provider.base.url ?? provider.base.example)));
    const client = { id: "c", proof: "none", secret: undefined } as const;
    const { name, service, hosts } = target.secret;
    const record = await createSecret(surroundings, { name: `${name}_${provider.id.replaceAll("-", "_")}`, scope: { kind: "global" }, service, hosts, places: undefined, allowPrivate: false, source: sourceOf(target, client, target.scopes.usual, granted) }, () => Promise.resolve(sealGrant(client, granted, null)));
    expect([provider.id, record.service]).toEqual([provider.id, service]);
    if (service === undefined) expect([provider.id, record.hosts]).toEqual([provider.id, [...hosts].sort()]);
    else expect([provider.id, record.hosts.length]).not.toEqual([provider.id, 0]);
  }
});

test("a company's GitLab: its own address, the account's name, the port that is asked for; and again by its own name", async () => {
  const server = await openLoginServer({
    clients: [{ ...DESKTOP, client_id: "gitlab-client" }],
    routes: { authorization: "/oauth/authorize", token: "/oauth/token", device_authorization: "/oauth/authorize_device", revocation: "/oauth/revoke" },
    intercept: (request, response) => {
      if (request.url !== "/api/v4/user") return false;
      const isKnown = request.headers.authorization?.startsWith("Bearer ") === true;
      response.writeHead(isKnown ? 200 : 401, { "content-type": "application/json" }).end(JSON.stringify({ username: "ann.of.example" }));
      return true;
    },
  });
  onTestFinished(() => server.close());
  const home = makeHome();
  const port = await findPort();
  const asked: AskedLogin = { server: { kind: "named", word: "gitlab", baseUrl: server.issuer }, name: undefined, scope: undefined, hosts: [], allowPrivate: false, scopes: ["openid"], wantsDevice: false, clientId: "gitlab-client", roots: server.certificate, port };
  const person = makePerson(server.certificate);
  const { record, account, title } = await logIn(home.surroundings, asked, person);
  expect([record.name, record.service, record.hosts, account, title]).toEqual(["GITLAB_TOKEN", undefined, [server.authority], "ann.of.example", "GitLab"]);
  expect(record.source).toMatchObject({ kind: "oauth2", provider: "gitlab", issuer: null, tokenEndpoint: `${server.issuer}/oauth/token`, revocationEndpoint: `${server.issuer}/oauth/revoke`, scopes: ["openid"] });
  expect(new URL(person.told.at(-1) ?? "").searchParams.get("redirect_uri")).toBe(`http://127.0.0.1:${port}/callback`);

  const again = await logIn(home.surroundings, { ...asked, server: { kind: "named", word: "GITLAB_TOKEN", baseUrl: undefined }, clientId: undefined, scopes: undefined, roots: undefined }, makePerson(server.certificate));
  expect([again.isNew, again.record.id, again.record.version, again.record.source]).toEqual([false, record.id, 2, record.source]);
});

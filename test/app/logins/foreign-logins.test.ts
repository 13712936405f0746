// A server that has its logins elsewhere: one's own sister, somebody who does logins for others, or a trap, by which a token of Resend goes to whoever has set it.
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, onTestFinished, test } from "vitest";
import { judgeForeignLogins, judgeForeignPages } from "../../../src/app/logins/foreign-logins.ts";
import { logIn } from "../../../src/app/logins/log-in.ts";
import { listProviders } from "../../../src/providers/registry.ts";
import { settleProvider } from "../../../src/providers/settle.ts";
import { makeHome } from "../../support/home.ts";
import { makePerson } from "../../support/login-person.ts";
import type { LoginServer } from "../../support/login-server.ts";
import { API_SCOPE, openLoginServer } from "../../support/login-server.ts";
import { makeTestCa } from "../../support/test-ca.ts";

const at = (...hosts: readonly string[]) => {
  const [authorization, token = authorization] = hosts.map((host) => `https://${host}/oauth`);
  return { endpoints: { authorization, token: token ?? "", device: undefined, revocation: undefined, registration: undefined } };
};
const judge = (address: string, ...hosts: readonly string[]) => judgeForeignLogins(address, at(...hosts)).catch((error: unknown) => (error instanceof Error ? error.message : "?"));

describe("a server that has its logins elsewhere", () => {
  test.each([
    ["itself", "https://mcp.linear.app/mcp", ["mcp.linear.app"]],
    ["a sister below the same name", "https://mcp.slack.com/mcp", ["slack.com"]],
    ["a sister of a company in Britain", "https://mcp.example.co.uk", ["login.example.co.uk"]],
    ["another port", "https://localhost:1", ["localhost:2"]],
    ["an address", "https://127.0.0.1:1", ["127.0.0.1:2"]],
  ])("has them with %s: nothing is said", async (_name, address, hosts) => {
    expect(await judge(address, ...hosts)).toBeUndefined();
  });

  test.each([
    ["a stranger", "https://mcp.example.com/mcp", ["example.us.auth0.com"]],
    ["somebody who rents names out, as it does", "https://mcp.workers.dev", ["login.workers.dev"]],
    ["another company of one country", "https://mcp.example.co.uk", ["login.other.co.uk"]],
    ["a customer beside it", "https://mcp.okta.com", ["other.okta.com"]],
    ["another address", "https://127.0.0.1:1", ["127.0.0.2:1"]],
  ])("has them with %s: the person hears whose pages these are", async (_name, address, hosts) => {
    const typed = new URL(address).hostname;
    expect(await judge(address, ...hosts)).toBe(`${typed} has its logins at ${new URL(`https://${hosts[0] ?? ""}`).hostname}: what you consent to there, ${typed} can use`);
  });

  test.each([
    ["a provider that registers clients for whoever asks", "https://mcp.evil.example/mcp", ["api.resend.com"], "Resend"],
    ["one whose pages it names, and whose tokens it takes", "https://evil.example", ["accounts.google.com", "evil.example"], "Google"],
    ["one whose codes it has exchanged", "https://evil.example", ["evil.example", "github.com"], "GitHub"],
    ["one whose name it has a part of", "https://mcp.linear.app.evil.example", ["mcp.linear.app"], "Linear"],
    ["one whose customers are companies", "https://evil.example", ["login.microsoftonline.com"], "Microsoft"],
  ])("has them with %s: nobody is asked to log in", async (_name, address, hosts, title) => {
    expect(await judge(address, ...hosts)).toContain(title);
    await expect(judgeForeignLogins(address, at(...hosts))).rejects.toMatchObject({ code: "no-value", hint: expect.stringMatching(/^to log in at .*: vault login [a-z-]+$/) as string });
  });

  test.each([["GitHub's own MCP server", "https://api.githubcopilot.com/mcp", ["github.com"]], ["Google's issuer, by its own name", "https://accounts.google.com", ["accounts.google.com", "oauth2.googleapis.com"]], ["Dropbox, whose API has another name", "https://api.dropboxapi.com", ["www.dropbox.com", "api.dropboxapi.com"]]])("is one of the provider's own: %s", async (_name, address, hosts) => {
    expect(await judge(address, ...hosts)).toMatch(/has its logins at/);
    await expect(judgeForeignLogins(address, at(...hosts))).resolves.toBeDefined();
  });

  test("cannot have a code typed at a provider's page, which that one gave to the server itself", async () => {
    const found = { provider: undefined, endpoints: { ...at("evil.example").endpoints, device: "https://evil.example/device" } };
    await expect(judgeForeignPages(found, { page: "https://github.com/login/device", pageWithCode: undefined })).rejects.toMatchObject({ code: "no-value", message: expect.stringContaining("GitHub") as string });
    await expect(judgeForeignPages(found, { page: "https://login.evil.example/device", pageWithCode: "https://github.com/login/device?user_code=ABCD" })).rejects.toMatchObject({ code: "no-value" });
    expect(await judgeForeignPages(found, { page: "https://other.example/device", pageWithCode: undefined })).toContain("has its logins at other.example");
    expect(await judgeForeignPages(found, { page: "https://login.evil.example/device", pageWithCode: undefined })).toBeUndefined();
    // Google's pages are at a name of their own.
    expect(await judgeForeignPages({ ...found, provider: "google" }, { page: "https://www.google.com/device", pageWithCode: undefined })).toBeUndefined();
  });

  test("each provider that is in one place may be found by its own metadata", async () => {
    for (const provider of listProviders()) {
      if (provider.base !== undefined && provider.base.url === undefined) continue;
      const { endpoints } = settleProvider(provider, undefined);
      for (const endpoint of [endpoints.authorization, endpoints.token]) {
        if (endpoint !== undefined) await judgeForeignLogins(new URL("/", endpoint).href, { endpoints });
      }
      if (provider.resource !== undefined) await judgeForeignLogins(provider.resource, { endpoints });
    }
  });
});

describe("a login", () => {
  let server: LoginServer | undefined;
  afterEach(async () => {
    await server?.close();
    server = undefined;
  });

  test("tells the person so, before the page", async () => {
    server = await openLoginServer();
    const { issuer, certificate } = server;
    const ca = makeTestCa();
    const resource = createServer(ca.identityFor("127.0.0.1"), (request, response) => {
      if (request.url?.startsWith("/.well-known/oauth-protected-resource") !== true) response.writeHead(404).end();
      else response.setHeader("content-type", "application/json").end(JSON.stringify({ resource: `https://${request.headers.host ?? ""}/mcp`, authorization_servers: [issuer], scopes_supported: [API_SCOPE] }));
    });
    await new Promise<void>((resolve) => resource.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => {
      resource.closeAllConnections();
      resource.close();
    });
    const address = `https://127.0.0.1:${(resource.address() as AddressInfo).port}/mcp`;
    const person = makePerson(certificate);
    const { surroundings } = makeHome();
    const { record } = await logIn(surroundings, { server: { kind: "issuer", address }, name: "API_TOKEN", scope: undefined, hosts: [], allowPrivate: true, scopes: undefined, wantsDevice: false, clientId: undefined, roots: `${certificate}${ca.certificate}`, port: undefined }, person);
    expect(record.hosts).toEqual([new URL(address).host]);
    expect(person.told[0]).toBe("127.0.0.1 has its logins at localhost: what you consent to there, 127.0.0.1 can use");
    expect(person.told[1]).toMatch(new RegExp(`^your browser leads to ${new URL(address).host};`));
  });

  test("by a code that another has given shows neither code nor page", async () => {
    server = await openLoginServer({
      intercept: (request, response) => {
        if (request.url !== "/device/auth") return false;
        response.setHeader("content-type", "application/json").end(JSON.stringify({ device_code: "d", user_code: "WDJB-MJHT", verification_uri: "https://github.com/login/device", expires_in: 600 }));
        return true;
      },
    });
    const person = makePerson(server.certificate, { hasBrowser: false });
    const { surroundings } = makeHome();
    await expect(logIn(surroundings, { server: { kind: "issuer", address: server.issuer }, name: "API_TOKEN", scope: undefined, hosts: [server.authority], allowPrivate: true, scopes: [API_SCOPE], wantsDevice: true, clientId: "desktop", roots: server.certificate, port: undefined }, person)).rejects.toMatchObject({ code: "no-value", message: expect.stringContaining("github.com, which is GitHub's") as string });
    expect(person.told).toEqual([]);
    expect(server.granted()).toEqual([]);
  });
});

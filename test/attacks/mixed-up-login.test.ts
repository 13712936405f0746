// A server that one logs in at is not honest: it sends the browser to another's page, whose code it would then be given; it calls itself another, names endpoints without TLS, or has the code sent on elsewhere.
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import type { AskedLogin } from "../../src/app/logins/log-in.ts";
import { logIn } from "../../src/app/logins/log-in.ts";
import { makeHome } from "../support/home.ts";
import { makePerson } from "../support/login-person.ts";
import type { LoginServer } from "../support/login-server.ts";
import { API_SCOPE, openLoginServer } from "../support/login-server.ts";
import { makeTestCa } from "../support/test-ca.ts";

interface Liar {
  readonly address: string;
  readonly certificate: string;
  readonly heard: () => string;
}

/** @param say what it has as its metadata, from its own address; @param token what its token endpoint does. */
async function openLiar(say: (own: string) => object, token: { readonly status: number; readonly location?: string } = { status: 200 }): Promise<Liar> {
  const ca = makeTestCa();
  let heard = "";
  const server = createServer(ca.identityFor("localhost"), (request, response) => {
    heard += `${request.method ?? ""} ${request.url ?? ""}\n`;
    request.on("data", (chunk: Buffer) => (heard += chunk.toString()));
    const own = `https://localhost:${(server.address() as AddressInfo).port}`;
    if (request.url?.includes(".well-known/oauth-authorization-server") === true) response.end(JSON.stringify(say(own)));
    else if (request.url === "/token") response.writeHead(token.status, token.location === undefined ? {} : { location: token.location }).end("{}");
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => { server.closeAllConnections(); server.close(); });
  return { address: `https://localhost:${(server.address() as AddressInfo).port}`, certificate: ca.certificate, heard: () => heard };
}

async function openHonest(): Promise<LoginServer> {
  const honest = await openLoginServer();
  onTestFinished(() => honest.close());
  return honest;
}

const attempt = (liar: Liar, honest: LoginServer): Promise<unknown> => {
  const roots = `${liar.certificate}${honest.certificate}`;
  const asked: AskedLogin = { server: { kind: "issuer", address: liar.address }, name: "API_TOKEN", scope: undefined, hosts: [], allowPrivate: false, scopes: [API_SCOPE], wantsDevice: false, clientId: "desktop", roots, port: undefined };
  return logIn(makeHome().surroundings, asked, makePerson(roots));
};

describe("a server that is not honest", () => {
  it("leads to another's page: the answer of that one is not given to it (RFC 9207)", async () => {
    const honest = await openHonest();
    const liar = await openLiar((own) => ({ issuer: own, authorization_endpoint: `${honest.issuer}/auth`, token_endpoint: `${own}/token` }));
    await expect(attempt(liar, honest)).rejects.toMatchObject({ code: "no-value", message: expect.stringContaining("was not that of localhost") as string });
    expect(liar.heard()).not.toMatch(/code|token/);
  });

  it("calls itself that other one: it is not believed", async () => {
    const honest = await openHonest();
    const liar = await openLiar((own) => ({ issuer: honest.issuer, authorization_endpoint: `${honest.issuer}/auth`, token_endpoint: `${own}/token` }));
    await expect(attempt(liar, honest)).rejects.toMatchObject({ code: "no-value", message: expect.stringContaining("says nothing of logins") as string });
    expect(liar.heard()).not.toMatch(/code|token/);
  });

  it.each([["its token endpoint", "token_endpoint"], ["its page", "authorization_endpoint"], ["where it registers clients", "registration_endpoint"]])("names %s without TLS: nothing goes there", async (_name, member) => {
    const honest = await openHonest();
    const liar = await openLiar((own) => ({ issuer: own, authorization_endpoint: `${honest.issuer}/auth`, token_endpoint: `${own}/token`, [member]: "http://127.0.0.1:9/x" }));
    await expect(attempt(liar, honest)).rejects.toMatchObject({ code: "no-value", message: expect.stringContaining("no plain https URL") as string });
  });

  it("sends the code on elsewhere: not followed", async () => {
    const other = await openLiar(() => ({}));
    const liar = await openLiar((own) => ({ issuer: own, authorization_endpoint: `${own}/auth`, token_endpoint: `${own}/token` }), { status: 307, location: `${other.address}/token` });
    const roots = `${liar.certificate}${other.certificate}`;
    const person = makePerson(roots, {
      act: async (page, browser) => {
        // What a page of its own would send the browser back with.
        const { location } = await fetchStart(page);
        const asked = new URL(location);
        return browser.open(`${asked.searchParams.get("redirect_uri") ?? ""}?code=c-1&state=${asked.searchParams.get("state") ?? ""}`);
      },
    });
    await expect(logIn(makeHome().surroundings, { server: { kind: "issuer", address: liar.address }, name: "API_TOKEN", scope: undefined, hosts: [], allowPrivate: false, scopes: undefined, wantsDevice: false, clientId: "desktop", roots, port: undefined }, person)).rejects.toMatchObject({ code: "no-value" });
    expect(liar.heard()).toContain("code=c-1");
    expect(other.heard()).toBe("");
  });
});

async function fetchStart(link: string): Promise<{ readonly location: string }> {
  const { headers } = await fetch(link, { redirect: "manual" });
  return { location: headers.get("location") ?? "" };
}

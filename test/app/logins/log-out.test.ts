// The end of a login at a real authorization server: what the server is told, what is told of a server that cannot be reached, and that the vault forgets it in each case.
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import type { AskedLogin } from "../../../src/app/logins/log-in.ts";
import { logIn } from "../../../src/app/logins/log-in.ts";
import { logOut } from "../../../src/app/logins/log-out.ts";
import { rotateSourced } from "../../../src/app/sources/sourced-secret.ts";
import { readVault } from "../../../src/store/vault-store.ts";
import type { Home } from "../../support/home.ts";
import { addSecret, makeHome, makeVaultHome } from "../../support/home.ts";
import { makePerson } from "../../support/login-person.ts";
import type { LoginServer, LoginServerOptions } from "../../support/login-server.ts";
import { API_SCOPE, openLoginServer } from "../../support/login-server.ts";
import { makeTestCa } from "../../support/test-ca.ts";

let server: LoginServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

interface Stage {
  readonly server: LoginServer;
  readonly home: Home;
  /** Refresh and access tokens that the server would still take. */
  readonly living: () => Promise<number>;
}

async function setUp(options: LoginServerOptions = {}): Promise<Stage> {
  const [refreshTokens, accessTokens]: [string[], string[]] = [[], []];
  const opened = await openLoginServer(options);
  server = opened;
  opened.provider.on("refresh_token.saved", ({ jti }) => { refreshTokens.push(jti); });
  opened.provider.on("access_token.saved", ({ jti }) => { accessTokens.push(jti); });
  const home = makeHome();
  const asked: AskedLogin = { server: { kind: "issuer", address: opened.issuer }, name: "API_TOKEN", scope: undefined, hosts: [opened.authority], allowPrivate: true, scopes: [API_SCOPE], wantsDevice: false, clientId: "desktop", roots: opened.certificate, port: undefined };
  await logIn(home.surroundings, asked, makePerson(opened.certificate));
  const find = [...new Set(refreshTokens)].map((jti) => () => opened.provider.RefreshToken.find(jti));
  const findAccess = [...new Set(accessTokens)].map((jti) => () => opened.provider.AccessToken.find(jti));
  return { server: opened, home, living: async () => (await Promise.all([...find, ...findAccess].map((look) => look()))).filter((token) => token !== undefined).length };
}

const names = async ({ surroundings }: Home): Promise<readonly string[] | undefined> => (await readVault(surroundings.paths))?.contents.secrets.map(({ name }) => name);

describe("vault logout", () => {
  test("tells the server, whose tokens are dead then, and forgets the login", async () => {
    const { home, living, server: { asked, authority } } = await setUp();
    expect(await living()).toBe(2);
    const { revocation, record, title } = await logOut(home.surroundings, "API_TOKEN", undefined);
    expect([revocation, record.name, title]).toEqual([{ kind: "done" }, "API_TOKEN", authority]);
    expect(asked()).toContain("POST /token/revocation");
    expect(await living()).toBe(0);
    expect(await names(home)).toEqual([]);
  });

  test("is what comes before another way to make the value, and before deleting: whoever forgets it is told", async () => {
    const { home, living } = await setUp();
    const record = await rotateSourced(home.surroundings, "API_TOKEN", undefined, { kind: "command", command: ["/bin/echo", "made-value-0000000000"], ttl: 60, failureTtl: 5, timeout: 10, keep: [] }, () => Promise.reject(new Error("asked")));
    expect(record.source.kind).toBe("command");
    expect(home.warnings.at(-1)).toMatch(/the login that was "API_TOKEN" was not revoked[^]*vault logout API_TOKEN comes first/);
    expect(await living()).toBe(2);
  });

  test("tells it of an access token that stands alone", async () => {
    const { home, living } = await setUp({ refreshes: false });
    expect(await living()).toBe(1);
    expect((await logOut(home.surroundings, "API_TOKEN", undefined)).revocation).toEqual({ kind: "done" });
    expect(await living()).toBe(0);
  });

  test("says that the server could not be reached, and forgets the login all the same", async () => {
    const stage = await setUp();
    await stage.server.close();
    expect(await logOut(stage.home.surroundings, "API_TOKEN", undefined)).toMatchObject({ revocation: { kind: "failed", reason: expect.stringContaining("ECONNREFUSED") as string } });
    expect(await names(stage.home)).toEqual([]);
  });

  test("shows its refresh token to nobody else who has that port by now", async () => {
    const stage = await setUp();
    const { port } = stage.server;
    await stage.server.close();
    let heard = "";
    const thief = createServer({ ...makeTestCa().identityFor("localhost") }, (request, response) => {
      request.on("data", (chunk: Buffer) => (heard += chunk.toString()));
      response.end("{}");
    });
    await new Promise<void>((resolve) => thief.listen(port, "127.0.0.1", resolve));
    expect((thief.address() as AddressInfo).port).toBe(port);
    expect((await logOut(stage.home.surroundings, "API_TOKEN", undefined)).revocation.kind).toBe("failed");
    thief.close();
    expect(heard).toBe("");
  });

  test("says that the server refused", async () => {
    const stage = await setUp({
      intercept: (request, response) => {
        if (request.url !== "/token/revocation") return false;
        response.writeHead(503).end("<html>later</html>");
        return true;
      },
    });
    expect(await logOut(stage.home.surroundings, "API_TOKEN", undefined)).toMatchObject({ revocation: { kind: "failed", reason: expect.stringContaining("503") as string } });
    expect(await names(stage.home)).toEqual([]);
  });

  test("is for logins: a secret of another kind stays", async () => {
    const home = await makeVaultHome();
    await addSecret(home.surroundings, "STORED");
    await expect(logOut(home.surroundings, "STORED", undefined)).rejects.toMatchObject({ code: "usage", hint: "vault secrets delete STORED" });
    await expect(logOut(home.surroundings, "NOBODY", undefined)).rejects.toMatchObject({ code: "not-found" });
    expect(await names(home)).toEqual(["STORED"]);
  });
});

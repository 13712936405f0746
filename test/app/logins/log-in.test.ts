// Logins at a real authorization server, over TLS, by the browser and by a code; what the vault has of them then, and what becomes of them.
import { afterEach, describe, expect, test } from "vitest";
import { makeByOauth2 } from "../../../src/agent/sources/oauth2.ts";
import type { SealedLogin } from "../../../src/agent/sources/sealed-login.ts";
import { parseSealedLogin } from "../../../src/agent/sources/sealed-login.ts";
import { makeVault } from "../../../src/app/keys/make-vault.ts";
import { openVault } from "../../../src/app/keys/open-vault.ts";
import type { AskedLogin, LoggedIn } from "../../../src/app/logins/log-in.ts";
import { logIn } from "../../../src/app/logins/log-in.ts";
import { Secret } from "../../../src/secret.ts";
import { readVault } from "../../../src/store/vault-store.ts";
import { openSecrets } from "../../../src/vault/envelope.ts";
import { KDF_COSTS } from "../../../src/vault/kdf.ts";
import type { SecretRecord } from "../../../src/vault/record.ts";
import type { Home } from "../../support/home.ts";
import { makeHome, makeVaultHome } from "../../support/home.ts";
import type { PersonOptions, TestPerson } from "../../support/login-person.ts";
import { makePerson } from "../../support/login-person.ts";
import type { LoginServer, LoginServerOptions } from "../../support/login-server.ts";
import { API_SCOPE, CONFIDENTIAL, openLoginServer } from "../../support/login-server.ts";

let server: LoginServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

interface Stage {
  readonly server: LoginServer;
  readonly home: Home;
  readonly person: (options?: PersonOptions) => TestPerson;
  readonly ask: (changes?: Partial<AskedLogin>, person?: TestPerson) => Promise<LoggedIn>;
}

async function setUp(options: LoginServerOptions = {}, home: Home = makeHome()): Promise<Stage> {
  const opened = await openLoginServer(options);
  server = opened;
  const asked: AskedLogin = { server: { kind: "issuer", address: opened.issuer }, name: "API_TOKEN", scope: undefined, hosts: [opened.authority], allowPrivate: true, scopes: [API_SCOPE], wantsDevice: false, clientId: "desktop", roots: opened.certificate, port: undefined };
  const person = (more?: PersonOptions): TestPerson => makePerson(opened.certificate, more);
  return { server: opened, home, person, ask: (changes = {}, who = person()) => logIn(home.surroundings, { ...asked, ...changes }, who) };
}

async function sealedOf({ surroundings }: Home, record: SecretRecord): Promise<SealedLogin> {
  const vault = await openVault(surroundings);
  try {
    const [sealed] = await openSecrets(vault.holder, vault.file.contents.id, [record]);
    if (sealed === undefined) throw new Error("it does not open");
    return parseSealedLogin(sealed);
  } finally {
    vault.close();
  }
}

/** What a run does with it: a token, and what the API says to that. */
async function useToken({ home, server: { issuer, certificate } }: Stage, record: SecretRecord): Promise<unknown> {
  const vault = await openVault(home.surroundings);
  try {
    const [sealed] = await openSecrets(vault.holder, vault.file.contents.id, [record]);
    if (sealed === undefined || record.source.kind !== "oauth2") throw new Error("it is no login");
    const { value } = await makeByOauth2({ source: record.source, sealed, nowMs: Date.now(), signal: new AbortController().signal, keep: () => Promise.resolve() });
    const { makeAsk } = await import("../../../src/app/logins/ask.ts");
    const answer = await makeAsk(certificate, new AbortController().signal)(`${issuer}/api`, { headers: { authorization: `Bearer ${Buffer.from(value.reveal()).toString()}` } });
    return answer.status === 200 ? await answer.json() : answer.status;
  } finally {
    vault.close();
  }
}

const isThere = async ({ surroundings }: Home): Promise<number> => (await readVault(surroundings.paths))?.contents.secrets.length ?? -1;

describe("a login in the browser", () => {
  test("puts a refresh token into the vault that makes tokens, and says on the page that it did", async () => {
    const stage = await setUp();
    const person = stage.person();
    const { record, isNew, ends } = await stage.ask({}, person);
    expect([isNew, ends, record.name, record.hosts, record.allowPrivate]).toEqual([true, undefined, "API_TOKEN", [stage.server.authority], true]);
    expect(record.source).toMatchObject({ kind: "oauth2", provider: null, issuer: stage.server.issuer, clientId: "desktop", clientAuth: { kind: "none" }, scopes: [API_SCOPE, "offline_access"] });
    const sealed = await sealedOf(stage.home, record);
    expect(sealed).toMatchObject({ refreshToken: expect.any(String) as string, clientSecret: null, access: null, roots: stage.server.certificate });
    expect((await person.shown()).text).toContain(`The vault has your login at ${stage.server.authority}.`);
    expect(person.told.join("\n")).not.toContain(sealed.refreshToken);
    expect(await useToken(stage, record)).toMatchObject({ login: "ann", scope: expect.stringContaining(API_SCOPE) as string });
    expect(stage.server.granted()).toEqual(["authorization_code", "refresh_token"]);
  });

  test("is shown as an address where there is no browser and no other way", async () => {
    const stage = await setUp({ device: false });
    const person = stage.person({ hasBrowser: false });
    await stage.ask({ clientId: undefined }, person);
    expect(person.told[0]).toBe(`to log in at ${stage.server.authority}, open this page in a browser of this machine:`);
    expect(new URL(person.told[1] ?? "").searchParams.get("redirect_uri")).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/callback$/);
  });

  test("shows who the client is where that one has a secret, which is sealed", async () => {
    const stage = await setUp();
    const { record } = await stage.ask({ clientId: "confidential" }, stage.person({ clientSecret: CONFIDENTIAL.client_secret ?? "" }));
    expect(record.source).toMatchObject({ clientAuth: { kind: "basic" } });
    expect((await sealedOf(stage.home, record)).clientSecret).toBe(CONFIDENTIAL.client_secret);
    expect(await useToken(stage, record)).toMatchObject({ login: "ann" });
  });

  test("that the person declines stores nothing, and the page says so", async () => {
    const stage = await setUp();
    const person = stage.person({
      act: async (page, browser) => {
        const first = await browser.open(page);
        return browser.open(`${first.url}/abort`);
      },
    });
    await expect(stage.ask({}, person)).rejects.toMatchObject({ code: "no-value", message: `${stage.server.authority} gave no login: it was declined there` });
    expect((await person.shown()).text).toContain("Not logged in");
    expect(await isThere(stage.home)).toBe(-1);
  });

  test("is another one for another account, under another name", async () => {
    const stage = await setUp();
    const [one, two] = [await stage.ask(), await stage.ask({ name: "OTHER_TOKEN" }, stage.person({ account: "ben" }))];
    expect([await useToken(stage, one.record), await useToken(stage, two.record)]).toMatchObject([{ login: "ann" }, { login: "ben" }]);
  });

  test("without a refresh token keeps the access token, and says when that ends", async () => {
    const stage = await setUp({ refreshes: false, accessTtl: 600 });
    const { record, ends } = await stage.ask();
    expect((await sealedOf(stage.home, record)).access?.token).toEqual(expect.any(String));
    expect((ends?.getTime() ?? 0) - Date.now()).toBeGreaterThan(60_000);
    expect(await useToken(stage, record)).toMatchObject({ login: "ann" });
  });

  test("says what was not granted", async () => {
    const stage = await setUp();
    const { record } = await stage.ask({ scopes: [API_SCOPE, "no:such"] });
    expect(stage.home.warnings).toContain(`${stage.server.authority} has not granted all that was asked for: not no:such`);
    expect(record.source).toMatchObject({ scopes: [API_SCOPE, "offline_access"] });
  });
});

describe("a login by a code", () => {
  test("is taken where the person has no browser here, and puts the same into the vault", async () => {
    const stage = await setUp();
    const person = stage.person({ hasBrowser: false });
    const { record } = await stage.ask({}, person);
    expect(person.told).toEqual([`to log in at ${stage.server.authority}, open this page on any machine: ${stage.server.issuer}/device`, expect.stringMatching(/^and enter this code there: [A-Z]{4}-[A-Z]{4}$/), expect.stringContaining("or open the page that has the code in it: ")]);
    expect(await useToken(stage, record)).toMatchObject({ login: "ann" });
    expect(stage.server.granted()[0]).toBe("urn:ietf:params:oauth:grant-type:device_code");
  });

  test("ends where the person declines it", async () => {
    const stage = await setUp();
    const decline: TestPerson = {
      ...stage.person({ hasBrowser: false }),
      tell: (line) => {
        const code = /^and enter this code there: (.+)$/.exec(line)?.[1] ?? "";
        void stage.server.provider.DeviceCode.findByUserCode(code.replace("-", ""), { ignoreExpiration: true }).then(async (found) => {
          if (found !== undefined) await Object.assign(found, { error: "access_denied", errorDescription: "no" }).save();
        });
      },
    };
    await expect(stage.ask({ wantsDevice: true }, decline)).rejects.toMatchObject({ code: "no-value", message: expect.stringContaining("declined") as string });
  });
});

describe("a client that nobody has made", () => {
  test.each([["browser", true], ["code", false]])("is registered for the login, by the %s", async (_way, hasBrowser) => {
    const stage = await setUp();
    const { record } = await stage.ask({ clientId: undefined }, stage.person({ hasBrowser }));
    expect(stage.server.asked()).toContain("POST /reg");
    expect(await useToken(stage, record)).toMatchObject({ login: "ann" });
  });

  test("has to be named where the server registers none", async () => {
    const stage = await setUp({ registers: false });
    await expect(stage.ask({ clientId: undefined })).rejects.toMatchObject({ code: "usage", message: expect.stringContaining("registers no clients") as string });
  });
});

describe("a resource that names its server", () => {
  test("has the token that is asked for it alone, bound to its host", async () => {
    const stage = await setUp();
    const { record } = await stage.ask({ server: { kind: "issuer", address: `${stage.server.issuer}/api` }, hosts: [], clientId: undefined, scopes: undefined });
    expect(record.hosts).toEqual([stage.server.authority]);
    expect(record.source).toMatchObject({ issuer: stage.server.issuer, parameters: [{ name: "resource", value: `${stage.server.issuer}/api` }] });
    expect(await useToken(stage, record)).toMatchObject({ login: "ann", audience: `${stage.server.issuer}/api` });
  });
});

describe("a vault with a passphrase", () => {
  test("is opened before anybody is asked to log in, and again when the login is there: the passphrase is asked for once", async () => {
    const home = makeHome();
    const passphrase = (): Promise<Secret> => Promise.resolve(Secret.fromText("long passphrase"));
    await makeVault(home.surroundings, { provider: "passphrase", ask: passphrase, cost: KDF_COSTS.low });
    let asked = 0;
    const counting = {
      ...home.surroundings,
      findPassphrase: () => {
        asked += 1;
        return passphrase();
      },
    };
    const stage = await setUp({}, { ...home, surroundings: counting });
    await stage.ask();
    expect(asked).toBe(1);
  });
});

describe("a login under a name that is there", () => {
  test("is renewed as it was, by its own name: client, scopes, roots", async () => {
    const stage = await setUp({ registers: false });
    const first = await stage.ask();
    const again = await stage.ask({ server: { kind: "named", word: "API_TOKEN", baseUrl: undefined }, name: undefined, clientId: undefined, hosts: [], scopes: undefined, roots: undefined, allowPrivate: false });
    expect([again.isNew, again.record.id, again.record.version, again.record.hosts]).toEqual([false, first.record.id, 2, first.record.hosts]);
    expect(again.record.source).toEqual(first.record.source);
    expect((await sealedOf(stage.home, again.record)).roots).toBe(stage.server.certificate);
    expect(await useToken(stage, again.record)).toMatchObject({ login: "ann" });
  });

  test("of another kind, or at another server, is refused before anybody is asked to log in", async () => {
    const home = await makeVaultHome("STORED");
    const stage = await setUp({}, home);
    await stage.ask();
    const asked = stage.server.asked().length;
    await expect(stage.ask({ name: "STORED" })).rejects.toMatchObject({ code: "already-exists" });
    await expect(stage.ask({ server: { kind: "named", word: "gitlab", baseUrl: undefined } })).rejects.toMatchObject({ code: "already-exists", message: expect.stringContaining("is a login at localhost") as string });
    await expect(stage.ask({ hosts: ["evil.example:443"] })).rejects.toMatchObject({ code: "usage", message: expect.stringContaining("not bound to evil.example:443") as string });
    expect(stage.server.asked().slice(asked).filter((one) => !one.startsWith("GET /.well-known/"))).toEqual([]);
  });

  test("that no provider and no login has is not found", async () => {
    const stage = await setUp();
    await expect(stage.ask({ server: { kind: "named", word: "nobody", baseUrl: undefined }, name: undefined })).rejects.toMatchObject({ code: "not-found" });
  });
});

describe("a server", () => {
  test("whose certificate nobody trusts is told nothing", async () => {
    const stage = await setUp();
    await expect(stage.ask({ roots: undefined })).rejects.toMatchObject({ code: "no-value", hint: expect.stringContaining("--upstream-ca") as string });
    expect(stage.server.asked()).toEqual([]);
  });

  test("that calls itself by another name is none", async () => {
    const stage = await setUp({
      intercept: (request, response) => {
        if (request.url?.includes("/.well-known/") !== true) return false;
        response.setHeader("content-type", "application/json").end(JSON.stringify({ issuer: "https://login.example.com", token_endpoint: "https://login.example.com/token", authorization_endpoint: "https://login.example.com/auth" }));
        return true;
      },
    });
    await expect(stage.ask()).rejects.toMatchObject({ code: "no-value", message: expect.stringContaining("says nothing of logins") as string });
  });

  test.each([["without TLS", "http://localhost:1/"], ["that is a word", "localhost"], ["with credentials in it", "https://a:b@localhost/"]])("at an address %s is not asked", async (_name, address) => {
    const stage = await setUp();
    await expect(stage.ask({ server: { kind: "issuer", address } })).rejects.toMatchObject({ code: "usage" });
  });
});

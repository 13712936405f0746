// `doctor --try` with a login: a refresh like any other, whose new refresh token is in the vault afterwards.
import { afterAll, beforeAll, expect, test } from "vitest";
import type { AuthorizationServer } from "../../support/authorization-server.ts";
import { openAuthorizationServer } from "../../support/authorization-server.ts";
import type { BuiltVault } from "../../support/built-vault.ts";
import { openBuiltVault } from "../../support/built-vault.ts";
import { makeHomeIn } from "../../support/home.ts";
import { addLogin, replaceLogin } from "../../support/login-secret.ts";

let server: AuthorizationServer;
let built: BuiltVault;

beforeAll(async () => {
  server = await openAuthorizationServer();
  built = openBuiltVault(server.apiHost, "stored-value-000000", server.certificate);
});
afterAll(async () => {
  built.close();
  await server.close();
});

test("a login is tried by the agent, rotates its token, and tells of it; one that is over says what to type", async () => {
  const { surroundings } = makeHomeIn(built.folder, { VAULT_DIR: `${built.folder}/vault` });
  const sealed = async (): Promise<{ roots: string; refreshToken: string }> => ({ roots: server.certificate, refreshToken: await server.logIn() });
  await addLogin(surroundings, { name: "LOGIN", host: server.apiHost, source: server.source, sealed: await sealed() });
  expect(await told("doctor", "--try")).toContain('"LOGIN" gets its value from its oauth2');
  expect(server.asked()).toBe(1);
  const shown = await told("secrets", "show", "LOGIN");
  expect(shown).toMatch(/^source {4}a login, by localhost:\d+; good for an unknown time, and 1s between failures$/m);
  expect(shown).toMatch(/^issuer {4}https:\/\/localhost:\d+$/m);
  expect(shown).toMatch(/^scopes {4}offline_access openid$/m);
  expect(shown).toMatch(/^made {6}\d{4}-.*, good until \d{4}-/m);
  expect(await told("audit")).toMatch(/ login\.refresh .*secret=LOGIN/);
  expect(await told("audit")).toMatch(/ value\.made secret=LOGIN .* source=oauth2 until=/);

  // With another agent, whose memory is empty: what the vault has is good.
  built.vault(["lock"]);
  expect(await told("doctor", "--try")).toContain('"LOGIN" gets its value');
  expect([server.asked(), server.errors()]).toEqual([2, []]);

  await replaceLogin(surroundings, { name: "LOGIN", source: server.source, sealed: { ...(await sealed()), refreshToken: "no-such-token-0000000000" } });
  const failing = built.start(process.execPath, [`${process.cwd()}/bin/run.js`, "doctor", "--try"], built.folder);
  expect(await failing.ended).toBe(14);
  expect(failing.output()).toContain('there is no value of "LOGIN": its login is over');
  expect(failing.output()).toContain("→ vault login LOGIN");
  expect(await told("status")).toMatch(/^no value {4}LOGIN, since .*: its login is over/m);
}, 60_000);

/** What a command says, of whatever status. The server here has to answer meanwhile. */
async function told(...args: readonly string[]): Promise<string> {
  const run = built.start(process.execPath, [`${process.cwd()}/bin/run.js`, ...args], built.folder);
  await run.ended;
  return run.output();
}

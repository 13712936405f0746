// Keys that mint: a service account of Google's and a GitHub App, and a program in the run that would have the key itself, a token that may do more, or a token of another's.
import { spawnSync } from "node:child_process";
import { createPublicKey, generateKeyPairSync } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { BuiltVault } from "../../support/built-vault.ts";
import { openBuiltVault } from "../../support/built-vault.ts";
import type { Asked, GrantingServer } from "../../support/granting-server.ts";
import { NODE as NODE_PROGRAM, RUN_JS } from "../../support/program.ts";
import { grantLikeGithub, grantLikeGoogle, json, openGrantingServer } from "../../support/granting-server.ts";

const hasCurl = spawnSync("curl", ["--version"]).status === 0 && process.platform === "linux";
const hasPython = hasCurl && spawnSync("python3", ["-c", "import google.auth.transport.requests"]).status === 0;
const clients = fileURLToPath(new URL("../../../node_modules/.cache/clients/node_modules/", import.meta.url));
const hasNode = hasCurl && existsSync(join(clients, "google-auth-library"));

const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const publicKey = createPublicKey(privateKey);
const PEM = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
const KEY_PART = PEM.split("\n")[3] ?? "";
const SCOPE = "https://www.googleapis.com/auth/devstorage.read_only";
const EMAIL = "robot@project.iam.gserviceaccount.example";

let server: GrantingServer;
let built: BuiltVault;
/** What the API was shown. */
let shown: string[] = [];

beforeAll(async () => {
  const google = grantLikeGoogle({ publicKey, email: EMAIL, scope: SCOPE, audience: () => `${server.url}/token` });
  const github = grantLikeGithub({ publicKey, clientId: "Iv23liAbc", installation: 42, repositories: ["web", "secret"], permissions: { contents: "write", metadata: "read" } });
  const answer = (asked: Asked): ReturnType<typeof google> => {
    if (asked.path === "/token") return google(asked);
    if (asked.path.startsWith("/app/")) return github(asked);
    shown.push(asked.headers.authorization ?? "");
    return Promise.resolve(json(200, { you: asked.headers.authorization ?? null }));
  };
  server = await openGrantingServer(answer);
  built = openBuiltVault(`localhost:${server.port}`, "stored-value-0123456789", server.roots);
  writeFileSync(join(built.folder, "sa.json"), JSON.stringify({ type: "service_account", project_id: "p", private_key_id: "k1", private_key: PEM, client_email: EMAIL, token_uri: `${server.url}/token` }));
  writeFileSync(join(built.folder, "app.pem"), privateKey.export({ type: "pkcs1", format: "pem" }).toString());
});
afterEach(() => {
  for (const { name } of (JSON.parse(built.vault(["secrets", "list", "--json"])) as { secrets: { name: string }[] }).secrets) if (name !== "API_KEY") built.vault(["secrets", "delete", name]);
  shown = [];
});
afterAll(async () => {
  built.close();
  await server.close();
});

/** The server that the value is tried with is this process's: nobody waits for the program in it. */
async function create(name: string, ...flags: string[]): Promise<void> {
  const run = built.start(NODE_PROGRAM, [RUN_JS, "secrets", "create", name, "--host", `localhost:${server.port}`, "--upstream-ca", join(built.folder, "server.pem"), "--source", "jwt-bearer", ...flags], built.folder);
  expect(await run.ended, run.output()).toBe(0);
}
const createGoogle = (name = "GOOGLE"): Promise<void> => create(name, "--from-file", join(built.folder, "sa.json"), "--oauth-scope", SCOPE);
const createGithub = (): Promise<void> => create("REPO_TOKEN", "--from-file", join(built.folder, "app.pem"), "--github-app", "Iv23liAbc", "--installation", "42", "--repository", "web", "--permission", "contents=read", "--github-api", `${server.url}/`);
const api = (): string => `${server.url}/storage`;
/** Everything that the vault and the run have written. */
const written = (): string => readdirSync(join(built.folder, "vault"), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => readFileSync(join(entry.parentPath, entry.name), "latin1")).join("\n");

const PYTHON = `
import sys, google.auth
from google.auth.transport.requests import AuthorizedSession
credentials, _ = google.auth.default(scopes=["${SCOPE}"])
print(AuthorizedSession(credentials).get(sys.argv[1]).text)
`;
const PYTHON_ANEW = `
import sys, google.auth
from google.auth.transport.requests import AuthorizedSession, Request
credentials, _ = google.auth.default(scopes=["${SCOPE}"])
credentials.refresh(Request())
print(AuthorizedSession(credentials).get(sys.argv[1]).text)
`;
const NODE = `
const { GoogleAuth } = require(process.argv[2] + "google-auth-library");
new GoogleAuth({ scopes: ["${SCOPE}"] }).request({ url: process.argv[3] }).then(({ data }) => console.log(JSON.stringify(data)), (error) => { console.log(error); process.exit(1); });
`;

describe.runIf(hasCurl)("(needs Linux and curl) a service account's file", () => {
  test.runIf(hasPython).each([["takes the token from the file", PYTHON], ["asks for another token", PYTHON_ANEW]])("(needs google-auth) Google's library for Python %s, and has the placeholder", async (_name, script) => {
    await createGoogle();
    writeFileSync(join(built.folder, "client.py"), script);
    const run = built.run(`python3 ${built.folder}/client.py ${api()}`);
    expect(await run.ended, run.output()).toBe(0);
    expect(shown).toEqual([expect.stringMatching(/^Bearer ya29\.token-\d+-x{120}$/)]);
    expect(run.output()).toMatch(/"Bearer vault_ph_\w+"/);
  });

  test.runIf(hasNode)("(needs google-auth-library) Google's library for Node asks for a token, and gets the placeholder", async () => {
    await createGoogle();
    writeFileSync(join(built.folder, "client.cjs"), NODE);
    const run = built.run(`node ${built.folder}/client.cjs ${clients} ${api()}`);
    expect(await run.ended, run.output()).toBe(0);
    expect(shown).toEqual([expect.stringMatching(/^Bearer ya29\.token-\d+-x{120}$/)]);
    expect(run.output()).toMatch(/"Bearer vault_ph_\w+"/);
  });

  test("leaves nothing of the key and the token in the run's environment, files and answers, in the log or in the vault's folder", async () => {
    await createGoogle();
    const run = built.run(`env; cat "$GOOGLE_APPLICATION_CREDENTIALS"; cat $(dirname "$GOOGLE_APPLICATION_CREDENTIALS")/* 2>/dev/null; curl -sS -H "Authorization: Bearer $GOOGLE" ${api()}; vault run -- true`);
    await run.ended;
    expect(shown).toHaveLength(1);
    expect(run.output()).toMatch(/"type":"authorized_user".*"refresh_token":"vault_ph_\w+","token":"vault_ph_\w+"/);
    for (const told of [run.output(), written()]) expect(told).not.toMatch(new RegExp(`ya29|${KEY_PART.slice(0, 40).replaceAll("+", "\\+")}`));
    expect(built.vault(["secrets", "show", "GOOGLE"])).not.toContain(KEY_PART);
  });

  test("a refresh token that is none of the run's goes where it would, and no placeholder for it comes back", async () => {
    await createGoogle();
    const run = built.run(`curl -sS -m 20 -d grant_type=refresh_token -d refresh_token=1//mine https://oauth2.googleapis.com/token; echo; curl -sS -d grant_type=refresh_token -d "refresh_token=$GOOGLE" https://oauth2.googleapis.com/token`, { HTTPS_PROXY: "http://127.0.0.1:9" });
    await run.ended;
    expect(run.output().match(/\{"access_token":"vault_ph_\w+","expires_in":3599,"token_type":"Bearer"\}/g)).toHaveLength(1);
    expect(run.output().indexOf("access_token")).toBeGreaterThan(run.output().indexOf("\n"));
  });

  test("of two such secrets none is taken for the one that libraries want", async () => {
    await createGoogle();
    await createGoogle("GOOGLE_2");
    const run = built.run('echo "[$GOOGLE_APPLICATION_CREDENTIALS]"');
    await run.ended;
    expect(run.output()).toContain("[]");
    expect(run.output()).toContain("GOOGLE and GOOGLE_2 are Google's");
    const one = built.run('echo "[$GOOGLE_APPLICATION_CREDENTIALS]"', {}, ["-s", "GOOGLE_2"]);
    await one.ended;
    expect(one.output()).toMatch(/\[\/.+google\.json\]/);
  });
});

describe.runIf(hasCurl)("(needs Linux and curl) a GitHub App", () => {
  test("the program has a token for its repository, and asks in vain for another: with the token, with its own words, by variables", async () => {
    await createGithub();
    const before = server.asked.length;
    const ask = `${server.url}/app/installations/42/access_tokens`;
    const run = built.run(
      `curl -sS -H "Authorization: Bearer $REPO_TOKEN" ${api()}; echo; curl -sS -X POST -H "Authorization: Bearer $REPO_TOKEN" -d '{"repositories":["secret"]}' ${ask}; echo; curl -sS -X POST -H "Authorization: Bearer $REPO_TOKEN" -H 'X-Repositories: secret' -d '{}' "${ask}?repositories=secret"`,
      { GITHUB_REPOSITORY: "acme/secret" },
    );
    await run.ended;
    expect(shown).toEqual([expect.stringMatching(/^Bearer ghs_a+\d+$/)]);
    expect(run.output().match(/tokens of REPO_TOKEN come from there, and the vault alone asks for them/g)?.length).toBeGreaterThanOrEqual(2);
    expect(run.output()).not.toMatch(/ghs_a/);
    const asked = server.asked.slice(before).filter(({ path, headers }) => path.startsWith("/app/") && headers.authorization?.startsWith("Bearer ey") === true);
    expect(server.asked.slice(before).filter(({ path }) => path.startsWith("/app/"))).toHaveLength(asked.length);
    expect([...new Set(asked.map(({ body }) => body))]).toEqual(['{"repositories":["web"],"permissions":{"contents":"read"}}']);
    expect(built.vault(["secrets", "show", "REPO_TOKEN"])).toContain("installation 42 of a GitHub App, for web, with contents=read");
  });
});

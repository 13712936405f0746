// A key that mints, of a run at a broker: a service account's key signs where the vault is, and the run's machine has what Google's libraries look for, with placeholders.
import { spawnSync } from "node:child_process";
import { createPublicKey, generateKeyPairSync } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { BrokerStage, RunningBroker } from "../support/broker-stage.ts";
import { endOf, HANDLE, openBrokerStage } from "../support/broker-stage.ts";
import type { GrantingServer } from "../support/granting-server.ts";
import { grantLikeGoogle, json, openGrantingServer } from "../support/granting-server.ts";
import { NODE, RUN_JS } from "../support/program.ts";

const hasCurl = spawnSync("curl", ["--version"]).status === 0;
const hasPython = hasCurl && spawnSync("python3", ["-c", "import google.auth.transport.requests"]).status === 0;
const SCOPE = "https://www.googleapis.com/auth/devstorage.read_only";
const EMAIL = "robot@project.iam.gserviceaccount.example";
const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const PEM = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
const CLIENT = `
import sys, google.auth
from google.auth.transport.requests import AuthorizedSession, Request
credentials, _ = google.auth.default(scopes=["${SCOPE}"])
credentials.refresh(Request())
print(AuthorizedSession(credentials).get(sys.argv[1]).text)
`;

describe.skipIf(!hasCurl)("a service account's key at a broker (needs curl)", () => {
  let server: GrantingServer;
  let stage: BrokerStage;
  let broker: RunningBroker;
  let shown: string[] = [];
  beforeAll(async () => {
    const google = grantLikeGoogle({ publicKey: createPublicKey(privateKey), email: EMAIL, scope: SCOPE, audience: () => `${server.url}/token` });
    server = await openGrantingServer((asked) => {
      if (asked.path === "/token") return google(asked);
      shown.push(asked.headers.authorization ?? "");
      return json(200, { you: asked.headers.authorization ?? null });
    });
    stage = await openBrokerStage();
    // What the broker trusts, in the place of the stage's own server.
    const [roots, key] = [join(stage.owner.folder, "server.pem"), join(stage.owner.folder, "sa.json")];
    writeFileSync(roots, server.roots);
    writeFileSync(key, JSON.stringify({ type: "service_account", project_id: "p", private_key_id: "k1", private_key: PEM, client_email: EMAIL, token_uri: `${server.url}/token` }), { mode: 0o600 });
    const made = stage.owner.start(NODE, [RUN_JS, "secrets", "create", "GOOGLE", "--host", `localhost:${server.port}`, "--upstream-ca", roots, "--source", "jwt-bearer", "--from-file", key, "--oauth-scope", SCOPE], stage.owner.folder);
    expect(await made.ended, made.output()).toBe(0);
    broker = await stage.serve();
    await stage.introduce(broker, HANDLE);
  });
  afterAll(async () => {
    await stage.close();
    await server.close();
  });

  const wholeOf = async (script: string): Promise<string> => {
    shown = [];
    const { status, output } = await endOf(stage.run(broker, script));
    expect(status, output).toBe(0);
    for (const part of ["ya29", PEM.split("\n")[3] ?? ""]) expect(output).not.toContain(part);
    expect(shown).toEqual([expect.stringMatching(/^Bearer ya29\.token-\d+-x+$/)]);
    return output;
  };

  it("mints there, and the program has the file and the token of a placeholder", async () => {
    const output = await wholeOf(`cat "$GOOGLE_APPLICATION_CREDENTIALS"; echo; token=$(curl -sS https://oauth2.googleapis.com/token -d grant_type=refresh_token -d client_id=x -d client_secret=x -d "refresh_token=$GOOGLE"); echo "$token"; curl -sS -H "Authorization: Bearer $GOOGLE" ${server.url}/storage`);
    expect(output).toMatch(/"type":"authorized_user".*"refresh_token":"vault_ph_\w+"/);
    expect(output).toMatch(/"access_token": ?"vault_ph_\w+"/);
    expect(output).toMatch(/"you": ?"Bearer vault_ph_\w+"/);
  });

  it.skipIf(!hasPython)("serves Google's library for Python (needs google-auth)", async () => {
    writeFileSync(join(stage.runnerFolder, "client.py"), CLIENT);
    expect(await wholeOf(`python3 client.py ${server.url}/storage`)).toMatch(/"Bearer vault_ph_\w+"/);
  });
});

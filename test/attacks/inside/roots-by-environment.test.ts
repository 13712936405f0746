// Whoever wrote the tree that vault is started in sets variables for it: `npm run` exports the folder's .npmrc, direnv its .envrc, a container its Dockerfile's
// ENV. A variable that names a file of certificates would let a server on the way pass for the bound host and be handed the secret. Such certificates are
// the program's to trust, and never the proxy's; those of the person's own company stand where only that person puts them, and the refusal says where.
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FURTHER_TRUST_VARIABLES, TRUST_FOLDER_VARIABLE, TRUST_VARIABLES } from "../../../src/run/clients/trust-variables.ts";
import type { BuiltVault } from "../../support/built-vault.ts";
import { openBuiltVault } from "../../support/built-vault.ts";
import { NODE, RUN_JS } from "../../support/program.ts";
import { VALUE } from "../../support/proxy-run.ts";
import type { RawServer } from "../../support/raw-server.ts";
import { openRawServer, plainAnswer } from "../../support/raw-server.ts";
import { makeTestCa } from "../../support/test-ca.ts";
import { hasTools } from "../../support/transcript.ts";

const impostorCa = makeTestCa();
let impostor: RawServer;
let built: BuiltVault;
let evil: string;
let folder: string;
let roots: string;
const ask = (): string => `curl -s -i https://localhost:${impostor.port}/ -H "Authorization: Bearer $API_KEY"`;

beforeAll(async () => {
  impostor = await openRawServer(impostorCa.identityFor("localhost"), () => plainAnswer("thank you"));
  built = openBuiltVault(`localhost:${impostor.port}`, VALUE, makeTestCa().certificate);
  folder = join(built.folder, "certs");
  mkdirSync(folder);
  evil = join(folder, "evil.pem");
  writeFileSync(evil, impostorCa.certificate);
  roots = join(built.folder, "vault", "roots.pem");
});
afterAll(async () => {
  built.close();
  await impostor.close();
});

async function expectRefused(variables: Readonly<Record<string, string>>): Promise<string> {
  const before = impostor.received().length;
  const run = built.run(ask(), variables);
  await run.ended;
  expect(run.output()).toContain("x-vault-refusal: upstream-certificate");
  expect(impostor.received().slice(before)).toBe("");
  return run.output();
}

describe.skipIf(!hasTools())("the impostor gets nothing (needs curl)", () => {
  it("where every variable that names certificates names its own", async () => {
    const all = Object.fromEntries([...TRUST_VARIABLES, ...FURTHER_TRUST_VARIABLES].map((name) => [name, evil]));
    expect([...TRUST_VARIABLES, ...FURTHER_TRUST_VARIABLES, TRUST_FOLDER_VARIABLE]).toHaveLength(22);
    await expectRefused({ ...all, [TRUST_FOLDER_VARIABLE]: folder });
  });

  it.each([
    ["Node's own variable, which Node reads before vault begins", (): Record<string, string> => ({ NODE_EXTRA_CA_CERTS: evil })],
    ["OpenSSL's, and Node told to heed it", (): Record<string, string> => ({ SSL_CERT_FILE: evil, NODE_OPTIONS: "--use-openssl-ca" })],
    ["OpenSSL's folder", (): Record<string, string> => ({ SSL_CERT_DIR: folder, NODE_OPTIONS: "--use-openssl-ca" })],
    ["npm's, in small letters and in capitals", (): Record<string, string> => ({ npm_config_cafile: evil, NPM_CONFIG_CAFILE: evil })],
  ])("by %s", async (_name, variables) => {
    await expectRefused(variables());
  });

  it.each([
    ["Node's own variable", (): string[] => [`NODE_EXTRA_CA_CERTS=${evil}`]],
    ["OpenSSL's, and Node told to heed it", (): string[] => [`SSL_CERT_FILE=${evil}`, "NODE_OPTIONS=--use-openssl-ca"]],
  ])("by a login, or by a key that is tried when it is stored: by %s", async (_name, variables) => {
    const before = impostor.received().length;
    const url = `https://localhost:${impostor.port}`;
    const commands = [
      ["login", "--issuer", url, "--client-id", "me", "--name", "LOGIN"],
      ["secrets", "create", "MINTED", "--host", "api.example.com", "--source", "client-credentials", "--token-endpoint", `${url}/token`, "--client-id", "me", "--from-file", "-"],
    ];
    for (const command of commands) {
      const typed = built.start("env", [...variables(), NODE, RUN_JS, ...command], built.folder);
      typed.process.stdin?.end(VALUE);
      expect(await typed.ended, typed.output()).not.toBe(0);
      expect(typed.output()).toMatch(/SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_VERIFY_LEAF_SIGNATURE|UNABLE_TO_GET_ISSUER_CERT_LOCALLY/);
    }
    expect(impostor.received().slice(before)).toBe("");
  });

  it.skipIf(spawnSync("npm", ["--version"]).status !== 0)("where `npm run` starts vault in a tree whose .npmrc names certificates (needs npm)", async () => {
    const tree = join(built.folder, "tree");
    mkdirSync(tree);
    writeFileSync(join(tree, ".npmrc"), "cafile=evil.pem\nupdate-notifier=false\n");
    writeFileSync(join(tree, "evil.pem"), impostorCa.certificate);
    writeFileSync(join(tree, "package.json"), JSON.stringify({ name: "tree", version: "1.0.0", scripts: { agent: `"${NODE}" "${RUN_JS}" run -- sh -c 'echo cafile=$npm_config_cafile; ${ask().replaceAll("'", "")}'`, doctor: `"${NODE}" "${RUN_JS}" doctor` } }));
    const before = impostor.received().length;
    const run = built.start("npm", ["run", "--silent", "agent"], tree);
    await run.ended;
    // npm has set the variable, and the program has the run's own file in it.
    expect(run.output()).toMatch(/npm_config_cafile names ".*evil\.pem"/);
    expect(run.output()).toContain("x-vault-refusal: upstream-certificate");
    expect(impostor.received().slice(before)).toBe("");
    const doctor = built.start("npm", ["run", "--silent", "doctor"], tree);
    await doctor.ended;
    expect(doctor.output()).toMatch(/note +environment +vault was started by npm or npx/);
  });
});

describe.skipIf(!hasTools())("the person (needs curl)", () => {
  it("whose company's certificates stood in a variable is told what to do, on stderr and by the doctor", async () => {
    const said = await expectRefused({ NODE_EXTRA_CA_CERTS: evil });
    expect(said).toContain(`warning: NODE_EXTRA_CA_CERTS names "${evil}", whose certificates the program trusts and connections outwards do not; if they should: --upstream-ca "${evil}", or put them into "${roots}"`);
    expect(built.vault(["doctor"])).toContain(`"${roots}"`);
  });

  it("puts them into the vault's roots file, and the host is served; the variable needs no word then", async () => {
    writeFileSync(roots, impostorCa.certificate, { mode: 0o600 });
    const run = built.run(ask(), { NODE_EXTRA_CA_CERTS: evil });
    await run.ended;
    expect(run.output()).toContain("thank you");
    expect(run.output()).not.toContain("warning");
    expect(impostor.received()).toContain(VALUE);
  });

  it.each<[string, () => void]>([
    ["is open to other users", () => { chmodSync(roots, 0o644); }],
    ["is a symbolic link", () => { chmodSync(roots, 0o600); renameSync(roots, `${roots}.real`); symlinkSync(`${roots}.real`, roots); }],
  ])("is stopped where that file %s: nothing starts", async (why, mess) => {
    mess();
    const run = built.run("echo started");
    expect(await run.ended).toBe(125);
    expect(run.output()).toContain(why);
    expect(run.output()).not.toContain("started");
  });
});

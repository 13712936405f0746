// Values in other stores. `pass` and `secret-tool` are the real programs, where the machine has them. The others are stand-ins of ours that take the arguments that their makers document, and no others.
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, onTestFinished, test } from "vitest";
import { makeValue } from "../../../src/agent/sources/makers.ts";
import { SourceFailure } from "../../../src/agent/sources/source-maker.ts";
import { findStoreOf, planQuestion, STORES } from "../../../src/agent/sources/stores.ts";
import type { AskedSource } from "../../../src/app/sources/new-source.ts";
import { planSource } from "../../../src/app/sources/new-source.ts";
import { VaultError } from "../../../src/errors.ts";
import { isValid } from "../../support/json-schema.ts";
import { hasSecretService, openSecretService } from "../../support/keyring-daemon.ts";
import { makeFolder } from "../../support/temporary.ts";

const SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin";
const life = { ttl: 300, failureTtl: 10, keep: [] };
const has = (program: string): boolean => spawnSync("sh", ["-c", `command -v ${program}`]).status === 0;

/** What the store's program gives for an address, asked as the agent asks it. */
async function valueAt(address: string, variables: Readonly<Record<string, string>>): Promise<string> {
  const asked: AskedSource = { ...life, kind: "reference", address };
  const { source, sealed } = planSource(variables, asked, undefined);
  const { value } = await makeValue({ source, sealed, nowMs: 0, signal: new AbortController().signal });
  return Buffer.from(value.reveal()).toString();
}

/** A stand-in: prints `answer` for exactly these arguments, and fails with a word for others. */
function standIn(program: string, args: readonly string[], answer: string): string {
  const folder = makeFolder();
  const path = join(folder, program);
  writeFileSync(path, `#!/usr/bin/env node\nconst wanted = ${JSON.stringify(args)};\nif (JSON.stringify(process.argv.slice(2)) !== JSON.stringify(wanted)) { console.error("not these: " + process.argv.slice(2).join(" ")); process.exit(2); }\nprocess.stdout.write(${JSON.stringify(answer)});\n`);
  chmodSync(path, 0o755);
  return `${folder}:${process.env["PATH"] ?? SYSTEM_PATH}`;
}

test.each([
  ["op", "op://team/GitHub token/password", ["read", "--no-newline", "op://team/GitHub token/password"], "value", "value"],
  ["bw", "bw://99ee88d2-6046-4ea7-92c2-acac464b1412/password", ["--nointeraction", "get", "password", "99ee88d2-6046-4ea7-92c2-acac464b1412"], "value", "value"],
  ["gopass", "gopass://team/token", ["show", "--password", "team/token"], "value\n", "value"],
  ["vault", "vault://secret/team/app#token", ["kv", "get", "-mount=secret", "-field=token", "team/app"], "value", "value"],
  ["aws", "aws-sm://prod/app", ["secretsmanager", "get-secret-value", "--secret-id=prod/app", "--query", "SecretString", "--output", "text"], "value\n", "value"],
  ["aws", "aws-sm://prod/app#token", ["secretsmanager", "get-secret-value", "--secret-id=prod/app", "--query", "SecretString", "--output", "text"], '{"user":"u","token":"value"}\n', "value"],
  ["gcloud", "gcp-sm://my-project/token/latest", ["secrets", "versions", "access", "latest", "--secret=token", "--project=my-project", "--quiet"], "value", "value"],
  ["az", "az-kv://my-vault/token", ["keyvault", "secret", "show", "--vault-name", "my-vault", "--name", "token", "--query", "value", "--output", "json"], '"va\\"lue"\n', 'va"lue'],
  ["infisical", "infisical://project-1/prod/team/app/TOKEN", ["secrets", "get", "TOKEN", "--plain", "--silent", "--projectId=project-1", "--env=prod", "--path=/team/app/"], "value\n", "value"],
  ["infisical", "infisical://project-1/prod/TOKEN", ["secrets", "get", "TOKEN", "--plain", "--silent", "--projectId=project-1", "--env=prod", "--path=/"], "value\n", "value"],
  ["doppler", "doppler://backend/prd/TOKEN", ["secrets", "get", "TOKEN", "--plain", "--project=backend", "--config=prd"], "value\n", "value"],
] as const)("a stand-in for %s is asked for %s as its maker documents", async (program, address, args, answer, value) => {
  expect(await valueAt(address, { PATH: standIn(program, args, answer), HOME: makeFolder() })).toBe(value);
});

test.runIf(has("pass") && has("gpg"))("(needs pass and gpg) pass itself gives the first line", { timeout: 60_000 }, async () => {
  const home = makeFolder();
  const variables = { PATH: SYSTEM_PATH, HOME: home, GNUPGHOME: join(home, "gnupg"), PASSWORD_STORE_DIR: join(home, "store") };
  mkdirSync(variables.GNUPGHOME, { mode: 0o700 });
  onTestFinished(() => { spawnSync("gpgconf", ["--kill", "all"], { env: variables }); });
  const run = (program: string, args: readonly string[], input = ""): void => {
    const { status, stderr } = spawnSync(program, args, { env: variables, input, encoding: "utf8" });
    if (status !== 0) throw new Error(`${program}: ${stderr}`);
  };
  run("gpg", ["--batch", "--passphrase", "", "--quick-generate-key", "someone@example.com", "default", "default", "never"]);
  run("pass", ["init", "someone@example.com"]);
  run("pass", ["insert", "--multiline", "team/token"], "pass-value-1\nuser: someone\n");
  expect(await valueAt("pass://team/token", variables)).toBe("pass-value-1");
  await expect(valueAt("pass://team/other", variables)).rejects.toMatchObject({ failure: { reason: "failed", said: expect.stringContaining("team/other") as string } });
});

test.runIf(hasSecretService())("(needs a Secret Service) the system's keyring gives its entry", { timeout: 60_000 }, async () => {
  const service = await openSecretService();
  onTestFinished(() => { service.close(); });
  const variables = { PATH: SYSTEM_PATH, ...service.variables };
  expect(spawnSync("secret-tool", ["store", "--label=test", "service", "github", "account", "me@example.com"], { env: variables, input: "keyring-value-1" }).status).toBe(0);
  expect(await valueAt("keyring://github/me@example.com", variables)).toBe("keyring-value-1");
  await expect(valueAt("keyring://github/nobody", variables)).rejects.toBeInstanceOf(SourceFailure);
});

describe("an address", () => {
  test.each(["op://team", "bw://item", "bw://item/notafield", "pass://-c", "vault://secret/team", "aws-sm://", "gcp-sm://p/s", "az-kv://v/-s", "doppler://a/b", "nowhere://x", "token", "pass://a#b", "op://a/b/c d\n"])("that no store has, or that would be an option, is refused: %s", (address) => {
    const store = findStoreOf(address);
    const question = store === undefined ? undefined : planQuestion(store, address);
    // Behind a flag's equals sign a dash is no option.
    expect(question).toBeUndefined();
  });

  test("may have a part that begins with a dash behind an equals sign, where it is no option", () => {
    const store = findStoreOf("vault://-x/y#z");
    expect(store === undefined ? undefined : planQuestion(store, "vault://-x/y#z")?.args).toContain("-mount=-x");
  });

  test("on macOS, the keychain is asked", () => {
    expect(planQuestion(STORES.find(({ id }) => id === "keyring") ?? STORES[0]!, "keyring://github/me", "darwin")).toMatchObject({ program: "security", args: ["find-generic-password", "-s", "github", "-a", "me", "-w"] });
  });
});

describe("what is sealed", () => {
  const stage = (): { path: string; variables: Record<string, string> } => {
    const folder = makeFolder();
    writeFileSync(join(folder, "tool"), "#!/bin/sh\n");
    chmodSync(join(folder, "tool"), 0o755);
    return { path: folder, variables: { PATH: `relative:${folder}::.:/usr/bin`, HOME: "/home/me", LANG: "C.UTF-8", SSH_AUTH_SOCK: "/s", AWS_PROFILE: "p", TOKEN: "t" } };
  };
  const sealedOf = (asked: AskedSource, variables: Record<string, string>, own?: string): Record<string, unknown> => JSON.parse(Buffer.from(planSource(variables, asked, own).sealed.reveal()).toString()) as Record<string, unknown>;

  test("is the program's absolute path, and the variables that tools need, without a relative folder in the PATH", () => {
    const { path, variables } = stage();
    expect(sealedOf({ ...life, kind: "command", command: ["tool", "a b", "$HOME"], timeout: 30 }, variables)).toEqual({
      command: [join(path, "tool"), "a b", "$HOME"],
      environment: [{ name: "HOME", value: "/home/me" }, { name: "LANG", value: "C.UTF-8" }, { name: "PATH", value: `${path}:/usr/bin` }],
    });
  });

  test("is what was asked to be kept, and what a store needs", () => {
    const { variables } = stage();
    const names = (asked: AskedSource): unknown => (sealedOf(asked, variables)["environment"] as { name: string }[]).map(({ name }) => name);
    expect(names({ ...life, kind: "command", command: ["tool"], timeout: 30, keep: ["SSH_AUTH_SOCK", "TOKEN"] })).toEqual(["HOME", "LANG", "PATH", "SSH_AUTH_SOCK", "TOKEN"]);
    const aws = { ...variables, PATH: standIn("aws", [], "") };
    expect((sealedOf({ ...life, kind: "reference", address: "aws-sm://x" }, aws)["environment"] as { name: string }[]).map(({ name }) => name)).toEqual(["AWS_PROFILE", "HOME", "LANG", "PATH"]);
  });

  test("is never this program's own script in the place of another maker's of its name", () => {
    const { path, variables } = stage();
    expect(() => sealedOf({ ...life, kind: "command", command: ["tool"], timeout: 30 }, variables, join(path, "tool"))).toThrow(VaultError);
  });

  test.each([["a program that is not there", ["nowhere-to-be-found"]], ["a relative path", ["./tool"]], ["no program", [""]]])("is refused: %s", (_name, command) => {
    expect(() => sealedOf({ ...life, kind: "command", command, timeout: 30 }, stage().variables)).toThrow(VaultError);
  });

  test("is refused with a variable that is not set", () => {
    expect(() => sealedOf({ ...life, kind: "command", command: ["tool"], timeout: 30, keep: ["MISSING"] }, stage().variables)).toThrow(/MISSING/);
  });
});

test("the files of stores are as their schema says, and all of them are known", () => {
  const folder = fileURLToPath(new URL("../../../src/agent/sources/stores/", import.meta.url));
  const read = (name: string): unknown => JSON.parse(readFileSync(folder + name, "utf8"));
  const files = readdirSync(folder).filter((name) => name !== "store.schema.json");
  for (const name of files) expect(isValid(read("store.schema.json"), read(name)), name).toBe(true);
  expect(files.map((name) => name.replace(".json", "")).sort()).toEqual(STORES.map(({ id }) => id).sort());
  for (const { variables } of STORES) expect([...variables].sort()).toEqual(variables);
});

// The action's own steps, by bash as the runner starts it: nothing but the runner's `${{ … }}` is played here.
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { cpSync, existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, onTestFinished, test } from "vitest";
import { NODE, RUN_JS } from "../support/program.ts";
import { makeTestCa } from "../support/test-ca.ts";
import { makeFolder } from "../support/temporary.ts";
import { ROOT, readYaml } from "./deploy-files.ts";

interface Step {
  readonly name: string;
  readonly shell: string;
  readonly env: Readonly<Record<string, string>>;
  readonly run: string;
}

const [action] = readYaml("github-action/action.yml") as readonly [{ readonly inputs: Readonly<Record<string, { readonly description: string; readonly default?: string; readonly required?: boolean }>>; readonly runs: { readonly using: string; readonly steps: readonly Step[] } }];
const VALUE = "ghp_0123456789abcdefghijABCDEFGHIJ012345";
const SCRIPT = 'echo "has $GITHUB_TOKEN"\nprintenv | grep -cE "^(SCRIPT|MASTER_KEY|IDENTITY_KEY|VAULT_MASTER_KEY|VAULT_IDENTITY_KEY)=" || true\nfalse\necho "went on"';
// It has a placeholder, and none of the variables that brought it there; and it ends at its first failure.
const RAN = /^has ghp_(?!0123)\w{36}\n0\n$/;

/** `shell: bash` of a composite action, as GitHub documents it, with the inputs where it would put them. */
function runStep(step: Step, given: Readonly<Record<string, string>>, runner: string): { readonly status: number | null; readonly stdout: string; readonly stderr: string } {
  const expand = (text: string): string => text.replaceAll(/\$\{\{ inputs\.([\w-]+) \}\}/g, (_, name: string) => given[name] ?? action.inputs[name]?.default ?? "");
  const file = join(runner, "step.sh");
  writeFileSync(file, step.run);
  const env = { PATH: process.env["PATH"], HOME: runner, RUNNER_TEMP: runner, ...Object.fromEntries(Object.entries(step.env).map(([name, value]) => [name, expand(value)])) };
  return spawnSync("bash", ["--noprofile", "--norc", "-eo", "pipefail", file], { cwd: runner, env, encoding: "utf8" });
}

const [install, run] = action.runs.steps as readonly [Step, Step];

/** What npm would fetch, in one file: with the packages that it depends on, since no registry is asked here. */
function packWithDependencies(folder: string): string {
  const [packed] = JSON.parse(execFileSync("npm", ["pack", "--ignore-scripts", "--json", "--pack-destination", folder], { cwd: ROOT, encoding: "utf8" })) as readonly [{ readonly filename: string }];
  const home = join(folder, "package");
  execFileSync("tar", ["-xzf", join(folder, packed.filename), "-C", folder]);
  const description = JSON.parse(readFileSync(join(home, "package.json"), "utf8")) as { readonly dependencies: Readonly<Record<string, string>> };
  const { packages } = JSON.parse(readFileSync(join(ROOT, "package-lock.json"), "utf8")) as { readonly packages: Readonly<Record<string, { readonly dev?: boolean; readonly devOptional?: boolean }>> };
  const needed = Object.entries(packages).filter(([path, { dev, devOptional }]) => path !== "" && dev !== true && devOptional !== true && existsSync(join(ROOT, path))).map(([path]) => path);
  for (const path of needed) cpSync(join(ROOT, path), join(home, path), { recursive: true });
  writeFileSync(join(home, "package.json"), JSON.stringify({ ...description, bundleDependencies: Object.keys(description.dependencies) }));
  const all = join(folder, "all.tgz");
  execFileSync("tar", ["-czf", all, "-C", folder, "package"]);
  return all;
}

/** A runner on which the action's first step has run. */
function openRunner(): string {
  const runner = makeFolder();
  const { status, stdout, stderr } = runStep(install, { package: packWithDependencies(runner) }, runner);
  expect(status, stderr).toBe(0);
  expect(stdout).toMatch(/^vaultrun\/\d/m);
  return runner;
}

const vault = (env: Readonly<Record<string, string | undefined>>, args: readonly string[], input = ""): string => execFileSync(NODE, [RUN_JS, ...args], { env: { PATH: process.env["PATH"], ...env }, input, encoding: "utf8", stdio: ["pipe", "pipe", "pipe"] });

test("it is a composite action whose scripts hold no input", () => {
  expect(action.runs.using).toBe("composite");
  for (const { shell, run: script } of action.runs.steps) {
    expect(shell).toBe("bash");
    // An input in a script's text is a script.
    expect(script).not.toContain("${{");
  }
  const used = action.runs.steps.flatMap(({ env }) => Object.values(env)).map((text) => /^\$\{\{ inputs\.([\w-]+) \}\}$/.exec(text)?.[1]);
  expect(used.sort()).toEqual(Object.keys(action.inputs).sort());
});

test("a script runs with a key of the runner's, and through a broker", async () => {
  const runner = openRunner();
  const owner = { HOME: runner, VAULT_DIR: join(runner, "owner"), VAULT_MASTER_KEY: randomBytes(32).toString("base64") };
  vault(owner, ["init", "--provider", "env"]);
  vault(owner, ["secrets", "create", "GITHUB_TOKEN"], VALUE);
  const before = readdirSync(runner).sort();

  const withKey = runStep(run, { run: SCRIPT, "vault-dir": owner.VAULT_DIR, "master-key": owner.VAULT_MASTER_KEY }, runner);
  expect(withKey.stdout, withKey.stderr).toMatch(RAN);
  expect(withKey.status).toBe(1);

  const ca = makeTestCa();
  const { cert, key } = ca.identityFor("localhost");
  const [certFile, keyFile] = [join(owner.VAULT_DIR, "tls.pem"), join(owner.VAULT_DIR, "tls.key")];
  writeFileSync(certFile, cert);
  writeFileSync(keyFile, key);
  const child = spawn(NODE, [RUN_JS, "serve", "--listen", "localhost:0", "--tls-cert", certFile, "--tls-key", keyFile, "--json"], { env: { PATH: process.env["PATH"], ...owner }, stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => { child.kill("SIGKILL"); });
  const [line] = await once(createInterface({ input: child.stdout }), "line") as [string];
  const { broker } = JSON.parse(line) as { readonly broker: string };
  // The identity is made elsewhere, and its key goes into the repository's secrets.
  const { did, path } = JSON.parse(vault({ HOME: makeFolder() }, ["identity", "create", "ci", "--json"])) as { readonly did: string; readonly path: string };
  const given = { run: SCRIPT, broker, "broker-ca": ca.certificate, "identity-key": readFileSync(path, "utf8") };
  const refused = runStep(run, given, runner);
  expect(refused.status, refused.stdout).not.toBe(0);
  expect(refused.stdout).not.toContain("has");
  vault(owner, ["identity", "accept", did, "--as", "ci"]);
  await expect.poll(() => runStep(run, given, runner), { timeout: 30_000 }).toMatchObject({ status: 1, stdout: expect.stringMatching(RAN) as string });
  // Whatever it ended with, nothing of it is left: no key, no copy of the vault.
  expect(readdirSync(runner).sort()).toEqual(before);
});

test("without what it needs, it says so and starts nothing", () => {
  const runner = makeFolder();
  for (const given of [{}, { "vault-dir": runner }, { "master-key": "x" }, { broker: "https://broker.example:7998" }]) {
    const { status, stdout } = runStep(run, { run: "echo started", ...given }, runner);
    expect(status).toBe(2);
    expect(stdout).toMatch(/^::error::.*needs? /);
    expect(stdout).not.toContain("started");
  }
  expect(readdirSync(runner)).toEqual(["step.sh"]);
});

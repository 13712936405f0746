// Helpers of git's, Docker's, Kubernetes' and AWS's own protocols, started by those tools themselves, in a run, before a real HTTPS server behind the user's own proxy. The server admits the real value alone; the tools had placeholders.
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Origin } from "../support/origin.ts";
import { openOrigin, ORIGIN_HOST } from "../support/origin.ts";
import { can } from "../support/machine.ts";
import { makeBin } from "../support/transcript.ts";
import type { UserProxy } from "../support/user-proxy.ts";
import { openUserProxy } from "../support/user-proxy.ts";

const TOKEN = "tok-7Qz0-real-value-of-this-test";
const succeeds = (program: string, ...args: readonly string[]): boolean => spawnSync(program, args).status === 0;
const here = {
  git: succeeds("git", "http-backend", "--version"),
  docker: succeeds("docker", "--version"),
  buildah: succeeds("buildah", "--version"),
  kubectl: succeeds("kubectl", "version", "--client"),
  boto3: succeeds("python3", "-c", "import boto3"),
};

let origin: Origin;
let proxy: UserProxy;
let folder: string;
let variables: Record<string, string>;

interface Finished {
  readonly status: number | null;
  readonly said: string;
  /** `GET /api Basic` of each request that came with the real value. */
  readonly admitted: readonly string[];
}

async function sh(script: string): Promise<Finished> {
  const before = origin.admitted().length;
  // On one pipe: of two, nobody knows which line came first.
  const child = spawn("sh", ["-c", `exec 2>&1\n${script}`], { cwd: folder, env: variables, stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  child.stdout.on("data", (chunk: Buffer) => (said += chunk.toString()));
  const status = await new Promise<number | null>((resolve) => child.once("close", resolve));
  expect(said).not.toContain(TOKEN);
  return { status, said, admitted: origin.admitted().slice(before) };
}
const inRun = (script: string): Promise<Finished> => {
  writeFileSync(join(folder, "script.sh"), script);
  return sh(`vault run --upstream-ca server.pem -- sh -e script.sh`);
};

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "vault-tools-"));
  origin = await openOrigin(TOKEN, join(folder, "repositories"));
  proxy = await openUserProxy("me:there");
  const home = join(folder, "home");
  for (const path of [".docker", ".aws", ".kube"]) mkdirSync(join(home, path), { recursive: true });
  const bin = makeBin(folder);
  const at = `${ORIGIN_HOST}:${origin.port}`;
  variables = { PATH: `${bin}:${process.env["PATH"] ?? ""}`, HOME: home, TMPDIR: folder, VAULT_DIR: join(folder, "vault"), AT: at, HTTPS_PROXY: `http://me:there@127.0.0.1:${proxy.port}`, GIT_CONFIG_NOSYSTEM: "1", GIT_TERMINAL_PROMPT: "0", ...(process.env["PYENV_ROOT"] === undefined ? {} : { PYENV_ROOT: process.env["PYENV_ROOT"] }) };
  writeFileSync(join(folder, "server.pem"), origin.certificate);
  writeFileSync(join(bin, "docker-credential-vault"), '#!/bin/sh\nexec vault docker-credential -s TOKEN --username me "$@"\n', { mode: 0o755 });
  writeFileSync(join(home, ".docker/config.json"), JSON.stringify({ credHelpers: { [at]: "vault" } }));
  writeFileSync(join(home, ".aws/config"), "[profile deploy]\ncredential_process = vault aws-credential-process -s TOKEN\n");
  const server = { server: `https://${at}`, "certificate-authority-data": Buffer.from(origin.certificate).toString("base64") };
  const exec = { apiVersion: "client.authentication.k8s.io/v1beta1", command: "vault", args: ["kube-exec", "-s", "TOKEN"], interactiveMode: "Never" };
  writeFileSync(join(home, ".kube/config"), JSON.stringify({ apiVersion: "v1", kind: "Config", "current-context": "one", contexts: [{ name: "one", context: { cluster: "one", user: "me" } }], clusters: [{ name: "one", cluster: server }], users: [{ name: "me", user: { exec } }] }));
  expect((await sh(`vault init --provider file && printf %s "$REAL" | vault secrets create TOKEN --host $AT`.replace("$REAL", TOKEN))).status).toBe(0);
  if (here.git) await sh("git init -q --bare -b main repositories/one.git");
});
afterAll(async () => {
  await origin.close();
  await proxy.close();
  rmSync(folder, { recursive: true, force: true });
});

describe("in a run", () => {
  it.skipIf(!here.git)("git (needs git) clones over HTTPS, with a helper for one server", async () => {
    const { status, said, admitted } = await inRun(`git config --global "credential.https://$AT.helper" '!vault git-credential -s TOKEN'; git clone -q https://$AT/git/one.git cloned`);
    expect(said).not.toContain("Authentication failed");
    expect([status, admitted[0]]).toEqual([0, "GET /git/one.git/info/refs?service=git-upload-pack Basic"]);
  });

  it.skipIf(!here.docker)("docker (needs docker's client) asks a registry", async () => {
    const { admitted, said } = await inRun("docker manifest inspect $AT/some/image:1 || true");
    expect(admitted[0], said).toMatch(/^GET \/image-token\S* Basic$/);
  });

  it.skipIf(!here.buildah)("buildah (needs buildah), which speaks the same protocol, asks a registry", async () => {
    const { admitted, said } = await inRun("buildah --storage-driver vfs --root $TMPDIR/store --runroot $TMPDIR/run manifest inspect $AT/some/image:1 || true");
    expect(admitted[0] ?? "nothing", said).toMatch(/^GET \/image-token\S* Basic$/);
  });

  it.skipIf(!here.kubectl)("kubectl (needs kubectl) asks its cluster as a user with a plugin", async () => {
    const { admitted, said } = await inRun("kubectl get --raw /api/v1/namespaces || true");
    expect(admitted, said).toContain("GET /api/v1/namespaces Bearer");
  });

  it.skipIf(!can.wall)("behind the wall (needs bubblewrap), where there is no vault, it answers as well", async () => {
    // Of a temporary folder there is the project behind the wall, and little else.
    const project = join(folder, "project");
    const bin = makeBin(join(project, "shown"), true);
    writeFileSync(join(project, "walled.sh"), `printf "protocol=https\\nhost=$AT\\n" | vault git-credential -s TOKEN get | sed "s/$TOKEN/PLACEHOLDER/"; vault status --no-init || true`);
    const { said } = await sh(`cd project && PATH="${bin}:$PATH" && vault run --upstream-ca ../server.pem -- sh walled.sh`);
    expect(said).toContain("username=git\npassword=PLACEHOLDER\n");
    expect(said).toContain("there is no vault");
  });

  it.skipIf(!here.boto3)("boto3 (needs boto3) signs with the placeholder, by a profile; test/clients/signed-anew.test.ts has what becomes of that", async () => {
    const { said } = await inRun(`python3 -c 'import boto3, os; c = boto3.Session(profile_name="deploy").get_credentials().get_frozen_credentials(); print(c.access_key == c.secret_key == c.token == os.environ["TOKEN"])'`);
    expect(said).toContain("True");
  });
});

describe("the answers", () => {
  it("to git are by the host where the service is known, and none where somebody else is to be asked", async () => {
    await sh("printf ghp_value | vault secrets create GITHUB_TOKEN");
    const { said } = await inRun(`ask() { printf "$1" | vault git-credential "$2"; echo "= $?"; }
ask "protocol=https\\nhost=github.com\\nwwwauth[]=Basic\\n" get | sed "s/$GITHUB_TOKEN/PLACEHOLDER/"
ask "protocol=http\\nhost=github.com\\n" get
ask "protocol=https\\nhost=evil.example\\n" get
ask "protocol=https\\nhost=github.com\\npassword=x\\n" store
ask "" whatever
printf nonsense | vault git-credential get || echo "= $?"
printf "protocol=https\\nhost=a.example\\n" | vault git-credential -s NOBODY get || echo "= $?"`);
    expect(said).toMatch(/^username=x-access-token\npassword=PLACEHOLDER\n= 0\n= 0\n= 0\n= 0\n= 0\nerror: git's question is lines of NAME=VALUE\n.*\n= 2\nerror: this run has no secret "NOBODY"\n.*\n= 7\n/m);
  });

  it("to Docker are those that its clients know, failures among them", async () => {
    const { said } = await inRun(`ask() { printf "$1" | vault docker-credential "$2" || echo "= $?"; }
printf "https://$AT/v1/" | vault docker-credential -s TOKEN get | sed "s/$TOKEN/PLACEHOLDER/"
ask "registry.example" get; ask "http://$AT" get; ask "" list; ask "x" erase; ask "{}" store; ask "" other`);
    expect(said.replaceAll(variables["AT"] ?? "", "AT")).toMatch(/^\{"ServerURL":"https:\/\/AT\/v1\/","Username":"token","Secret":"PLACEHOLDER"\}\ncredentials not found in native keychain\n= 1\ncredentials not found in native keychain\n= 1\n\{\}\nvault keeps no login of a run[^\n]*\n= 1\nerror: [^\n]*\n[^\n]*\n= 2\n/m);
  });

  it("to Kubernetes have the version that was asked for", async () => {
    const { said } = await inRun(`for v in v1 v1beta1 v9; do KUBERNETES_EXEC_INFO='{"apiVersion":"client.authentication.k8s.io/'$v'"}' vault kube-exec -s TOKEN; done; vault kube-exec -s TOKEN`);
    expect(said.match(/k8s\.io\/\w+","kind":"ExecCredential","status":\{"token":"\w+"\}\}/g)?.map((answer) => answer.slice(7, answer.indexOf('"')))).toEqual(["v1", "v1beta1", "v1", "v1"]);
  });

  it.each(["git-credential -s TOKEN get", "docker-credential -s TOKEN get", "aws-credential-process -s TOKEN", "kube-exec -s TOKEN"])("outside of a run there are none: vault %s", async (command) => {
    const { status, said } = await sh(`echo | TOKEN=a-real-value vault ${command}`);
    expect([status, said]).toEqual([2, `error: vault ${command.split(" ")[0] ?? ""} hands out placeholders, and outside of a run there are none\nhint: start the program that asks for it in one: vault run -- CMD\n`]);
  });

  it("no value has come into a file of these tools", () => {
    expect(readFileSync(join(folder, "home/.docker/config.json"), "utf8")).not.toContain(TOKEN);
    expect(origin.heard()).not.toMatch(/vault_?ph/i);
  });
});

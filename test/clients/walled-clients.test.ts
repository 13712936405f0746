// The clients once more, behind the wall, and with nothing in their environment that leads them to a proxy: no proxy variable, and none of what a run has Node and Python load first. docs/clients.md's second table says what was measured here.
import { spawn, spawnSync } from "node:child_process";
import { chmodSync, linkSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openLanes } from "../support/lanes.ts";
import { can } from "../support/machine.ts";
import type { Origin } from "../support/origin.ts";
import { BOT_TOKEN, openOrigin, ORIGIN_HOST } from "../support/origin.ts";
import { NODE, RUN_JS } from "../support/program.ts";
import type { UserProxy } from "../support/user-proxy.ts";
import { openUserProxy } from "../support/user-proxy.ts";
import { layBuilt } from "./built-programs.ts";
import { MORE_HTTP_CLIENTS } from "./more-programs.ts";
import { MODEL_TOOLS } from "./model-programs.ts";
import { NODE_CLIENTS, NODE_TOOLS } from "./node-programs.ts";
import type { Act } from "./programs.ts";
import { ACTS, HTTP_CLIENTS, UPLOAD_BYTES } from "./programs.ts";
import { PYTHON_CLIENTS, PYTHON_TOOLS } from "./python-programs.ts";
import { REGISTRY_TOOLS } from "./registry-programs.ts";
import { compareRow, formatHttpRow, formatToolRow } from "./readme-table.ts";
import { kubeConfig, SCRIPT_CLIENTS } from "./script-programs.ts";
import { WALLED_TOOLS } from "./walled-tools.ts";

const TOKEN = "tok-7Qz0~real-value-of-the-walled-clients-test";
const REPOSITORY = fileURLToPath(new URL("../..", import.meta.url));
/** What leads to a proxy; and both streams are one, so that lines stand in their order. Trust is the wall's own: what lies over the system's stores, and the variables of those who bring their own roots. */
const FORGET = "exec 2>&1\nfor name in $(env | cut -d= -f1 | grep -i proxy) NODE_OPTIONS PYTHONPATH WGETRC; do unset $name; done\n";

let origin: Origin;
let proxy: UserProxy;
let folder: string;
let variables: Record<string, string>;

async function vault(args: readonly string[], input = "", cwd = folder): Promise<string> {
  const child = spawn(NODE, [RUN_JS, ...args], { cwd, env: variables });
  const parts: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => parts.push(chunk));
  child.stdin.end(input);
  await new Promise((resolve) => child.once("close", resolve));
  return Buffer.concat(parts).toString();
}

/** In a project of its own. */
async function runScript(name: string, script: string): Promise<string> {
  const project = mkdtempSync(join(folder, "project-"));
  writeFileSync(join(project, "script.sh"), `${FORGET}${script}`);
  linkSync(join(folder, "upload"), join(project, "upload"));
  layBuilt(name, project);
  // The clients' own files may lie where the wall shows nothing.
  const output = await vault(["run", "--sandbox", "--writable", REPOSITORY, "--upstream-ca", join(folder, "server.pem"), "--", "sh", "script.sh"], "", project);
  for (const secret of [TOKEN, BOT_TOKEN, "proxy-password"]) expect(output).not.toContain(secret);
  return output;
}

const lanes = openLanes();

describe.skipIf(!can.wall)("the table of walled clients is what was measured (needs bubblewrap):", { concurrent: true }, () => {
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "vault-walled-clients-"));
    const repository = join(folder, "repositories", "one.git");
    for (const path of [join(folder, "home", ".kube"), join(folder, "repositories")]) mkdirSync(path, { recursive: true });
    chmodSync(folder, 0o755);
    origin = await openOrigin(TOKEN, join(folder, "repositories"));
    proxy = await openUserProxy("corp:proxy-password");
    variables = {
      PATH: process.env["PATH"] ?? "",
      HOME: join(folder, "home"),
      VAULT_DIR: join(folder, "vault"),
      URL: `https://${ORIGIN_HOST}:${origin.port}`,
      HTTPS_PROXY: `http://corp:proxy-password@127.0.0.1:${proxy.port}`,
      ...(process.env["PYENV_ROOT"] === undefined ? {} : { PYENV_ROOT: process.env["PYENV_ROOT"] }),
      RUSTUP_HOME: process.env["RUSTUP_HOME"] ?? join(homedir(), ".rustup"),
    };
    writeFileSync(join(folder, "home", ".kube", "config"), kubeConfig(variables["URL"] ?? "", origin.certificate));
    if (spawnSync("git", ["init", "-q", "--bare", "-b", "main", repository]).status === 0) spawnSync("git", ["-C", repository, "config", "http.receivepack", "true"]);
    writeFileSync(join(folder, "server.pem"), origin.certificate);
    writeFileSync(join(folder, "upload"), Buffer.alloc(UPLOAD_BYTES, "u"));
    await vault(["init", "--provider", "file"]);
    await vault(["secrets", "create", "TOKEN", "--host", `${ORIGIN_HOST}:${origin.port}`], TOKEN);
    await vault(["secrets", "create", "BOT_TOKEN", "--host", `${ORIGIN_HOST}:${origin.port}`, "--service", "telegram", "--widen"], BOT_TOKEN);
  }, 60_000);

  afterAll(async () => {
    spawnSync(NODE, [RUN_JS, "lock"], { env: variables });
    await Promise.all([origin.close(), proxy.close()]);
    rmSync(folder, { recursive: true, force: true });
  });

  for (const { name, script, isHere } of [...HTTP_CLIENTS, ...MORE_HTTP_CLIENTS, ...NODE_CLIENTS, ...PYTHON_CLIENTS, ...SCRIPT_CLIENTS]) {
    test.skipIf(!isHere())(name, { timeout: 600_000 }, async () => {
      const acts = Object.keys(ACTS) as Act[];
      const output = await lanes(() => runScript(name, `(${script}\n)`));
      const answers = new Map(output.split(/^== /m).map((part) => [part.slice(0, part.indexOf("\n")), part.slice(part.indexOf("\n") + 1)]));
      const works = acts.map((act) => (answers.get(act) ?? "").split("\n").some((line) => line.trim() === ACTS[act]));
      compareRow(name, formatHttpRow(name, works), output, "walled-clients");
    });
  }

  for (const { name, work, isHere, script } of [...WALLED_TOOLS, ...NODE_TOOLS, ...PYTHON_TOOLS, ...MODEL_TOOLS, ...REGISTRY_TOOLS]) {
    test.skipIf(!isHere())(name, { timeout: 600_000 }, async () => {
      // The server answers nobody who has not the value.
      const output = await lanes(() => runScript(name, script));
      compareRow(name, formatToolRow(name, work, /^done$/m.test(output)), output, "walled-clients");
    });
  }
});

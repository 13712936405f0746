// Every client that this machine has, behind the built program and the user's own proxy, in front of a real HTTPS server. docs/clients.md says what was measured here.
import type { ChildProcess } from "node:child_process";
import { spawn, spawnSync } from "node:child_process";
import { linkSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openLanes } from "../support/lanes.ts";
import type { Origin } from "../support/origin.ts";
import { BOT_TOKEN, openOrigin, ORIGIN_HOST } from "../support/origin.ts";
import { NODE as NODE_PROGRAM, RUN_JS } from "../support/program.ts";
import { THROUGH_BROKER } from "../support/through-broker.ts";
import type { UserProxy } from "../support/user-proxy.ts";
import { openUserProxy } from "../support/user-proxy.ts";
import type { Act } from "./programs.ts";
import { MORE_HTTP_CLIENTS, MORE_TOOLS } from "./more-programs.ts";
import { MODEL_TOOLS } from "./model-programs.ts";
import { NODE_CLIENTS, NODE_TOOLS } from "./node-programs.ts";
import { PYTHON_CLIENTS, PYTHON_TOOLS } from "./python-programs.ts";
import { kubeConfig, SCRIPT_CLIENTS, SCRIPT_TOOLS } from "./script-programs.ts";
import { layBuilt } from "./built-programs.ts";
import { ACTS, HTTP_CLIENTS, TOOLS, UPLOAD_BYTES } from "./programs.ts";
import { REGISTRY_TOOLS } from "./registry-programs.ts";
import { compareRow, formatHttpRow, formatToolRow } from "./readme-table.ts";

const TOKEN = "tok-7Qz0~real-value-of-the-clients-test";
const PROXY_CREDENTIAL = "corp:proxy-password";

let origin: Origin;
let proxy: UserProxy;
let folder: string;
let variables: Record<string, string>;
/** Of the machine of the runs, where that is another, and how they find their broker. */
let elsewhere: { readonly variables: Record<string, string>; readonly flags: readonly string[]; readonly broker: ChildProcess } | undefined;

interface Finished {
  readonly out: string;
  readonly err: string;
}

function start(command: string, args: readonly string[], input = "", cwd = folder, env = variables): Promise<Finished> {
  const child = spawn(command, args, { cwd, env });
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => err.push(chunk));
  child.stdin.end(input);
  return new Promise((resolve) => child.once("close", () => { resolve({ out: Buffer.concat(out).toString(), err: Buffer.concat(err).toString() }); }));
}

const vault = (...args: readonly string[]): Promise<Finished> => start(NODE_PROGRAM, [RUN_JS, ...args]);

/** Runs a shell script as the run's child, in a folder of its own, and sees to it that nothing secret came out. */
async function runScript(name: string, script: string): Promise<Finished> {
  const cwd = mkdtempSync(join(folder, "work-"));
  writeFileSync(join(cwd, "script.sh"), script);
  linkSync(join(folder, "upload"), join(cwd, "upload"));
  layBuilt(name, cwd);
  const flags = elsewhere?.flags ?? ["--upstream-ca", join(folder, "server.pem")];
  const finished = await start(NODE_PROGRAM, [RUN_JS, "run", ...flags, "--", "sh", "script.sh"], "", cwd, elsewhere?.variables);
  for (const secret of [TOKEN, BOT_TOKEN, "proxy-password", Buffer.from(PROXY_CREDENTIAL).toString("base64")]) expect(finished.out + finished.err).not.toContain(secret);
  return finished;
}

/** A broker beside the vault, and an identity with nothing else on the machine of the runs. The user's own proxy is the broker's: it is the one that goes out. */
async function openElsewhere(): Promise<NonNullable<typeof elsewhere>> {
  const own = { ...variables, VAULT_DIR: join(folder, "elsewhere") };
  for (const name of ["HTTPS_PROXY", "http_proxy", "ALL_PROXY"] as const) Reflect.deleteProperty(own, name);
  const broker = spawn(NODE_PROGRAM, [RUN_JS, "serve", "--listen", "127.0.0.1:0", "--upstream-ca", join(folder, "server.pem")], { cwd: folder, env: variables, stdio: ["ignore", "pipe", "inherit"] });
  const url = await new Promise<string>((resolve, reject) => {
    let said = "";
    broker.stdout.on("data", (chunk: Buffer) => {
      said += chunk.toString();
      const [, found] = /serving at (\S+)\n/.exec(said) ?? [];
      if (found !== undefined) resolve(found);
    });
    broker.once("close", () => { reject(new Error("the broker does not start")); });
  });
  const here = (...args: readonly string[]): Promise<Finished> => start(NODE_PROGRAM, [RUN_JS, ...args], "", folder, own);
  await here("identity", "create", "runner");
  await here("identity", "claim", "--identity", "runner", "--broker", url);
  const accepted = await vault("identity", "accept", "runner");
  expect(accepted.err + accepted.out).toContain("runner");
  return { variables: own, broker, flags: ["--broker", url, "--identity", "runner"] };
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "vault-clients-"));
  origin = await openOrigin(TOKEN, join(folder, "repositories"));
  proxy = await openUserProxy(PROXY_CREDENTIAL);
  mkdirSync(join(folder, "home", ".kube"), { recursive: true });
  writeFileSync(join(folder, "home", ".kube", "config"), kubeConfig(`https://${ORIGIN_HOST}:${origin.port}`, origin.certificate));
  const own = `http://${PROXY_CREDENTIAL}@127.0.0.1:${proxy.port}`;
  variables = {
    PATH: process.env["PATH"] ?? "",
    HOME: join(folder, "home"),
    TMPDIR: folder,
    VAULT_DIR: join(folder, "vault"),
    URL: `https://${ORIGIN_HOST}:${origin.port}`,
    HTTPS_PROXY: own,
    http_proxy: own,
    ALL_PROXY: own,
    // Where a machine keeps its versions of Python and Rust, which is below the home folder otherwise.
    ...(process.env["PYENV_ROOT"] === undefined ? {} : { PYENV_ROOT: process.env["PYENV_ROOT"] }),
    RUSTUP_HOME: process.env["RUSTUP_HOME"] ?? join(homedir(), ".rustup"),
  };
  writeFileSync(join(folder, "server.pem"), origin.certificate);
  writeFileSync(join(folder, "upload"), Buffer.alloc(UPLOAD_BYTES, "u"));
  await vault("init", "--provider", "file");
  const created = await start(NODE_PROGRAM, [RUN_JS, "secrets", "create", "TOKEN", "--host", `${ORIGIN_HOST}:${origin.port}`], TOKEN);
  expect(created.out).toContain("created TOKEN");
  await start(NODE_PROGRAM, [RUN_JS, "secrets", "create", "BOT_TOKEN", "--host", `${ORIGIN_HOST}:${origin.port}`, "--service", "telegram", "--widen"], BOT_TOKEN);
  if (spawnSync("git", ["init", "-q", "--bare", "-b", "main", join(folder, "repositories", "one.git")]).status === 0) {
    spawnSync("git", ["-C", join(folder, "repositories", "one.git"), "config", "http.receivepack", "true"]);
  }
  if (THROUGH_BROKER) elsewhere = await openElsewhere();
});

afterAll(async () => {
  elsewhere?.broker.kill("SIGTERM");
  await origin.close();
  await proxy.close();
  rmSync(folder, { recursive: true, force: true });
});

const lanes = openLanes();

/** They show no token, and beside the proxy they are known by their process, which a broker does not see (docs/broker.md). */
const NOT_BY_BROKER: readonly string[] = THROUGH_BROKER ? ["Chromium", "@playwright/mcp"] : [];

describe("the table of clients is what was measured:", { concurrent: true }, () => {
  for (const { name, script, isHere } of [...HTTP_CLIENTS, ...MORE_HTTP_CLIENTS, ...NODE_CLIENTS, ...PYTHON_CLIENTS, ...SCRIPT_CLIENTS]) {
    test.skipIf(!isHere())(name, { timeout: 600_000 }, async () => {
      const acts = Object.keys(ACTS) as Act[];
      const { out, err } = await lanes(() => runScript(name, script));
      const answers = new Map(out.split(/^== /m).map((part) => [part.slice(0, part.indexOf("\n")), part.slice(part.indexOf("\n") + 1).trim()]));
      const works = acts.map((act) => answers.get(act) === ACTS[act]);
      compareRow(name, formatHttpRow(name, works), out + err);
    });
  }

  for (const { name, work, isHere, script } of [...TOOLS, ...MORE_TOOLS, ...NODE_TOOLS, ...PYTHON_TOOLS, ...SCRIPT_TOOLS, ...MODEL_TOOLS, ...REGISTRY_TOOLS]) {
    test.skipIf(!isHere())(name, { timeout: 600_000 }, async () => {
      const { out, err } = await lanes(() => runScript(name, script));
      const works = out.trimEnd().endsWith("done");
      if (NOT_BY_BROKER.includes(name)) {
        expect(works, out + err).toBe(false);
        return;
      }
      compareRow(name, formatToolRow(name, work, works), out + err);
    });
  }
});

test("a proxy of another kind refuses the run, rather than that requests go past it", async () => {
  const own = variables;
  variables = { ...own, HTTPS_PROXY: "socks5://me:pw-of-socks@127.0.0.1:1080" };
  const { out, err } = await vault(...(THROUGH_BROKER ? ["serve", "--listen", "127.0.0.1:0"] : ["run", "--", "echo", "started"]));
  variables = own;
  expect(out).toBe("");
  expect(err).toContain('the variable "HTTPS_PROXY" names no HTTP proxy');
  expect(err).not.toContain("pw-of-socks");
});

test("the server heard real values only, and never of the user's proxy", () => {
  expect(origin.admitted().length).toBeGreaterThan(0);
  expect(origin.heard()).not.toMatch(/vault_ph_|proxy-authorization/i);
  const asked = proxy.requests();
  expect(asked.filter(({ isAdmitted }) => !isAdmitted)).toEqual([]);
  // A browser asks its makers' hosts for this and that, in plain HTTP too.
  expect(asked.filter(({ method, target }) => method !== "CONNECT" && target.includes("example.test"))).toEqual([]);
});

// The peers that are measured beside vault where they are installed: each is started as its own documents say, with one header to replace and nothing else asked of it.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { NODE } from "../test/support/program.ts";
import { cleanEnvironment } from "./clean-environment.ts";
import type { Contender } from "./contenders.ts";
import { LOAD, loadPlaceOf } from "./load.ts";
import { buildNativeProxies } from "./native.ts";

/** Starts a process that lives until the arena is closed. `line` is the first that it prints. */
export type Start = (name: string, command: string, args: readonly string[], options?: { readonly env?: NodeJS.ProcessEnv; readonly cwd?: string }) => Promise<{ readonly line: string; readonly pid: number }>;

export interface PeerStage {
  readonly start: Start;
  /** PEM of the server's certificate. */
  readonly certificate: string;
  /** CERTIFICATE KEY PLACEHOLDER VALUE, as the programs of this folder take them. */
  readonly swap: readonly string[];
  readonly placeholder: string;
  readonly value: string;
  /** One of the arena's own. */
  readonly folder: string;
  /** What is to be done before the arena's folder goes. */
  readonly onClose: (closer: () => Promise<void>) => void;
}

const BY_NODE = ["http-mitm-proxy", "mockttp"];
export const SANDBOX_RUNTIME = "sandbox-runtime";
const SANDBOX_RUNTIME_CLI = "./node_modules/@anthropic-ai/sandbox-runtime/dist/cli.js";
const NEEDS = ["bwrap", "socat", "rg"];
const PATIENCE_MS = 30_000;

export const processFile = (name: string): string => fileURLToPath(new URL(`./processes/${name}.js`, import.meta.url));

/** Those that are installed. One that does not start is left out, with a word. */
export async function openPeers(stage: PeerStage): Promise<Contender[]> {
  const ways: readonly (readonly [string, () => Promise<Contender>])[] = [
    ...BY_NODE.filter(isInstalled).map((name) => [name, () => openByNode(stage, name)] as const),
    ...(hasCommand("mitmdump") ? [["mitmdump", () => openMitmdump(stage)] as const] : []),
    ...(hasCommand("varlock") ? [["varlock", () => openVarlock(stage)] as const] : []),
    ...(hasSandboxRuntime() ? [[SANDBOX_RUNTIME, () => openSandboxRuntime(stage)] as const] : []),
  ];
  return openThoseThatStart(ways);
}

/** The bare ones in other languages, which can be built here. */
export async function openNative({ start, swap, placeholder }: PeerStage): Promise<Contender[]> {
  return openThoseThatStart(buildNativeProxies().built.map(({ name, program }) => [name, async () => {
    const { line, pid } = await start(name, program, swap);
    return { name, proxy: `http://127.0.0.1:${line}`, credential: placeholder, pids: [pid], streams: true };
  }]));
}

async function openThoseThatStart(ways: readonly (readonly [string, () => Promise<Contender>])[]): Promise<Contender[]> {
  const opened: Contender[] = [];
  for (const [name, open] of ways) {
    try {
      opened.push(await open());
    } catch (error) {
      console.error(`without ${name}: ${(error instanceof Error ? error.message : String(error)).slice(0, 300)}`);
    }
  }
  return opened;
}

/** What is missing, and what to type. */
export function tellMissing(): string[] {
  const missing = [...BY_NODE.filter((name) => !isInstalled(name)), ...(existsSync(new URL(SANDBOX_RUNTIME_CLI, import.meta.url)) ? [] : [SANDBOX_RUNTIME])];
  const lacking = NEEDS.filter((name) => !hasCommand(name));
  return [
    ...(missing.length === 0 ? [] : [`without ${missing.join(" and ")}; to have them measured: npm --prefix bench ci`]),
    ...(missing.includes(SANDBOX_RUNTIME) || lacking.length === 0 ? [] : [`without ${SANDBOX_RUNTIME}, which needs ${lacking.join(" and ")}`]),
    ...["mitmdump", "varlock"].filter((name) => !hasCommand(name)).map((name) => `without ${name}, which is not on the PATH`),
    ...buildNativeProxies().missing,
  ];
}

function isInstalled(name: string): boolean {
  return existsSync(new URL(`./node_modules/${name}/package.json`, import.meta.url));
}

function hasSandboxRuntime(): boolean {
  return existsSync(new URL(SANDBOX_RUNTIME_CLI, import.meta.url)) && NEEDS.every(hasCommand);
}

function hasCommand(name: string): boolean {
  return spawnSync("sh", ["-c", `command -v ${name}`], { stdio: "ignore" }).status === 0;
}

/** mockttp trusts what NODE_EXTRA_CA_CERTS names: its own option for that costs it a walk through all roots for each request. */
async function openByNode({ start, certificate, swap, placeholder, folder }: PeerStage, name: string): Promise<Contender> {
  const { line, pid } = await start(name, NODE, [processFile(name), ...swap, folder], { env: name === "mockttp" ? { NODE_EXTRA_CA_CERTS: certificate } : {} });
  return { name, proxy: `http://127.0.0.1:${line}`, credential: placeholder, pids: [pid] };
}

/** mitmproxy's own way to replace a header is a pattern on its command line. */
async function openMitmdump({ start, certificate, value, placeholder }: PeerStage): Promise<Contender> {
  const { line, pid } = await start("mitmdump", "mitmdump", ["--listen-host", "127.0.0.1", "--listen-port", "0", "--set", `ssl_verify_upstream_trusted_ca=${certificate}`, "--modify-headers", `/~q/authorization/Bearer ${value}`, "--set", "termlog_verbosity=info", "--set", "flow_detail=0"]);
  return { name: "mitmdump", proxy: `http://127.0.0.1:${/:(\d+)\.?$/.exec(line)?.[1] ?? ""}`, credential: placeholder, pids: [pid] };
}

/** varlock's proxy goes by a schema in the folder that it is started in, and lives as long as its child: here one that waits for the end of its input. */
async function openVarlock({ start, certificate, value, folder }: PeerStage): Promise<Contender> {
  const home = join(folder, "varlock");
  mkdirSync(home);
  writeFileSync(join(home, ".env.schema"), `# @defaultSensitive=true\n# ---\n# @proxy(domain="localhost")\nAPI_KEY=${value}\n`);
  const child = ["sh", "-c", 'printf "%s %s\\n" "$HTTPS_PROXY" "$API_KEY"; exec cat'];
  const env = { HOME: home, NODE_EXTRA_CA_CERTS: certificate, VARLOCK_TELEMETRY_DISABLED: "1" };
  const { line, pid } = await start("varlock", "varlock", ["proxy", "run", "--new", "--no-redact-stdout", "--", ...child], { env, cwd: home });
  const [proxy = "", credential = ""] = line.split(" ");
  return { name: "varlock", proxy, credential, pids: [pid] };
}

/** Its proxy is reached from inside its sandbox alone, through socat, so its load is in there. Its processor time is that of its Node process, where TLS ends, without socat's. */
async function openSandboxRuntime({ certificate, value, folder, onClose }: PeerStage): Promise<Contender> {
  const home = join(folder, SANDBOX_RUNTIME);
  mkdirSync(home);
  const settings = join(home, "settings.json");
  writeFileSync(settings, JSON.stringify({
    // The address beside the name: what a name leads to may not be this machine unless that is allowed as well.
    network: { allowedDomains: ["localhost", "127.0.0.1"], deniedDomains: [], tlsTerminate: {} },
    filesystem: { denyRead: [], allowWrite: [home], denyWrite: [] },
    credentials: { envVars: [{ name: "API_KEY", mode: "mask", injectHosts: ["localhost"] }] },
  }));
  const program = 'printf "%s\\n" "$HTTPS_PROXY" "$API_KEY"; while read -r task; do "$0" "$1" "$task"; done';
  const cli = fileURLToPath(new URL(SANDBOX_RUNTIME_CLI, import.meta.url));
  const child = spawn(NODE, [cli, "--settings", settings, "--", "sh", "-c", program, NODE, LOAD], { env: { ...cleanEnvironment(home), NODE_EXTRA_CA_CERTS: certificate, API_KEY: value }, cwd: home });
  const ended = once(child, "close");
  onClose(async () => {
    child.stdin.end();
    const killing = setTimeout(() => child.kill("SIGKILL"), PATIENCE_MS);
    await ended;
    clearTimeout(killing);
  });
  const inside = loadPlaceOf(child);
  const late = sleep(PATIENCE_MS, undefined, { ref: false }).then(() => { throw new Error(`${SANDBOX_RUNTIME} did not start in time`); });
  late.catch(() => undefined);
  const [proxy, credential] = [await Promise.race([inside.hear(), late]), await Promise.race([inside.hear(), late])];
  return { name: SANDBOX_RUNTIME, proxy, credential, pids: [child.pid ?? 0], inside, streams: true };
}

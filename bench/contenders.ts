// The proxies that are measured side by side, each a process of its own, and the server behind them.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { can } from "../test/support/machine.ts";
import { NODE } from "../test/support/program.ts";
import { openRunningVault } from "../test/support/running-vault.ts";
import { makeSelfSigned } from "../test/support/self-signed.ts";
import { openBrokeredVault } from "./brokered.ts";
import type { LoadPlace } from "./load.ts";
import { openWalledVault } from "./walled.ts";

export interface Contender {
  readonly name: string;
  /** Absent: without any proxy. */
  readonly proxy?: string;
  /** What stands in the child's Authorization. */
  readonly credential: string;
  /** Whose processor time counts. */
  readonly pids: readonly number[];
  /** Where its loads are started, if not here. */
  readonly inside?: LoadPlace;
}

export interface Arena {
  /** `localhost:port`, which a secret is bound to, and the same server by its address, which none is. */
  readonly bound: string;
  readonly unbound: string;
  readonly direct: Contender;
  readonly vault: Contender;
  /** The same behind its wall: none where this machine cannot make one. */
  readonly walled: readonly Contender[];
  /** The same with its keys and its proxy in a broker of this machine's. */
  readonly brokered: Contender;
  readonly floor: Contender;
  readonly plain: Contender;
  readonly relay: Contender;
  /** Those that are installed. */
  readonly peers: readonly Contender[];
  close(): Promise<void>;
}

const VALUE = "sk-live-Zx81qT7hN3vWc0pLrK2mY5bD";
const PLACEHOLDER = "sk-none-0000000000000000000000000";
const PEERS = ["http-mitm-proxy", "mockttp"];
const NEEDED_SECONDS = 30;

const processFile = (name: string): string => fileURLToPath(new URL(`./processes/${name}.js`, import.meta.url));

/** @param withPeers false leaves the peers out, installed or not. */
export async function openArena({ withPeers = true } = {}): Promise<Arena> {
  const folder = mkdtempSync(join(tmpdir(), "vault-bench-"));
  const { certificate, key } = makeSelfSigned("localhost");
  const files = { certificate: join(folder, "certificate.pem"), key: join(folder, "key.pem") };
  writeFileSync(files.certificate, certificate);
  writeFileSync(files.key, key, { mode: 0o600 });
  const identity = [files.certificate, files.key];
  const swap = [...identity, PLACEHOLDER, VALUE];
  const closers: (() => Promise<void> | void)[] = [() => { rmSync(folder, { recursive: true, force: true }); }];

  const start: Start = async (name, command, args, { env = {}, cwd } = {}) => {
    const child = spawn(command, args, { stdio: ["pipe", "pipe", "pipe"], cwd, env: { ...process.env, ...env } });
    let complaints = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => (complaints += text));
    const ended = new Promise<void>((resolve) => child.once("close", () => { resolve(); }));
    closers.unshift(() => {
      child.kill("SIGKILL");
      child.stdin.destroy();
      return ended;
    });
    const line = await Promise.race([firstLine(child.stdout), ended.then(() => ""), new Promise<string>((resolve) => setTimeout(() => { resolve(""); }, NEEDED_SECONDS * 1000).unref())]);
    if (line === "") throw new Error(`${name} did not start: ${complaints}`);
    return { line, pid: child.pid ?? 0 };
  };
  const startProxy = async (name: string, args: readonly string[]): Promise<Contender> => {
    const { line, pid } = await start(name, NODE, [processFile(name), ...args], { env: { NODE_EXTRA_CA_CERTS: files.certificate } });
    return { name, proxy: `http://127.0.0.1:${line}`, credential: PLACEHOLDER, pids: [pid] };
  };

  try {
    const origin = await start("origin", NODE, [processFile("origin"), ...identity]);
    const bound = `localhost:${origin.line}`;
    const vault = await openRunningVault({ value: VALUE, hosts: [bound], places: "header", upstreamCertificate: certificate });
    closers.unshift(() => vault.close());
    const walled = can.wall ? await openWalledVault(VALUE, bound, files.certificate) : undefined;
    if (walled !== undefined) closers.unshift(() => walled.close());
    const brokered = await openBrokeredVault(VALUE, bound, files.certificate);
    closers.unshift(() => brokered.close());
    const peers: Contender[] = [];
    for (const name of withPeers ? PEERS : []) if (isInstalled(name)) peers.push(await startProxy(name, [...swap, folder]));
    if (withPeers && hasCommand("mitmdump")) peers.push(await openMitmdump(start, files.certificate));
    if (withPeers && hasCommand("varlock")) peers.push(await openVarlock(start, files.certificate, join(folder, "varlock")));
    return {
      bound,
      unbound: `127.0.0.1:${origin.line}`,
      direct: { name: "direct", credential: VALUE, pids: [] },
      vault: { name: "vault", proxy: vault.url, credential: vault.placeholder, pids: [vault.pid] },
      walled: walled?.contenders ?? [],
      brokered: brokered.contender,
      floor: await startProxy("floor", swap),
      plain: await startProxy("plain", swap),
      relay: await startProxy("relay", []),
      peers,
      async close() {
        for (const closer of closers) await closer();
      },
    };
  } catch (error) {
    for (const closer of closers) await closer();
    throw error;
  }
}

/** What is missing, and what to type. */
export function tellMissing(): string[] {
  const missing = PEERS.filter((name) => !isInstalled(name));
  return missing.length === 0 ? [] : [`without ${missing.join(" and ")}; to have them measured: npm --prefix bench ci`];
}

function isInstalled(name: string): boolean {
  return existsSync(new URL(`./node_modules/${name}/package.json`, import.meta.url));
}

function hasCommand(name: string): boolean {
  return spawnSync("sh", ["-c", `command -v ${name}`]).status === 0;
}

/** Starts a process that lives until the arena is closed. `line` is the first that it prints. */
type Start = (name: string, command: string, args: readonly string[], options?: { readonly env?: NodeJS.ProcessEnv; readonly cwd?: string }) => Promise<{ readonly line: string; readonly pid: number }>;

/** mitmproxy's own way to replace a header is a pattern on its command line. */
async function openMitmdump(start: Start, certificate: string): Promise<Contender> {
  const { line, pid } = await start("mitmdump", "mitmdump", ["--listen-host", "127.0.0.1", "--listen-port", "0", "--set", `ssl_verify_upstream_trusted_ca=${certificate}`, "--modify-headers", `/~q/authorization/Bearer ${VALUE}`, "--set", "termlog_verbosity=info", "--set", "flow_detail=0"]);
  return { name: "mitmdump", proxy: `http://127.0.0.1:${/:(\d+)\.?$/.exec(line)?.[1] ?? ""}`, credential: PLACEHOLDER, pids: [pid] };
}

/** varlock's proxy goes by a schema in the folder that it is started in, and lives as long as its child: here one that waits for the end of its input. */
async function openVarlock(start: Start, certificate: string, folder: string): Promise<Contender> {
  mkdirSync(folder);
  writeFileSync(join(folder, ".env.schema"), `# @defaultSensitive=true\n# ---\n# @proxy(domain="localhost")\nAPI_KEY=${VALUE}\n`);
  const child = ["sh", "-c", 'printf "%s %s\\n" "$HTTPS_PROXY" "$API_KEY"; exec cat'];
  const env = { HOME: folder, NODE_EXTRA_CA_CERTS: certificate, VARLOCK_TELEMETRY_DISABLED: "1" };
  const { line, pid } = await start("varlock", "varlock", ["proxy", "run", "--new", "--no-redact-stdout", "--", ...child], { env, cwd: folder });
  const [proxy = "", credential = ""] = line.split(" ");
  return { name: "varlock", proxy, credential, pids: [pid] };
}

async function firstLine(stream: NodeJS.ReadableStream): Promise<string> {
  for await (const line of createInterface({ input: stream })) return line;
  return "";
}

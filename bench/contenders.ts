// The proxies that are measured side by side, each a process of its own, and the server behind them.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { can } from "../test/support/machine.ts";
import { NODE } from "../test/support/program.ts";
import { openRunningVault } from "../test/support/running-vault.ts";
import { makeSelfSigned } from "../test/support/self-signed.ts";
import { openBrokeredVault } from "./brokered.ts";
import { cleanEnvironment } from "./clean-environment.ts";
import type { LoadPlace } from "./load.ts";
import type { PeerStage, Start } from "./peers.ts";
import { openNative, openPeers, processFile } from "./peers.ts";
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
  /** A peer whose large transfers are measured as well. */
  readonly streams?: boolean;
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
  /** Bare ones that are not written for Node: those that can be built here. */
  readonly natives: readonly Contender[];
  /** Those that are installed. */
  readonly peers: readonly Contender[];
  close(): Promise<void>;
}

const VALUE = "sk-live-Zx81qT7hN3vWc0pLrK2mY5bD";
const PLACEHOLDER = "sk-none-0000000000000000000000000";
const NEEDED_SECONDS = 30;

/** @param withPeers false leaves the peers and the native ones out, installed or not. */
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
    const child = spawn(command, args, { stdio: ["pipe", "pipe", "pipe"], cwd, env: { ...cleanEnvironment(folder), ...env } });
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
    const { line, pid } = await start(name, NODE, [processFile(name), ...args]);
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
    const stage: PeerStage = { start, certificate: files.certificate, swap, placeholder: PLACEHOLDER, value: VALUE, folder, onClose: (closer) => void closers.unshift(closer) };
    const natives = withPeers ? await openNative(stage) : [];
    const peers = withPeers ? await openPeers(stage) : [];
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
      natives,
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

async function firstLine(stream: NodeJS.ReadableStream): Promise<string> {
  for await (const line of createInterface({ input: stream })) return line;
  return "";
}

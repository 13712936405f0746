// Agents as real processes: the bundled main.ts, in folders that go with the test.
import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";
import { afterAll, beforeAll } from "vitest";
import type { KeyGrant } from "../../src/agent/messages/grant.ts";
import type { StartReply } from "../../src/agent/start.ts";
import { encodeStart, parseStartReply } from "../../src/agent/start.ts";
import { Channel } from "../../src/agent/wire/channel.ts";
import type { AgentPaths } from "../../src/agent/wire/paths.ts";
import type { Kek } from "../../src/vault/key-bytes.ts";
import { parseKek } from "../../src/vault/key-bytes.ts";
import { holdKek } from "../../src/vault/local-holder.ts";

/** Bundles the agent as the build does. @returns its script. */
export async function bundleAgent(folder: string): Promise<URL> {
  const outfile = join(folder, "agent.mjs");
  await build({
    absWorkingDir: fileURLToPath(new URL("../..", import.meta.url)),
    entryPoints: ["src/app/agent-program.ts"],
    outfile,
    bundle: true,
    platform: "node",
    target: "node20.19",
    format: "esm",
    banner: { js: 'import { createRequire as createRequireForBundle } from "node:module"; const require = createRequireForBundle(import.meta.url);' },
  });
  return pathToFileURL(outfile);
}

/** The same, once for all tests of the file that calls it, which has `script` from its first test on. */
export function useBundledAgent(): { readonly script: URL } {
  const folder = makeFolder();
  let script = pathToFileURL(folder);
  beforeAll(async () => { script = await bundleAgent(folder); });
  afterAll(() => { removeFolder(folder); });
  return { get script() { return script; } };
}

export function makeFolder(): string {
  return mkdtempSync(join(tmpdir(), "vault-agent-test-"));
}

export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}

export function pathsIn(folder: string): AgentPaths {
  return { folder, socket: join(folder, "agent.sock"), token: join(folder, "agent.token"), realm: folder, state: folder };
}

export function drawKek(): Kek {
  return parseKek(new Uint8Array(randomBytes(32)));
}

/** A grant with a copy of the KEK, as the vault that the KEK belongs to would describe it. */
export function grantFor(kek: Kek, vaultId: Uint8Array, limits: { readonly ttlMs?: number; readonly idleMs?: number } = {}): KeyGrant {
  const { keyId, commitment } = holdKek(kek, vaultId);
  return { vaultId, kek: parseKek(kek.slice()), keyId, commitment, ttlMs: 60_000, idleMs: 60_000, isForRuns: false, ...limits };
}

export interface LaunchedAgent {
  readonly child: ChildProcess;
  readonly pid: number;
  /** Undefined when it said nothing. */
  readonly reply: StartReply | undefined;
  readonly exited: Promise<{ readonly status: number | null; readonly signal: NodeJS.Signals | null }>;
}

/** Starts the agent as a child whose end can be watched, which a launch lets go of. */
export async function launchAgent(script: URL, paths: AgentPaths, grant: KeyGrant): Promise<LaunchedAgent> {
  const child = spawn(process.execPath, [fileURLToPath(script)], { cwd: "/", env: {}, stdio: ["pipe", "pipe", "ignore"] });
  const exited = new Promise<{ status: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.once("exit", (status, signal) => { resolve({ status, signal }); });
  });
  const channel = new Channel(child.stdout, child.stdin);
  void channel.send(encodeStart({ paths, grant, storeLogin: "" }));
  const frame = await channel.receive(20_000);
  channel.close();
  return { child, pid: child.pid ?? 0, reply: frame === undefined ? undefined : parseStartReply(frame), exited };
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

// Starts the agent, which outlives the process that starts it.
import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { VaultError } from "../errors.ts";
import type { Kek } from "../vault/key-bytes.ts";
import { holdKek } from "../vault/local-holder.ts";
import { connectAgent } from "./client/connect.ts";
import type { KeyGrant } from "./messages/grant.ts";
import type { StartOrder, StartReply } from "./start.ts";
import { encodeStart, parseStartReply } from "./start.ts";
import type { Limits } from "./time/lifetime.ts";
import { Channel } from "./wire/channel.ts";
import type { AgentPaths } from "./wire/paths.ts";

/** For one that has its order: what it has to do takes milliseconds. */
const START_MS = 10_000;

/** A key that is known to be the vault's. It stays the caller's to wipe. */
export interface VerifiedKey extends Limits {
  readonly kek: Kek;
  readonly vaultId: Uint8Array;
  /** As `KeyGrant` has it. Where an agent is there already, it is left as it is. */
  readonly isForRuns?: boolean;
  /** As `StartOrder` has it; left out where the vault is on no store. An agent that is there already keeps its own. */
  readonly storeLogin?: string | undefined;
}

/** An agent's process on its way to its key. Whoever opened it closes it. */
export interface AgentLaunch {
  /** Starts the process, which holds nothing and waits for its order. Not needed: it saves `start` the time that a process takes to come up. */
  begin(): void;
  /**
   * Starts an agent with this key. When this returns, it serves. Where another process started one at the same time, that one is handed the key instead.
   *
   * @throws VaultError `unsafe-file`, `busy`, `io`.
   */
  start(key: VerifiedKey): Promise<void>;
  /** Ends a process that got no order. Safe to call at any time. */
  close(): void;
}

/** @param script the bundled `main.ts`: beside this code in the shipped program. */
export function openLaunch(paths: AgentPaths, script: URL = new URL("./agent.js", import.meta.url)): AgentLaunch {
  let waiting: WaitingAgent | undefined;
  return {
    begin() {
      waiting ??= launch(fileURLToPath(script));
    },
    async start(key) {
      const grant = grantOf(key);
      const agent = waiting ?? launch(fileURLToPath(script));
      waiting = undefined;
      await order(agent, { paths, grant, storeLogin: key.storeLogin ?? "" });
    },
    close() {
      if (waiting !== undefined) dismiss(waiting);
      waiting = undefined;
    },
  };
}

/** What the vault file says of a verified key is what the key itself says. */
function grantOf({ kek, vaultId, ttlMs, idleMs, isForRuns = false }: VerifiedKey): KeyGrant {
  const holder = holdKek(kek, vaultId);
  holder.close();
  return { vaultId, kek, keyId: holder.keyId, commitment: holder.commitment, ttlMs, idleMs, isForRuns };
}

interface WaitingAgent {
  readonly child: ChildProcess;
  readonly channel: Channel;
}

/** Should this process end before it has given its order, the agent's stdin ends, and with it the agent. */
function launch(script: string): WaitingAgent {
  const [program = "", ...args] = withoutCoreDumps([process.execPath, script]);
  const child = spawn(program, args, { cwd: "/", env: bareEnvironment(), detached: true, windowsHide: true, stdio: ["pipe", "pipe", "ignore"] });
  // Without a listener a program that cannot be started would end this process; the missing reply tells of it.
  child.on("error", () => undefined);
  return { child, channel: new Channel(child.stdout, child.stdin) };
}

async function order(agent: WaitingAgent, startOrder: StartOrder): Promise<void> {
  const { paths, grant } = startOrder;
  const reply = await giveOrder(agent, startOrder);
  switch (reply.kind) {
    case "ready":
      return;
    case "failed":
      throw new VaultError(reply.code, reply.message, reply.hint === "" ? undefined : reply.hint);
    case "taken":
      if (grant.isForRuns !== true) await feedAgent(paths, grant);
  }
}

async function giveOrder({ child, channel }: WaitingAgent, startOrder: StartOrder): Promise<StartReply> {
  try {
    void channel.send(encodeStart(startOrder));
    const reply = await channel.receive(START_MS);
    if (reply === undefined) throw notStarted(child);
    return parseStartReply(reply);
  } finally {
    channel.close();
    child.unref();
  }
}

/** It holds nothing that it would have to clear away. */
function dismiss({ child, channel }: WaitingAgent): void {
  channel.close();
  child.kill("SIGKILL");
  child.unref();
}

/** As `forbidCoreDumps` of a run has it, one byte where there is a program that can say so; in whole blocks, as a shell counts, there is only 0. `env -i` takes back what a shell exports. */
function withoutCoreDumps(command: readonly string[]): string[] {
  if (process.platform === "win32") return [...command];
  return ["/bin/sh", "-c", 'PATH=/usr/bin:/bin:/run/current-system/sw/bin; prlimit --pid $$ --core=1:1 2>/dev/null || ulimit -c 0; exec env -i "$@"', "sh", ...command];
}

/** Nothing of this process's environment: no passphrase, no `NODE_OPTIONS`. Windows programs do not start without these two. */
function bareEnvironment(): Record<string, string> {
  if (process.platform !== "win32") return {};
  const { SystemRoot = "", TEMP = "" } = process.env;
  return { SystemRoot, TEMP };
}

function notStarted(child: ChildProcess): VaultError {
  child.kill("SIGKILL");
  return new VaultError("io", "the agent did not start");
}

async function feedAgent(paths: AgentPaths, grant: KeyGrant): Promise<void> {
  const agent = await connectAgent(paths);
  if (agent === undefined) throw new VaultError("busy", "an agent was there and has ended", "try again");
  try {
    await agent.unlock(grant);
  } finally {
    agent.close();
  }
}

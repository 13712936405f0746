// Starts the agent, which outlives the process that starts it.
import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { VaultError } from "../errors.ts";
import type { Kek } from "../vault/key-bytes.ts";
import { holdKek } from "../vault/local-holder.ts";
import { Channel } from "./channel.ts";
import { connectAgent } from "./client.ts";
import type { KeyGrant } from "./grant.ts";
import type { Limits } from "./lifetime.ts";
import type { AgentPaths } from "./paths.ts";
import type { StartReply } from "./start.ts";
import { encodeStart, parseStartReply } from "./start.ts";

const START_MS = 10_000;

/** A key that is known to be the vault's. It stays the caller's to wipe. */
export interface VerifiedKey extends Limits {
  readonly kek: Kek;
  readonly vaultId: Uint8Array;
}

/**
 * Starts an agent with this key. When this returns, it serves. Where another process started one at the same time, that one is handed the key instead.
 *
 * @param script the bundled `main.ts`: beside this code in the shipped program.
 * @throws VaultError `unsafe-file`, `busy`, `io`.
 */
export async function startAgent(paths: AgentPaths, key: VerifiedKey, script: URL = new URL("./agent.js", import.meta.url)): Promise<void> {
  const grant = grantOf(key);
  const reply = await launch(paths, grant, fileURLToPath(script));
  switch (reply.kind) {
    case "ready":
      return;
    case "failed":
      throw new VaultError(reply.code, reply.message, reply.hint === "" ? undefined : reply.hint);
    case "taken":
      await feedAgent(paths, grant);
  }
}

/** What the vault file says of a verified key is what the key itself says. */
function grantOf({ kek, vaultId, ttlMs, idleMs }: VerifiedKey): KeyGrant {
  const holder = holdKek(kek, vaultId);
  holder.close();
  return { vaultId, kek, keyId: holder.keyId, commitment: holder.commitment, ttlMs, idleMs };
}

async function launch(paths: AgentPaths, grant: KeyGrant, script: string): Promise<StartReply> {
  const child = spawn(process.execPath, [script], { cwd: "/", env: bareEnvironment(), detached: true, windowsHide: true, stdio: ["pipe", "pipe", "ignore"] });
  // Without a listener a program that cannot be started would end this process; the missing reply tells of it.
  child.on("error", () => undefined);
  const channel = new Channel(child.stdout, child.stdin);
  try {
    void channel.send(encodeStart({ paths, grant }));
    const reply = await channel.receive(START_MS);
    if (reply === undefined) throw notStarted(child);
    return parseStartReply(reply);
  } finally {
    channel.close();
    child.unref();
  }
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

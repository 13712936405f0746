// An agent for the values that a run cannot make by itself: the one that holds the key, or one of the runs' own.
import { setTimeout as sleep } from "node:timers/promises";
import type { AgentClient } from "../../agent/client/client.ts";
import { connectAgent } from "../../agent/client/connect.ts";
import { openLaunch } from "../../agent/spawn.ts";
import { LIMIT_MS_MAX } from "../../agent/time/lifetime.ts";
import { equalBytes, wipe } from "../../bytes.ts";
import { VaultError } from "../../errors.ts";
import { readVault } from "../../store/vault-store.ts";
import type { Surroundings } from "../surroundings.ts";
import type { OpenedVault } from "./open-vault.ts";
import { loadKek } from "./open-vault.ts";
import { encodeStoreLogin } from "./store-password.ts";

/**
 * A connection to an agent with this vault's key; the caller closes it. Where none runs, one is started that ends with the last run that has a connection to it.
 *
 * @throws VaultError `busy` where an agent is there that holds another key; what loading the key and starting say.
 */
export async function connectForRun(surroundings: Surroundings, { file }: Pick<OpenedVault, "file">): Promise<AgentClient> {
  const { paths } = surroundings;
  const { id, slot } = file.contents;
  let agent = await connectAgent(paths.agent);
  if (agent === undefined) {
    // Loaded anew: a key that was kept since the vault was opened would be moved about, and leave its bytes behind.
    const kek = await loadKek(surroundings, file);
    const launch = openLaunch(paths.agent);
    try {
      await launch.start({ kek, vaultId: id, ttlMs: LIMIT_MS_MAX, idleMs: LIMIT_MS_MAX, isForRuns: true, storeLogin: await encodeStoreLogin(surroundings) });
    } finally {
      wipe(kek);
      launch.close();
    }
    agent = await connectAgent(paths.agent);
  }
  if (agent === undefined) throw new VaultError("locked", "no agent holds the vault's key", "vault unlock");
  if (equalBytes(agent.keyId, slot.keyId) && equalBytes(agent.vaultId, id)) return agent;
  agent.close();
  throw new VaultError("busy", "an agent is there that holds another vault's key", "try again after: vault lock");
}

/** How long `rotate-master` may take between the vault's change and the agent's. */
const KEY_CHANGE_MS = 5000;
const POLL_MS = 50;

/**
 * `rotate-master` changes the vault, and the agent a moment later. What comes in between finds that the agent's key is not the vault's, or none at all, and is done again.
 *
 * @param mayRepeat asked when `act` has failed. @throws what `act` throws, once the time is over or no agent of this vault is there.
 */
export async function whileKeyChanges<T>({ paths }: Pick<Surroundings, "paths">, mayRepeat: () => boolean, act: () => Promise<T>, limitMs: number = KEY_CHANGE_MS): Promise<T> {
  for (const until = performance.now() + limitMs; ; ) {
    try {
      return await act();
    } catch (error) {
      const isAboutKey = error instanceof VaultError && ["busy", "locked", "wrong-key", "key-unavailable"].includes(error.code);
      if (!isAboutKey || !mayRepeat() || performance.now() > until || !(await isAgentThere(paths))) throw error;
      await sleep(POLL_MS);
    }
  }
}

async function isAgentThere(paths: Surroundings["paths"]): Promise<boolean> {
  const agent = await connectAgent(paths.agent);
  agent?.close();
  const file = agent === undefined ? undefined : await readVault(paths);
  return agent !== undefined && file !== undefined && equalBytes(agent.vaultId, file.contents.id);
}

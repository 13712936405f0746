// unlock: from here to `lock`, the agent holds the key.
import type { AgentClient } from "../../agent/client/client.ts";
import { connectAgent } from "../../agent/client/connect.ts";
import { MAIN_PART } from "../../agent/messages/part-head.ts";
import type { AgentLaunch } from "../../agent/spawn.ts";
import { openLaunch } from "../../agent/spawn.ts";
import { isListening } from "../../agent/wire/dial.ts";
import type { ChainHead } from "../../audit/entry.ts";
import { equalBytes, wipe } from "../../bytes.ts";
import type { Secret } from "../../secret.ts";
import { wipeVaultKeys } from "../../vault/derive.ts";
import type { Kek } from "../../vault/key-bytes.ts";
import { holdKek } from "../../vault/local-holder.ts";
import type { VaultFile } from "../../vault/vault-file.ts";
import type { Surroundings } from "../surroundings.ts";
import { appendAudited } from "./change-vault.ts";
import { openHeadReport } from "./head-witness.ts";
import { judgeWithKey, loadKek, requireVault } from "./open-vault.ts";
import { encodeStoreLogin } from "./store-password.ts";

export interface AgentLimits {
  /** From the unlocking on, whatever happens. */
  readonly ttlMs: number;
  /** From the last use on. */
  readonly idleMs: number;
}

/**
 * Loads the key and hands it to the agent, which is started where there is none.
 * A running agent judges the key itself, and answers wrong ones more and more slowly.
 *
 * @throws VaultError as `openVault`.
 */
export async function unlockVault(surroundings: Surroundings, limits: AgentLimits): Promise<VaultFile> {
  const file = await requireVault(surroundings);
  const launch = openLaunch(surroundings.paths.agent);
  try {
    const kek = await loadKek(await withEarlyLaunch(surroundings, launch), file);
    try {
      // Only now: an agent could expire while a person types.
      const agent = await connectAgent(surroundings.paths.agent);
      await agent?.unlock(grantOf(file, kek, limits)).finally(() => { agent.close(); });
      const head = await verifyAndRecord(surroundings, file, kek);
      if (agent === undefined) await launch.start({ kek, vaultId: file.contents.id, ...limits, storeLogin: await encodeStoreLogin(surroundings) });
      const report = openHeadReport(surroundings.paths.agent);
      report.tell(MAIN_PART, head);
      await report.close();
      return file;
    } finally {
      wipe(kek);
    }
  } finally {
    launch.close();
  }
}

/** The agent's process comes up while the key is derived from the passphrase. It holds nothing then, and a wrong passphrase is its end. */
async function withEarlyLaunch(surroundings: Surroundings, launch: AgentLaunch): Promise<Surroundings> {
  if (await isListening(surroundings.paths.agent.socket)) return surroundings;
  const findPassphrase = async (): Promise<Secret | undefined> => {
    const passphrase = await surroundings.findPassphrase();
    if (passphrase !== undefined) launch.begin();
    return passphrase;
  };
  return { ...surroundings, findPassphrase };
}

/** Gives the agent that held a vault's old key the new one, with the time that it had left. Without such an agent nothing happens. */
export async function refreshAgent(surroundings: Surroundings, file: VaultFile, kek: Kek): Promise<void> {
  const agent = await connectAgent(surroundings.paths.agent);
  try {
    if (agent === undefined || !equalBytes(agent.vaultId, file.contents.id)) return;
    const { ttlLeftMs, idleMs, isForRuns } = await agent.status();
    await agent.unlock({ ...grantOf(file, kek, { ttlMs: ttlLeftMs, idleMs }), isForRuns });
  } finally {
    agent?.close();
  }
}

function grantOf({ contents }: VaultFile, kek: Kek, limits: AgentLimits): Parameters<AgentClient["unlock"]>[0] {
  return { vaultId: contents.id, kek, keyId: contents.slot.keyId, commitment: contents.slot.commitment, ...limits };
}

async function verifyAndRecord(surroundings: Surroundings, file: VaultFile, kek: Kek): Promise<ChainHead> {
  const holder = holdKek(kek, file.contents.id);
  try {
    wipeVaultKeys(await judgeWithKey(surroundings, file, holder));
    return await appendAudited(surroundings, holder, file.contents, { kind: "vault.unlock" });
  } finally {
    holder.close();
  }
}

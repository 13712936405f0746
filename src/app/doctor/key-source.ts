// Whether the key is at hand without asking anyone, and is the vault's.
import { dirname } from "node:path";
import type { AgentClient } from "../../agent/client/client.ts";
import { connectAgent } from "../../agent/client/connect.ts";
import { equalBytes, wipe } from "../../bytes.ts";
import { resolveKeyFile } from "../../keys/key-file.ts";
import type { KeyHolder } from "../../vault/key-holder.ts";
import type { KeyLocator } from "../../vault/key-slot.ts";
import { requireKeyOfSlot } from "../../vault/key-slot.ts";
import { holdKek } from "../../vault/local-holder.ts";
import type { VaultFile } from "../../vault/vault-file.ts";
import { loadKek } from "../keys/open-vault.ts";
import type { Surroundings } from "../surroundings.ts";
import type { Finding } from "./finding.ts";
import { note, ok, problemOf } from "./finding.ts";

/** Findings, and what holds the vault's key, for the caller to close. */
export interface Examined<Holder extends KeyHolder> {
  readonly findings: readonly Finding[];
  readonly holder: Holder | undefined;
}

/** The path of the file provider's key file, undefined for the others. */
export function findKeyFilePath({ paths }: Surroundings, { contents }: VaultFile): string | undefined {
  const { locator } = contents.slot;
  return locator.provider === "file" ? resolveKeyFile(locator.path, dirname(paths.vaultFile)) : undefined;
}

/** Asks the agent, if one runs, whose key it holds and for how long. Without a vault it can only be told that one runs. */
export async function examineAgent({ paths }: Surroundings, file: VaultFile | undefined): Promise<Examined<AgentClient>> {
  let agent: AgentClient | undefined;
  try {
    agent = await connectAgent(paths.agent);
    if (agent === undefined) return { findings: [ok("agent", "no agent runs: the key is nowhere in memory")], holder: undefined };
    const { pid, ttlLeftMs, idleLeftMs, isForRuns } = await agent.status();
    if (file !== undefined && equalBytes(agent.keyId, file.contents.slot.keyId)) {
      return { findings: [ok("agent", `the agent (process ${pid}) holds this vault's key ${isForRuns ? "as long as runs need it for values that are made" : `for ${minutes(ttlLeftMs)} more, and ${minutes(idleLeftMs)} when it is not used`}`)], holder: agent };
    }
    const whose = file !== undefined && equalBytes(agent.vaultId, file.contents.id) ? "a key that this vault had before" : "the key of another vault";
    agent.close();
    return { findings: [note("agent", `the agent (process ${pid}) holds ${whose}, for ${minutes(ttlLeftMs)} more`, "vault lock; vault unlock")], holder: undefined };
  } catch (error) {
    agent?.close();
    return { findings: [problemOf("agent", error, "vault lock")], holder: undefined };
  }
}

/** Takes the key from where the vault says that it is, and compares it with the slot. A passphrase is nobody's but the user's, who is not asked. */
export async function examineKeySource(surroundings: Surroundings, file: VaultFile): Promise<Examined<KeyHolder>> {
  const { slot, id } = file.contents;
  const about = describe(slot.locator);
  if (slot.locator.provider === "passphrase") return { findings: [ok("key", "the key is a passphrase, which is not asked for here")], holder: undefined };
  let holder: KeyHolder | undefined;
  try {
    const kek = await loadKek(surroundings, file);
    try {
      holder = holdKek(kek, id);
    } finally {
      wipe(kek);
    }
    requireKeyOfSlot(slot, holder);
    return { findings: [ok("key", `${about} has the key, and it is this vault's`)], holder };
  } catch (error) {
    holder?.close();
    return { findings: [problemOf("key", error, "where the key is looked for: vault status")], holder: undefined };
  }
}

/** Variables that give the key, or the passphrase, to whoever may read this process's environment. */
export function examineVariables({ variables }: Surroundings, file: VaultFile | undefined): Finding[] {
  const locator = file?.contents.slot.locator;
  const names = [...(locator?.provider === "env" ? [locator.variable] : []), "VAULT_PASSPHRASE", "VAULT_NEW_PASSPHRASE"];
  return names.filter((name) => (variables[name] ?? "") !== "").map((name) =>
    note("environment", `the variable "${name}" is in the environment of every program that this shell starts, and every program of yours can read it there (/proc/<pid>/environ)`, name === "VAULT_PASSPHRASE" || name === "VAULT_NEW_PASSPHRASE" ? `unset ${name}; to be asked without it: vault unlock` : "a key file, and a keyring that is open, can be read by programs of yours as well; for a passphrase instead: vault rotate-master --new-provider passphrase"),
  );
}

function describe(locator: KeyLocator): string {
  switch (locator.provider) {
    case "passphrase":
      return "the user";
    case "file":
      return `the key file "${locator.path}"`;
    case "env":
      return `the variable "${locator.variable}"`;
    case "keyring":
      return `the keyring entry "${locator.service}" / "${locator.account}"`;
  }
}

function minutes(ms: number): string {
  const count = Math.max(1, Math.round(ms / 60_000));
  return count === 1 ? "a minute" : `${count} minutes`;
}

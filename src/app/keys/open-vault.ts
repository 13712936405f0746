// Finds the vault's key: an agent that holds it, then the provider that the vault names.
import { dirname } from "node:path";
import type { AgentClient } from "../../agent/client/client.ts";
import { connectAgent } from "../../agent/client/connect.ts";
import { partKey } from "../../audit/entry.ts";
import { equalBytes, wipe } from "../../bytes.ts";
import { VaultError } from "../../errors.ts";
import { loadFromVariable } from "../../keys/environment.ts";
import { loadKeyFile, resolveKeyFile } from "../../keys/key-file.ts";
import { loadKeyringEntry } from "../../keys/keyring.ts";
import { isRemembered, readVault, settleAnchor } from "../../store/vault-store.ts";
import { prepareArgon2id } from "../../vault/argon2id.ts";
import type { VaultKeys } from "../../vault/derive.ts";
import { wipeVaultKeys } from "../../vault/derive.ts";
import { openVaultKeys } from "../../vault/envelope.ts";
import { deriveKek } from "../../vault/kdf.ts";
import type { Kek } from "../../vault/key-bytes.ts";
import type { KeyHolder } from "../../vault/key-holder.ts";
import { holdKek } from "../../vault/local-holder.ts";
import type { VaultFile } from "../../vault/vault-file.ts";
import { verifyVaultFile } from "../../vault/vault-file.ts";
import type { Surroundings } from "../surroundings.ts";
import { missingVault } from "./inside-run.ts";
import { readKnownVault, requireKnownToLog } from "./known-vault.ts";

/** A vault whose every byte has been authenticated. Whoever opened it closes it. */
export interface OpenedVault {
  readonly file: VaultFile;
  readonly holder: KeyHolder;
  /** The holder again, where that is an agent. */
  readonly agent: AgentClient | undefined;
  /** What the vault key gives; `close` wipes them. */
  readonly keys: VaultKeys;
  /** Forgets the key, or hangs up on the agent. */
  close(): void;
}

/** @throws VaultError `no-vault`, or what reading says. */
export async function requireVault(surroundings: Surroundings): Promise<VaultFile> {
  const file = await readKnownVault(surroundings);
  if (file === undefined) throw missingVault(surroundings);
  return file;
}

/** Each means that somebody has replaced the key just then. */
const ATTEMPTS_MAX = 10;

/** How a command comes by its vault. */
export type VaultFinder = (surroundings: Surroundings) => Promise<VaultFile>;

/** @throws VaultError `no-vault`, `locked`, `wrong-key`, `key-unavailable`, or what reading and verifying say. */
export async function openVault(surroundings: Surroundings): Promise<OpenedVault> {
  return withCurrentKey(surroundings, requireVault, (file) => openFile(surroundings, file));
}

/**
 * Opens a vault for as long as `use` takes.
 *
 * @param use may be called again when the master key was replaced while it worked: it changes nothing before it succeeds.
 */
export async function withOpenVault<T>(surroundings: Surroundings, use: (vault: OpenedVault) => Promise<T>, find: VaultFinder = requireVault): Promise<T> {
  return withCurrentKey(surroundings, find, async (file) => {
    const vault = await openFile(surroundings, file);
    try {
      return await use(vault);
    } finally {
      vault.close();
    }
  });
}

/** Between reading a vault and using its key, another process may replace that key. A key that does not fit any more for that reason is no error: the next one is loaded. */
export async function withCurrentKey<T>(surroundings: Surroundings, find: VaultFinder, use: (file: VaultFile) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    const file = await find(surroundings);
    try {
      return await use(file);
    } catch (error) {
      if (attempt === ATTEMPTS_MAX || !isAboutKey(error) || !(await isReplaced(surroundings, file))) throw error;
    }
  }
}

/** An anchor may have been made with a vault key that was replaced together with the key. */
function isAboutKey(error: unknown): boolean {
  return error instanceof VaultError && ["wrong-key", "key-unavailable", "locked", "rolled-back"].includes(error.code);
}

async function isReplaced(surroundings: Surroundings, { contents }: VaultFile): Promise<boolean> {
  const now = await readVault(surroundings.paths);
  return now !== undefined && !equalBytes(now.contents.slot.keyId, contents.slot.keyId);
}

async function openFile(surroundings: Surroundings, file: VaultFile): Promise<OpenedVault> {
  const agent = await findAgentHolder(surroundings, file);
  const holder = agent ?? (await holdLoadedKek(surroundings, file));
  try {
    const keys = await judgeWithKey(surroundings, file, holder);
    return { file, holder, agent, keys, close: () => { wipeVaultKeys(keys); holder.close(); } };
  } catch (error) {
    holder.close();
    throw error;
  }
}

/**
 * What only a key holder can judge: that the file was written with its key, and what this machine remembers of it as well.
 *
 * @returns what the vault key gives; the caller wipes it.
 * @throws VaultError `wrong-key`, `bad-key-slot`, `bad-mac`, `bad-wrap`, `rolled-back`.
 */
export async function judgeWithKey({ paths }: Pick<Surroundings, "paths">, file: VaultFile, holder: KeyHolder): Promise<VaultKeys> {
  await verifyVaultFile(file, holder);
  const keys = await openVaultKeys(holder, file.contents);
  try {
    // How far a log in a store has come was looked at when the file was read: by now other machines may have gone on.
    if (!isRemembered(paths)) await requireKnownToLog(paths, file.contents, partKey(keys.audit, { kind: "log" }), paths.engine === undefined ? 0 : Infinity);
    await settleAnchor(paths, file, keys.anchor);
    return keys;
  } catch (error) {
    wipeVaultKeys(keys);
    throw error;
  }
}

/** Whoever has the key of a file that was not judged yet. @throws VaultError as `openVault`. */
export async function findHolder(surroundings: Surroundings, file: VaultFile): Promise<KeyHolder> {
  return (await findAgentHolder(surroundings, file)) ?? (await holdLoadedKek(surroundings, file));
}

/** The KEK from the provider that the vault names. The caller wipes it. @throws VaultError as `openVault`. */
export async function loadKek(surroundings: Surroundings, { contents }: VaultFile): Promise<Kek> {
  const { locator, keyId } = contents.slot;
  switch (locator.provider) {
    case "passphrase": {
      // While a person types.
      prepareArgon2id();
      const passphrase = await surroundings.findPassphrase();
      if (passphrase === undefined) throw new VaultError("locked", "the vault is locked, and there is nobody to ask for its passphrase", "give it with --passphrase-file FILE or the variable VAULT_PASSPHRASE; or, at a terminal: vault unlock");
      try {
        return await surroundings.showWork("deriving the key", () => deriveKek(passphrase, locator.kdf));
      } finally {
        passphrase.wipe();
      }
    }
    case "file":
      return loadKeyFile(resolveKeyFile(locator.path, dirname(surroundings.paths.vaultFile)), keyId, contents.id);
    case "env":
      return loadFromVariable(surroundings.variables, locator.variable);
    case "keyring":
      return loadKeyringEntry(locator, keyId, contents.id);
  }
}

/** An agent with another vault's key, or with one that was since replaced, is as good as none. */
export async function findAgentHolder(surroundings: Surroundings, { contents }: VaultFile): Promise<AgentClient | undefined> {
  if (surroundings.hasGivenPassphrase) return undefined;
  const agent = await connectAgent(surroundings.paths.agent);
  if (agent === undefined) return undefined;
  // One of the two is enough: the rest is for the verification to judge, which tells damage from a wrong key.
  if (equalBytes(agent.keyId, contents.slot.keyId) || equalBytes(agent.commitment, contents.slot.commitment)) return agent;
  agent.close();
  return undefined;
}

async function holdLoadedKek(surroundings: Surroundings, file: VaultFile): Promise<KeyHolder> {
  const kek = await loadKek(surroundings, file);
  try {
    return holdKek(kek, file.contents.id);
  } finally {
    wipe(kek);
  }
}

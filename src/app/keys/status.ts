// What `vault status` tells: all of it without the key.
import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { connectAgent } from "../../agent/client/connect.ts";
import { equalBytes } from "../../bytes.ts";
import { VaultError } from "../../errors.ts";
import { resolveKeyFile } from "../../keys/key-file.ts";
import type { VaultPaths } from "../../paths.ts";
import { readCopy } from "../../store/engine-vault.ts";
import { MovedVault } from "../../store/judge-stored.ts";
import { readStoreFile } from "../../store/store-file.ts";
import type { KeyLocator } from "../../vault/key-slot.ts";
import type { VaultFile } from "../../vault/vault-file.ts";
import type { Surroundings } from "../surroundings.ts";
import { findOrMakeVault } from "./auto-init.ts";
import type { SightedVault } from "./sighted-vault.ts";
import { sightVault } from "./sighted-vault.ts";

/** Where the key comes from right now, or would. */
export type KeySource =
  | { readonly kind: "agent"; readonly pid: number; readonly secondsLeft: number; readonly idleSecondsLeft: number; readonly isForRuns: boolean }
  | { readonly kind: "file"; readonly path: string; readonly isThere: boolean }
  | { readonly kind: "env"; readonly variable: string; readonly isThere: boolean }
  | { readonly kind: "keyring"; readonly service: string; readonly account: string }
  | { readonly kind: "passphrase" };

export interface VaultStatus {
  /** Unlocked: a command that needs the key would get it without asking. */
  readonly state: "unlocked" | "locked";
  readonly provider: KeyLocator["provider"];
  readonly source: KeySource;
  /** Where the key is looked for without the agent. */
  readonly fallback: KeySource;
  readonly file: VaultFile;
  /** As `SightedVault`. */
  readonly isVerified: boolean;
  readonly paths: VaultPaths;
  /** Undefined where the vault is the file. */
  readonly store: StoreStatus | undefined;
}

export interface StoreStatus {
  /** Without a password. */
  readonly at: string;
  /** Where it is not, this machine's copy is told of, which may be older. */
  readonly isReachable: boolean;
}

/** Of the vault, made now where there is none. @throws VaultError as `ensureVault`. */
export async function readStatus(surroundings: Surroundings): Promise<VaultStatus> {
  const { file, isVerified, store } = await sightWhereItIs(surroundings);
  const fallback = locate(surroundings, file.contents.slot.locator);
  const source = (await findAgentSource(surroundings, file)) ?? fallback;
  return { state: isAtHand(source) ? "unlocked" : "locked", provider: file.contents.slot.locator.provider, source, fallback, file, isVerified, paths: surroundings.paths, store };
}

/** What is told here opens nothing, so a copy will do where the store is away; it is said that it is one. */
async function sightWhereItIs(surroundings: Surroundings): Promise<SightedVault & Pick<VaultStatus, "store">> {
  const { paths, warn } = surroundings;
  if (paths.engine === undefined) return { ...(await sightVault(surroundings, findOrMakeVault)), store: undefined };
  const at = readStoreFile(paths.dataFolder)?.store ?? "";
  try {
    return { ...(await sightVault(surroundings, findOrMakeVault)), store: { at, isReachable: true } };
  } catch (error) {
    const isAway = error instanceof VaultError && !(error instanceof MovedVault) && error.code === "store-unavailable";
    if (!isAway || readCopy(paths) === undefined) throw error;
    warn(`${error.message}: what follows is this machine's copy, which may be older`);
    return { ...(await sightVault({ ...surroundings, paths: { ...paths, engine: undefined } })), store: { at, isReachable: false } };
  }
}

function locate(surroundings: Surroundings, locator: KeyLocator): KeySource {
  switch (locator.provider) {
    case "passphrase":
      return { kind: "passphrase" };
    case "file": {
      const path = resolveKeyFile(locator.path, dirname(surroundings.paths.vaultFile));
      return { kind: "file", path, isThere: existsSync(path) };
    }
    case "env":
      return { kind: "env", variable: locator.variable, isThere: (surroundings.variables[locator.variable] ?? "") !== "" };
    case "keyring":
      return { kind: "keyring", service: locator.service, account: locator.account };
  }
}

function isAtHand(source: KeySource): boolean {
  switch (source.kind) {
    case "agent":
    case "keyring":
      return true;
    case "passphrase":
      return false;
    case "file":
    case "env":
      return source.isThere;
  }
}

async function findAgentSource(surroundings: Surroundings, { contents }: VaultFile): Promise<KeySource | undefined> {
  const agent = await connectAgent(surroundings.paths.agent);
  try {
    if (agent === undefined || !equalBytes(agent.keyId, contents.slot.keyId)) return undefined;
    const { pid, ttlLeftMs, idleLeftMs, isForRuns } = await agent.status();
    return { kind: "agent", pid, secondsLeft: Math.round(ttlLeftMs / 1000), idleSecondsLeft: Math.round(idleLeftMs / 1000), isForRuns };
  } finally {
    agent?.close();
  }
}

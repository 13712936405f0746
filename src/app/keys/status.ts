// What `vault status` tells: all of it without the key.
import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { connectAgent } from "../../agent/client.ts";
import { equalBytes } from "../../bytes.ts";
import { findOrMakeVault } from "./auto-init.ts";
import { sightVault } from "./sighted-vault.ts";
import { resolveKeyFile } from "../../keys/key-file.ts";
import type { VaultPaths } from "../../paths.ts";
import type { KeyLocator } from "../../vault/key-slot.ts";
import type { VaultFile } from "../../vault/vault-file.ts";
import type { Surroundings } from "../surroundings.ts";

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
}

/** Of the vault, made now where there is none. @throws VaultError as `ensureVault`. */
export async function readStatus(surroundings: Surroundings): Promise<VaultStatus> {
  const { file, isVerified } = await sightVault(surroundings, findOrMakeVault);
  const fallback = locate(surroundings, file.contents.slot.locator);
  const source = (await findAgentSource(surroundings, file)) ?? fallback;
  return { state: isAtHand(source) ? "unlocked" : "locked", provider: file.contents.slot.locator.provider, source, fallback, file, isVerified, paths: surroundings.paths };
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

import { Flags } from "@oclif/core";
import { VaultError } from "../../errors.ts";
import type { KdfCost } from "../../vault/kdf.ts";
import { KDF_COSTS } from "../../vault/kdf.ts";

const PROVIDERS = ["passphrase", "keyring", "env", "file"] as const;

export type ProviderName = (typeof PROVIDERS)[number];

/** Flags that say where a master key lives. */
export const keyFlags = {
  "keychain-service": Flags.string({ description: "keyring: the entry's service", helpValue: "S" }),
  "keychain-account": Flags.string({ description: "keyring: the entry's account", helpValue: "A" }),
  "env-var": Flags.string({ description: "env: the variable with the base64 of 32 bytes", helpValue: "NAME" }),
  "file-path": Flags.string({ description: "file: where the key file is, or is to be made", helpValue: "P" }),
  kdf: Flags.string({ description: "passphrase: what a guess costs", options: Object.keys(KDF_COSTS) }),
};

/** `macos-keychain` is aivault's name for the keyring. */
export const PROVIDER_WORDS = [...PROVIDERS, "macos-keychain"];

/** @throws VaultError `usage` for any other word. */
export function parseProvider(word: string): ProviderName {
  const provider = word === "macos-keychain" ? "keyring" : PROVIDERS.find((name) => name === word);
  if (provider === undefined) throw new VaultError("usage", "there is no such provider", `providers are ${PROVIDER_WORDS.join(", ")}`);
  return provider;
}

export function findCost(word: string | undefined): KdfCost | undefined {
  return word === "low" || word === "moderate" || word === "high" ? KDF_COSTS[word] : undefined;
}

/** @throws VaultError `usage` for a flag that belongs to another provider: it would be ignored without a word. */
export function requireFlagsOf(provider: ProviderName, given: Readonly<Record<string, unknown>>): void {
  const owners: Readonly<Record<string, ProviderName>> = { "keychain-service": "keyring", "keychain-account": "keyring", "env-var": "env", "file-path": "file", kdf: "passphrase" };
  const stray = Object.entries(owners).find(([flag, owner]) => owner !== provider && given[flag] !== undefined);
  if (stray !== undefined) throw new VaultError("usage", `--${stray[0]} belongs to the provider ${stray[1]}, and ${provider} was asked for`, "leave one of the two out");
}

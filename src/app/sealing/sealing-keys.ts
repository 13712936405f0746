// The keys that files are sealed with: a secret of the vault that is bound to no host, or variables of the user's.
import type { AuditEvent } from "../../audit/entry.ts";
import { findText } from "../../bytes.ts";
import { VaultError } from "../../errors.ts";
import type { SealingKeys } from "../../sealed/sealing-key.ts";
import { makeKeyText, parseSealingKeys } from "../../sealed/sealing-key.ts";
import { Secret } from "../../secret.ts";
import { openSecrets } from "../../vault/envelope.ts";
import type { SecretRecord } from "../../vault/record.ts";
import { ensureVault } from "../keys/auto-init.ts";
import { appendAudited } from "../keys/change-vault.ts";
import type { OpenedVault } from "../keys/open-vault.ts";
import { requireVault, withOpenVault } from "../keys/open-vault.ts";
import type { KeyVariables } from "./seal-options.ts";
import { addSecret, extendSecret } from "../secrets/secrets.ts";
import type { Surroundings } from "../surroundings.ts";

/** The secret's value: the keys as text, the newest first. */
export const SEALING_KEY = "SEALING_KEY";
const GLOBAL = { kind: "global" } as const;

/** Keys at hand, for as long as the vault is open. */
export interface KeysAtHand {
  readonly keys: SealingKeys;
  /** Durable before what it tells of is done. Without a vault, nothing is written. */
  readonly record: (event: AuditEvent) => Promise<void>;
  /** Puts a new key before the others. Undefined where the keys are the user's own to make. */
  readonly addKey: (() => Promise<SealingKeys>) | undefined;
}

/**
 * @param make whether the vault, and the key in it, are made where there are none.
 * @throws VaultError `key-unavailable` where there is no key; `wrong-key` for what is none; `usage` for one that hosts may get; what opening the vault says.
 */
export async function withSealingKeys<T>(surroundings: Surroundings, variables: KeyVariables, make: boolean, use: (atHand: KeysAtHand) => Promise<T>): Promise<T> {
  if (variables !== undefined) return use({ keys: keysOfVariables(surroundings, variables), record: () => Promise.resolve(), addKey: undefined });
  const attempt = (make: boolean): Promise<T> => withOpenVault(surroundings, async (vault) => use({
    keys: await keysOfVault(surroundings, vault, make),
    record: async (event) => {
      await appendAudited(surroundings, vault.holder, vault.file.contents, event);
    },
    addKey: async () => openKeys(vault, await extendSecret(surroundings, vault, SEALING_KEY, GLOBAL, withNewKey)),
  }), make ? ensureVault : requireVault);
  try {
    return await attempt(make);
  } catch (error) {
    // Another process has made the key just then: that one is everybody's.
    if (make && error instanceof VaultError && error.code === "already-exists") return attempt(false);
    throw error;
  }
}

/** @throws VaultError as `withSealingKeys`. */
export async function keysOfVault(surroundings: Surroundings, vault: OpenedVault, make: boolean): Promise<SealingKeys> {
  const record = vault.file.contents.secrets.find(({ name, scope }) => name === SEALING_KEY && scope.kind === "global");
  if (record !== undefined) return openKeys(vault, record);
  if (!make) throw new VaultError("key-unavailable", `the vault has no "${SEALING_KEY}"`, "for a key of your own: --key-env NAME; to have one made: vault seal FILE --field PATH");
  return openKeys(vault, await makeKey(surroundings, vault));
}

/** @throws VaultError `key-unavailable` for a variable that is not set. */
export function keysOfVariables({ variables }: Pick<Surroundings, "variables">, names: readonly string[]): SealingKeys {
  const texts = names.map((name) => {
    const text = variables[name] ?? "";
    if (text === "") throw new VaultError("key-unavailable", `the variable "${name}" is not set, and the key was to be there`, `export ${name}="$(openssl rand -base64 32)" for a new key`);
    return text;
  });
  return parseSealingKeys(texts.join("\n"), names.map((name) => `"${name}"`).join(", "));
}

/** In no request's place of its own accord: it has no host, and of the places only the one that is never taken by default. */
async function makeKey(surroundings: Surroundings, vault: OpenedVault): Promise<SecretRecord> {
  const secret = { name: SEALING_KEY, scope: GLOBAL, service: undefined, hosts: [], places: ["body"], allowPrivate: false, unlike: undefined } as const;
  const made = await addSecret(surroundings, vault, secret, () => Promise.resolve(Secret.fromText(makeKeyText())));
  surroundings.warn(`the vault has a new secret "${SEALING_KEY}" now, which no host gets; whoever is to open these files needs it, and without it they stay closed`);
  return made;
}

async function openKeys({ file, holder }: OpenedVault, record: SecretRecord): Promise<SealingKeys> {
  if (record.hosts.length > 0) throw new VaultError("usage", `"${SEALING_KEY}" is bound to ${record.hosts.join(" ")}, and a key that hosts may get seals nothing`, `vault secrets update ${SEALING_KEY} ${record.hosts.map((host) => `--remove-host ${host}`).join(" ")}`);
  const [value] = await openSecrets(holder, file.contents.id, [record]);
  if (value === undefined) throw new VaultError("bad-seal", `the value of "${SEALING_KEY}" does not open`);
  try {
    return parseSealingKeys(textOf(value), `"${SEALING_KEY}"`);
  } finally {
    value.wipe();
  }
}

function withNewKey(value: Secret): Secret {
  return Secret.fromText(`${makeKeyText()},${textOf(value)}`);
}

function textOf(value: Secret): string {
  return findText(value.reveal()) ?? "";
}

// The key slot: which provider has the KEK, where, and how to tell the right one (FORMAT.md, "Key slot").
import { encodeBase64, equalBytes, findBase64 } from "../bytes.ts";
import { VaultError } from "../errors.ts";
import * as json from "./json-shape.ts";
import { isAllowedCost, SALT_BYTES } from "./kdf.ts";
import type { KdfParameters } from "./kdf.ts";
import { KEY_ID_BYTES } from "./derive.ts";
import { KEY_BYTES } from "./key-bytes.ts";

/** Where the KEK is to be had. Nothing of it is secret. */
export type KeyLocator =
  | { readonly provider: "passphrase"; readonly kdf: KdfParameters }
  /** `path` is absolute, or relative to the vault's folder. `owned`, here and below: vault put the key there, so vault may remove it when the key is replaced. */
  | { readonly provider: "file"; readonly path: string; readonly owned: boolean }
  | { readonly provider: "keyring"; readonly service: string; readonly account: string; readonly owned: boolean }
  | { readonly provider: "env"; readonly variable: string };

export interface KeySlot {
  readonly locator: KeyLocator;
  /** 16 bytes. */
  readonly keyId: Uint8Array;
  /** 32 bytes. */
  readonly commitment: Uint8Array;
}

const ARGON2_VERSION = 19;
const PATH_LENGTH_MAX = 4096;
const WORD_LENGTH_MAX = 256;
const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/;

/** A name that an environment variable with a key may have. */
function isVariableName(name: string): boolean {
  return VARIABLE.test(name);
}

/** @throws VaultError `bad-schema`, or `out-of-bounds` for KDF costs beyond the bounds. */
export function parseKeySlot(value: unknown): KeySlot {
  const slot = json.parseObject(value, "the key slot");
  return {
    locator: parseLocator(slot),
    keyId: decode(json.parseBase64(slot["id"], KEY_ID_BYTES, "the key's id")),
    commitment: decode(json.parseBase64(slot["commitment"], KEY_BYTES, "the key's commitment")),
  };
}

/** Plain data whose member order is the canonical one. */
export function encodeKeySlot({ locator, keyId, commitment }: KeySlot): Record<string, unknown> {
  const head = { provider: locator.provider, id: encodeBase64(keyId), commitment: encodeBase64(commitment) };
  switch (locator.provider) {
    case "passphrase": {
      const { memoryKib, passes, salt } = locator.kdf;
      return { ...head, kdf: { algorithm: "argon2id", version: ARGON2_VERSION, memoryKib, passes, lanes: 1, salt: encodeBase64(salt) } };
    }
    case "file":
      return { ...head, path: locator.path, owned: locator.owned };
    case "keyring":
      return { ...head, service: locator.service, account: locator.account, owned: locator.owned };
    case "env":
      return { ...head, variable: locator.variable };
  }
}

/**
 * Whether a key is the slot's. The id and the commitment both come from the KEK alone, so one that matches without the other means that the file was changed.
 *
 * @throws VaultError `wrong-key` when neither matches, `bad-key-slot` when just one does.
 */
export function requireKeyOfSlot(slot: KeySlot, key: { readonly keyId: Uint8Array; readonly commitment: Uint8Array }): void {
  const isId = equalBytes(slot.keyId, key.keyId);
  const isCommitment = equalBytes(slot.commitment, key.commitment);
  if (isId && isCommitment) return;
  if (isId || isCommitment) throw new VaultError("bad-key-slot", "the vault's key slot was changed", "restore vault.json from a backup");
  throw slot.locator.provider === "passphrase"
    ? new VaultError("wrong-key", "wrong passphrase", "try again; where the passphrase is taken from: vault status")
    : new VaultError("wrong-key", `the key from the ${slot.locator.provider} provider does not open this vault`, "where the key is looked for: vault status");
}

function parseLocator(slot: Record<string, unknown>): KeyLocator {
  switch (slot["provider"]) {
    case "passphrase":
      return { provider: "passphrase", kdf: parseKdf(slot["kdf"]) };
    case "file":
      return { provider: "file", path: json.parseVisibleText(slot["path"], PATH_LENGTH_MAX, "the key file's path"), owned: json.parseBoolean(slot["owned"], "the key file's owned") };
    case "keyring":
      return {
        provider: "keyring",
        service: json.parseVisibleText(slot["service"], WORD_LENGTH_MAX, "the keyring service"),
        account: json.parseVisibleText(slot["account"], WORD_LENGTH_MAX, "the keyring account"),
        owned: json.parseBoolean(slot["owned"], "the keyring entry's owned"),
      };
    case "env":
      return { provider: "env", variable: parseVariable(slot["variable"]) };
    default:
      throw new VaultError("bad-schema", "the key slot names no known provider");
  }
}

function parseKdf(value: unknown): KdfParameters {
  const kdf = json.parseObject(value, "the kdf");
  if (kdf["algorithm"] !== "argon2id" || kdf["version"] !== ARGON2_VERSION || kdf["lanes"] !== 1) throw new VaultError("bad-schema", "the kdf is not argon2id v19 with one lane");
  const memoryKib = json.parseInteger(kdf["memoryKib"], 0, Number.MAX_SAFE_INTEGER, "the kdf's memoryKib");
  const passes = json.parseInteger(kdf["passes"], 0, Number.MAX_SAFE_INTEGER, "the kdf's passes");
  if (!isAllowedCost({ memoryKib, passes })) throw new VaultError("out-of-bounds", "the vault asks for key derivation costs outside the allowed bounds");
  return { memoryKib, passes, salt: decode(json.parseBase64(kdf["salt"], SALT_BYTES, "the kdf's salt")) };
}

function parseVariable(value: unknown): string {
  const name = json.parseText(value, "the key's variable");
  if (!isVariableName(name)) throw new VaultError("bad-schema", "the key slot names a variable that is not allowed");
  return name;
}

function decode(base64: string): Uint8Array {
  return findBase64(base64) ?? new Uint8Array();
}

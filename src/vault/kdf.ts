import { randomBytes } from "node:crypto";
import { utf8, wipe } from "../bytes.ts";
import { VaultError } from "../errors.ts";
import type { Secret } from "../secret.ts";
import { argon2id } from "./argon2id.ts";
import type { Kek } from "./key-bytes.ts";
import { parseKek } from "./key-bytes.ts";

export const SALT_BYTES = 16;

/** Argon2id parameters (RFC 9106), one lane. */
export interface KdfParameters {
  readonly memoryKib: number;
  readonly passes: number;
  readonly salt: Uint8Array;
}

export interface KdfCost {
  readonly memoryKib: number;
  readonly passes: number;
}

/** libsodium's INTERACTIVE, MODERATE and SENSITIVE limits, by the words of `--kdf`. */
export const KDF_COSTS = {
  low: { memoryKib: 64 * 1024, passes: 2 },
  moderate: { memoryKib: 256 * 1024, passes: 3 },
  high: { memoryKib: 1024 * 1024, passes: 4 },
} as const satisfies Record<string, KdfCost>;

// FORMAT.md, "Key slot". The floor is OWASP's least memory for Argon2id; the ceilings keep a hostile file from taking the machine.
const MEMORY_KIB_MIN = 19 * 1024;
const MEMORY_KIB_MAX = 1024 * 1024;
const PASSES_MIN = 2;
const PASSES_MAX = 10;
const MEMORY_TIMES_PASSES_KIB_MAX = 4 * 1024 * 1024;

/** Asked before anything is allocated for a cost that came from a file. */
export function isAllowedCost({ memoryKib, passes }: KdfCost): boolean {
  return (
    Number.isInteger(memoryKib) && memoryKib >= MEMORY_KIB_MIN && memoryKib <= MEMORY_KIB_MAX &&
    Number.isInteger(passes) && passes >= PASSES_MIN && passes <= PASSES_MAX &&
    memoryKib * passes <= MEMORY_TIMES_PASSES_KIB_MAX
  );
}

export function drawSalt(): Uint8Array {
  return new Uint8Array(randomBytes(SALT_BYTES));
}

/**
 * The KEK that a passphrase gives: Argon2id over its NFC form in UTF-8, so that the same words typed on another system give the same key.
 *
 * @throws VaultError `out-of-bounds` for a cost outside FORMAT.md's bounds; `usage` for an empty passphrase or one that is not UTF-8.
 */
export async function deriveKek(passphrase: Secret, parameters: KdfParameters): Promise<Kek> {
  if (!isAllowedCost(parameters)) throw new VaultError("out-of-bounds", "the vault asks for key derivation costs outside the allowed bounds");
  const normalised = normalise(passphrase);
  try {
    return parseKek(await argon2id(normalised, parameters.salt, parameters.passes, parameters.memoryKib));
  } finally {
    wipe(normalised);
  }
}

/** The text between the two copies of bytes is a string and stays in memory until it is collected. */
function normalise(passphrase: Secret): Uint8Array {
  if (passphrase.length === 0) throw new VaultError("usage", "the passphrase is empty", "give one with a character at least");
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(passphrase.reveal());
  } catch {
    throw new VaultError("usage", "the passphrase is not valid UTF-8", "write it as text in UTF-8");
  }
  return utf8(text.normalize("NFC"));
}

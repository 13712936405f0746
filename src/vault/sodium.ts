// The only importer of libsodium, which is here for Argon2id. Its WebAssembly takes some 20 ms to start, so it is loaded on first use.
import type sodium from "libsodium-wrappers-sumo";
import { VaultError } from "../errors.ts";

type Sodium = typeof sodium;

let loaded: Promise<Sodium> | undefined;

/**
 * Argon2id v1.3 (RFC 9106), one lane.
 *
 * @returns 32 bytes.
 * @throws VaultError `io` where there is not enough memory.
 */
export async function argon2idBySodium(password: Uint8Array, salt: Uint8Array, passes: number, memoryKib: number): Promise<Uint8Array> {
  const sodium = await loadSodium();
  try {
    return derive(sodium, password, salt, passes, memoryKib);
  } catch {
    throw new VaultError("io", `not enough memory to derive the key (${Math.ceil(memoryKib / 1024)} MiB)`, "close other programs, or run where more memory is free");
  }
}

/** Loads it ahead of its use. Should that fail, its use will say so. */
export function prepareSodium(): void {
  loadSodium().catch(() => undefined);
}

function loadSodium(): Promise<Sodium> {
  return (loaded ??= load());
}

async function load(): Promise<Sodium> {
  const { default: sodium } = await import("libsodium-wrappers-sumo");
  await sodium.ready;
  warmUp(sodium);
  return sodium;
}

/**
 * V8 compiles WebAssembly quickly at first, and well once it has seen it run; a call that is under way stays with what it began with.
 * A small derivation, of 10 ms, has the passes over a quarter of a gigabyte begin with the good code: together that is 150 ms less.
 */
function warmUp(sodium: Sodium): void {
  derive(sodium, new Uint8Array(), new Uint8Array(sodium.crypto_pwhash_SALTBYTES), 3, 1024);
}

function derive(sodium: Sodium, password: Uint8Array, salt: Uint8Array, passes: number, memoryKib: number): Uint8Array {
  return sodium.crypto_pwhash(32, password, salt, passes, memoryKib * 1024, sodium.crypto_pwhash_ALG_ARGON2ID13);
}

// Argon2id by whichever of two is at hand: Node's own (from 24.7 on), which needs no WebAssembly to be loaded and compiled, or libsodium's.
import * as crypto from "node:crypto";
import { argon2idBySodium, prepareSodium } from "./sodium.ts";

const TAG_BYTES = 32;

/**
 * Argon2id v1.3 (RFC 9106), one lane.
 *
 * @returns 32 bytes.
 * @throws VaultError `io` where there is not enough memory.
 */
export async function argon2id(password: Uint8Array, salt: Uint8Array, passes: number, memoryKib: number): Promise<Uint8Array> {
  return (await findByNode(password, salt, passes, memoryKib)) ?? argon2idBySodium(password, salt, passes, memoryKib);
}

/** For when a derivation is to come, and there is something else to wait for until then. */
export function prepareArgon2id(): void {
  if (nodesArgon2() === undefined) prepareSodium();
}

/** Undefined where this Node has none, or one that does not work: it depends on the OpenSSL that it was built with. */
async function findByNode(password: Uint8Array, salt: Uint8Array, passes: number, memoryKib: number): Promise<Uint8Array | undefined> {
  const argon2 = nodesArgon2();
  if (argon2 === undefined) return undefined;
  return new Promise((resolve) => {
    const finish = (error: unknown, tag: unknown): void => { resolve(error === null && tag instanceof Uint8Array ? ownBytes(tag) : undefined); };
    try {
      Reflect.apply(argon2, crypto, ["argon2id", { message: password, nonce: salt, parallelism: 1, tagLength: TAG_BYTES, memory: memoryKib, passes }, finish]);
    } catch {
      resolve(undefined);
    }
  });
}

/** Its types come with those of Node 24. */
function nodesArgon2(): CallableFunction | undefined {
  const argon2: unknown = Reflect.get(crypto, "argon2");
  return typeof argon2 === "function" ? argon2 : undefined;
}

/** The same memory as plain bytes, so that wiping them leaves no copy. */
function ownBytes({ buffer, byteOffset, length }: Uint8Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, length);
}

// Seals and opens values, each under a DEK of its own, wrapped by the key holder (FORMAT.md, "Sealing").
import { randomBytes } from "node:crypto";
import { encodeBase64, equalBytes, findBase64, wipe } from "../bytes.ts";
import { VaultError } from "../errors.ts";
import { Secret } from "../secret.ts";
import { sealAad, vaultKeyAad, wrapAad } from "./aad.ts";
import type { VaultKeys } from "./derive.ts";
import { deriveFromDek, deriveFromVaultKey } from "./derive.ts";
import type { Dek } from "./key-bytes.ts";
import { asDek, KEY_BYTES } from "./key-bytes.ts";
import type { KeyHolder, WrappedDek } from "./key-holder.ts";
import type { Box, SealedValue, SecretBinding, SecretRecord } from "./record.ts";
import { VALUE_BYTES_MAX } from "./record.ts";
import { NONCE_BYTES, open, seal } from "./xchacha.ts";

/** Bounds how many keys lie open in memory at a time, and gives progress something to show. */
const REWRAP_BATCH = 250;

/** The secret parts of a record. */
export interface Envelope {
  readonly dek: Box;
  readonly value: SealedValue;
}

/**
 * Seals each value under a fresh DEK, bound to all of its binding.
 *
 * @throws VaultError `out-of-bounds` for an empty value or one over 64 KiB.
 */
export async function sealSecrets(
  holder: KeyHolder,
  vaultId: Uint8Array,
  items: readonly { readonly binding: SecretBinding; readonly value: Secret }[],
): Promise<Envelope[]> {
  for (const { binding, value } of items) {
    if (value.length === 0) throw new VaultError("out-of-bounds", `the value of "${binding.name}" is empty`);
    if (value.length > VALUE_BYTES_MAX) throw new VaultError("out-of-bounds", `the value of "${binding.name}" is longer than ${VALUE_BYTES_MAX} bytes`);
  }
  const deks = items.map(() => asDek(new Uint8Array(randomBytes(KEY_BYTES))));
  try {
    const wrapped = await holder.wrapDeks(pair(items, deks, ({ binding }, dek) => ({ dek, aad: wrapAad(vaultId, holder.keyId, binding) })));
    return pair(items, deks, ({ binding, value }, dek, index) => ({
      dek: encodeWrapped(at(wrapped, index)),
      value: sealValue(dek, sealAad(vaultId, binding), value),
    }));
  } finally {
    wipe(...deks);
  }
}

/**
 * Opens the values of records, in their order, with one batch of unwraps.
 *
 * @throws VaultError `bad-wrap`, `bad-commitment` or `bad-seal`, naming the secret, when a record was changed.
 */
export async function openSecrets(holder: KeyHolder, vaultId: Uint8Array, records: readonly SecretRecord[]): Promise<Secret[]> {
  const deks = await unwrapAll(holder, vaultId, records);
  try {
    return pair(records, deks, (record, dek) => openValue(dek, sealAad(vaultId, record), record));
  } finally {
    wipe(...deks);
  }
}

/**
 * The same records with every DEK wrapped by another holder; values are not touched. Each new wrap is opened again before it counts.
 *
 * @throws VaultError `bad-wrap` when a DEK does not open, or does not open again.
 */
export async function rewrapSecrets(
  from: KeyHolder,
  to: KeyHolder,
  vaultId: Uint8Array,
  records: readonly SecretRecord[],
  onProgress: (done: number) => void = () => undefined,
): Promise<SecretRecord[]> {
  return inBatches(records, (batch) => rewrapBatch(from, to, vaultId, batch), onProgress);
}

async function inBatches(records: readonly SecretRecord[], make: (batch: readonly SecretRecord[]) => Promise<SecretRecord[]>, onProgress: (done: number) => void): Promise<SecretRecord[]> {
  const made: SecretRecord[] = [];
  for (let start = 0; start < records.length; start += REWRAP_BATCH) {
    made.push(...(await make(records.slice(start, start + REWRAP_BATCH))));
    onProgress(made.length);
  }
  return made;
}

async function rewrapBatch(from: KeyHolder, to: KeyHolder, vaultId: Uint8Array, records: readonly SecretRecord[]): Promise<SecretRecord[]> {
  const deks = await unwrapAll(from, vaultId, records);
  let reopened: Dek[] = [];
  try {
    const wrapped = await to.wrapDeks(pair(records, deks, (record, dek) => ({ dek, aad: wrapAad(vaultId, to.keyId, record) })));
    const rewrapped = records.map((record, index) => ({ ...record, dek: encodeWrapped(at(wrapped, index)) }));
    reopened = await unwrapAll(to, vaultId, rewrapped);
    pair(reopened, deks, (again, dek) => {
      if (!equalBytes(again, dek)) throw new VaultError("bad-wrap", "a data key did not survive its new wrap");
    });
    return rewrapped;
  } finally {
    wipe(...deks, ...reopened);
  }
}

/**
 * The same values under new DEKs, wrapped by another holder: whoever knows an old DEK can open nothing of what is written from now on. Each is opened again before it counts.
 *
 * @throws VaultError as `openSecrets`.
 */
export async function resealSecrets(
  from: KeyHolder,
  to: KeyHolder,
  vaultId: Uint8Array,
  records: readonly SecretRecord[],
  onProgress: (done: number) => void = () => undefined,
): Promise<SecretRecord[]> {
  return inBatches(records, (batch) => resealBatch(from, to, vaultId, batch), onProgress);
}

async function resealBatch(from: KeyHolder, to: KeyHolder, vaultId: Uint8Array, records: readonly SecretRecord[]): Promise<SecretRecord[]> {
  const values = await openSecrets(from, vaultId, records);
  let reopened: Secret[] = [];
  try {
    const envelopes = await sealSecrets(to, vaultId, pair(records, values, (binding, value) => ({ binding, value })));
    const resealed = pair(records, envelopes, (record, envelope) => ({ ...record, ...envelope }));
    reopened = await openSecrets(to, vaultId, resealed);
    pair(reopened, values, (again, value) => {
      if (!again.equals(value)) throw new VaultError("bad-seal", "a value did not survive its new seal");
    });
    return resealed;
  } finally {
    for (const value of [...values, ...reopened]) value.wipe();
  }
}

/** A new vault key, wrapped. */
export async function makeVaultKey(holder: KeyHolder, vaultId: Uint8Array): Promise<Box> {
  const vaultKey = asDek(new Uint8Array(randomBytes(KEY_BYTES)));
  try {
    return await wrapVaultKey(holder, vaultId, vaultKey);
  } finally {
    wipe(vaultKey);
  }
}

/** The keys that the vault key gives; the caller wipes them. @throws VaultError `bad-wrap`. */
export async function openVaultKeys(holder: KeyHolder, { id, vaultKey: wrapped }: { readonly id: Uint8Array; readonly vaultKey: Box }): Promise<VaultKeys> {
  const vaultKey = await unwrapVaultKey(holder, id, wrapped);
  try {
    return deriveFromVaultKey(vaultKey, id);
  } finally {
    wipe(vaultKey);
  }
}

/** The same vault key under another holder. @throws VaultError `bad-wrap`. */
export async function rewrapVaultKey(from: KeyHolder, to: KeyHolder, vaultId: Uint8Array, wrapped: Box): Promise<Box> {
  const vaultKey = await unwrapVaultKey(from, vaultId, wrapped);
  try {
    return await wrapVaultKey(to, vaultId, vaultKey);
  } finally {
    wipe(vaultKey);
  }
}

async function unwrapVaultKey(holder: KeyHolder, vaultId: Uint8Array, wrapped: Box): Promise<Dek> {
  return at(await holder.unwrapDeks([{ wrapped: decodeBox(wrapped), aad: vaultKeyAad(vaultId, holder.keyId) }]), 0);
}

async function wrapVaultKey(holder: KeyHolder, vaultId: Uint8Array, vaultKey: Dek): Promise<Box> {
  return encodeWrapped(at(await holder.wrapDeks([{ dek: vaultKey, aad: vaultKeyAad(vaultId, holder.keyId) }]), 0));
}

async function unwrapAll(holder: KeyHolder, vaultId: Uint8Array, records: readonly SecretRecord[]): Promise<Dek[]> {
  return holder.unwrapDeks(records.map((record) => ({ wrapped: decodeBox(record.dek), aad: wrapAad(vaultId, holder.keyId, record) })));
}

function sealValue(dek: Dek, aad: Uint8Array, value: Secret): SealedValue {
  const nonce = new Uint8Array(randomBytes(NONCE_BYTES));
  const { sealKey, commitment } = deriveFromDek(dek, nonce);
  try {
    return { nonce: encodeBase64(nonce), commitment: encodeBase64(commitment), ciphertext: encodeBase64(seal(sealKey, nonce, value.reveal(), aad)) };
  } finally {
    wipe(sealKey);
  }
}

/** XChaCha20-Poly1305 does not commit to its key: two keys can open one ciphertext. So the commitment is compared first. */
function openValue(dek: Dek, aad: Uint8Array, record: SecretRecord): Secret {
  const { nonce, ciphertext } = decodeBox(record.value);
  const { sealKey, commitment } = deriveFromDek(dek, nonce);
  try {
    if (!equalBytes(commitment, decode(record.value.commitment))) throw new VaultError("bad-commitment", `the value of "${record.name}" is sealed under another key than its own`);
    const value = open(sealKey, nonce, ciphertext, aad);
    if (value === undefined) throw new VaultError("bad-seal", `the value of "${record.name}" does not open: its record was changed, or belongs elsewhere`);
    return new Secret(value);
  } finally {
    wipe(sealKey);
  }
}

function encodeWrapped({ nonce, ciphertext }: WrappedDek): Box {
  return { nonce: encodeBase64(nonce), ciphertext: encodeBase64(ciphertext) };
}

function decodeBox({ nonce, ciphertext }: Box): WrappedDek {
  return { nonce: decode(nonce), ciphertext: decode(ciphertext) };
}

/** Records carry base64 that was checked when they were parsed, or that was encoded here. */
function decode(text: string): Uint8Array {
  return findBase64(text) ?? new Uint8Array();
}

function pair<A, B, R>(as: readonly A[], bs: readonly B[], make: (a: A, b: B, index: number) => R): R[] {
  return as.map((a, index) => make(a, at(bs, index), index));
}

function at<T>(items: readonly T[], index: number): T {
  const item = items[index];
  if (item === undefined) throw new VaultError("bad-wrap", "a key holder answered with too few keys");
  return item;
}

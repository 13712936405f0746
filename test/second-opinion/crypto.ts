// FORMAT.md, "Conventions", "Keys" and "Associated data", over sodium-native and Node's crypto.
// Nothing in this folder imports from src: two programs written from one page have to agree on every byte.
import { createHash, createHmac, hkdfSync, timingSafeEqual } from "node:crypto";
import sodium from "sodium-native";
import type { Kdf, SecretRecord } from "./forms.ts";

const TAG_BYTES = 16;

export interface KekKeys {
  readonly wrapKey: Buffer;
  readonly macKey: Buffer;
  readonly commitment: Buffer;
  readonly keyId: Buffer;
}

/** Of the vault key: what outlives a change of the KEK. */
export interface VaultKeys {
  readonly audit: Buffer;
  readonly placeholder: Buffer;
  readonly services: Buffer;
  readonly anchor: Buffer;
  readonly sessions: Buffer;
}

export interface DekKeys {
  readonly sealKey: Buffer;
  readonly commitment: Buffer;
}

export function base64(text: string): Buffer {
  return Buffer.from(text, "base64");
}

export function sha256(...parts: readonly Uint8Array[]): Buffer {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest();
}

export function hmac(key: Uint8Array, message: Uint8Array): Buffer {
  return createHmac("sha256", key).update(message).digest();
}

export function hkdf(key: Uint8Array, salt: Uint8Array, label: string, length: number): Buffer {
  return Buffer.from(hkdfSync("sha256", key, salt, Buffer.from(label, "ascii"), length));
}

export function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}

export function kekKeys(kek: Uint8Array, vaultId: Uint8Array): KekKeys {
  return {
    wrapKey: hkdf(kek, vaultId, "vault/1 kek wrap", 32),
    macKey: hkdf(kek, vaultId, "vault/1 kek file-mac", 32),
    commitment: hkdf(kek, vaultId, "vault/1 kek commitment", 32),
    keyId: hkdf(kek, vaultId, "vault/1 kek key-id", 16),
  };
}

export function vaultKeys(vaultKey: Uint8Array, vaultId: Uint8Array): VaultKeys {
  const make = (purpose: string): Buffer => hkdf(vaultKey, vaultId, `vault/1 vault-key ${purpose}`, 32);
  return { audit: make("audit"), placeholder: make("placeholder"), services: make("services"), anchor: make("anchor"), sessions: make("sessions") };
}

export function dekKeys(dek: Uint8Array, nonce: Uint8Array): DekKeys {
  return {
    sealKey: hkdf(dek, nonce, "vault/1 dek seal", 32),
    commitment: hkdf(dek, nonce, "vault/1 dek commitment", 32),
  };
}

/** What a key file means, or undefined where it holds no key. */
export function keyFileKek(content: Buffer): Buffer | undefined {
  if (content.length === 32) return content.every((byte) => byte >= 0x20 && byte <= 0x7e) ? undefined : content;
  const text = content.toString("latin1").replace(/\r?\n$/, "");
  const kek = base64(text);
  return kek.length === 32 && kek.toString("base64") === text ? kek : undefined;
}

/** The passphrase provider's KEK: Argon2id 0x13, one lane, over the passphrase's NFC form. */
export function passphraseKek(passphrase: string, kdf: Kdf): Buffer {
  const kek = Buffer.alloc(32);
  const text = Buffer.from(passphrase.normalize("NFC"), "utf8");
  sodium.crypto_pwhash(kek, text, base64(kdf.salt), kdf.passes, kdf.memoryKib * 1024, sodium.crypto_pwhash_ALG_ARGON2ID13);
  return kek;
}

export function aeadSeal(key: Uint8Array, nonce: Uint8Array, plaintext: Uint8Array, aad: Uint8Array): Buffer {
  const ciphertext = Buffer.alloc(plaintext.length + TAG_BYTES);
  sodium.crypto_aead_xchacha20poly1305_ietf_encrypt(ciphertext, plaintext, aad, null, nonce, key);
  return ciphertext;
}

/** The plaintext, or undefined where the tag does not match. */
export function aeadOpen(key: Uint8Array, nonce: Uint8Array, ciphertext: Uint8Array, aad: Uint8Array): Buffer | undefined {
  if (ciphertext.length < TAG_BYTES) return undefined;
  const plaintext = Buffer.alloc(ciphertext.length - TAG_BYTES);
  try {
    sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(plaintext, null, ciphertext, aad, nonce, key);
    return plaintext;
  } catch {
    return undefined;
  }
}

/** What the associated data binds: a record without its two times and without its ciphertexts. */
export type BoundMembers = Omit<SecretRecord, "createdAt" | "updatedAt" | "dek" | "value">;

/** For a DEK's wrap. */
export function wrapData(vaultId: Uint8Array, keyId: Uint8Array, record: BoundMembers): Buffer {
  return Buffer.concat([header("wrap", vaultId), field(0x04, keyId), binding(record)]);
}

/** For a sealed value. */
export function sealData(vaultId: Uint8Array, record: BoundMembers): Buffer {
  return Buffer.concat([header("seal", vaultId), binding(record)]);
}

/** For the vault key's wrap. */
export function vaultKeyData(vaultId: Uint8Array, keyId: Uint8Array): Buffer {
  return Buffer.concat([header("vault-key", vaultId), field(0x04, keyId)]);
}

/** For the record of a session at brokers. */
export function sessionData(session: string): Buffer {
  return Buffer.from(`vault/1 session ${session}`, "ascii");
}

function header(purpose: "wrap" | "seal" | "vault-key", vaultId: Uint8Array): Buffer {
  return Buffer.concat([field(0x01, purpose), field(0x02, u32(1)), field(0x03, vaultId)]);
}

function binding(record: BoundMembers): Buffer {
  const { scope } = record;
  return Buffer.concat([
    field(0x05, base64(record.id)),
    field(0x06, record.name),
    field(0x07, scope.kind),
    ...(scope.kind === "global" ? [] : [field(0x08, scope.workspace)]),
    ...(scope.kind === "group" ? [field(0x09, scope.group)] : []),
    ...record.groups.flatMap(({ workspace, group }) => [field(0x0a, workspace), field(0x0b, group)]),
    ...(record.service === null ? [] : [field(0x0c, record.service)]),
    ...record.hosts.map((host) => field(0x0d, host)),
    ...record.places.map((place) => field(0x0e, place)),
    field(0x0f, Uint8Array.of(record.allowPrivate ? 1 : 0)),
    field(0x10, u32(record.version)),
    field(0x11, Uint8Array.of(record.scrub ? 1 : 0)),
    ...(record.placeholder === null ? [] : [field(0x12, record.placeholder)]),
    field(0x13, JSON.stringify(record.source)),
    ...(record.rules === null ? [] : [field(0x14, JSON.stringify(record.rules))]),
  ]);
}

function field(tag: number, content: Uint8Array | string): Buffer {
  const bytes = Buffer.from(content);
  return Buffer.concat([Uint8Array.of(tag), u32(bytes.length), bytes]);
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

// FORMAT.md, "The file" and "Sealing". Randomness is an argument, so that the test vectors come out the same each time.
import type { BoundMembers, KekKeys } from "./crypto.ts";
import type { SecretRecord, Wrapped } from "./forms.ts";
import type { VaultContents } from "./reader.ts";
import { aeadSeal, base64, dekKeys, hmac, kekKeys, sealData, sha256, vaultKeyData, wrapData } from "./crypto.ts";
import { headLines } from "./reader.ts";

export type Draw = (length: number) => Buffer;

/** A record without what sealing adds. */
export type UnsealedRecord = Omit<SecretRecord, "dek" | "value">;

export function sealSecret(vault: string, kek: Uint8Array, record: UnsealedRecord, value: Uint8Array, draw: Draw): SecretRecord {
  const dek = draw(32);
  return { ...record, dek: wrapDek(vault, kek, record, dek, draw), value: sealValue(vault, record, dek, value, draw) };
}

export function wrapDek(vault: string, kek: Uint8Array, record: BoundMembers, dek: Uint8Array, draw: Draw): Wrapped {
  const { wrapKey, keyId } = kekKeys(kek, base64(vault));
  return wrap(wrapKey, dek, wrapData(base64(vault), keyId, record), draw);
}

export function wrapVaultKey(vault: string, kek: Uint8Array, vaultKey: Uint8Array, draw: Draw): Wrapped {
  const { wrapKey, keyId } = kekKeys(kek, base64(vault));
  return wrap(wrapKey, vaultKey, vaultKeyData(base64(vault), keyId), draw);
}

export function sealValue(vault: string, record: BoundMembers, dek: Uint8Array, value: Uint8Array, draw: Draw): SecretRecord["value"] {
  const nonce = draw(24);
  const { sealKey, commitment } = dekKeys(dek, nonce);
  const ciphertext = aeadSeal(sealKey, nonce, value, sealData(base64(vault), record));
  return { nonce: nonce.toString("base64"), commitment: commitment.toString("base64"), ciphertext: ciphertext.toString("base64") };
}

function wrap(wrapKey: Uint8Array, key: Uint8Array, aad: Uint8Array, draw: Draw): Wrapped {
  const nonce = draw(24);
  return { nonce: nonce.toString("base64"), ciphertext: aeadSeal(wrapKey, nonce, key, aad).toString("base64") };
}

/** The whole file. The key slot in `contents` already names the KEK. */
export function writeVault(contents: VaultContents, kek: Uint8Array): Buffer {
  return finish(Buffer.from(bodyOf(contents)), kekKeys(kek, base64(contents.vault)));
}

/** The file up to and including the LF before `  "mac"`. */
export function bodyOf(contents: VaultContents): string {
  const secrets = contents.secrets.map((secret) => `    ${JSON.stringify(secret)}`).join(",\n");
  return `${headLines(contents)}${secrets === "" ? "" : `${secrets}\n`}  ],\n`;
}

/** Puts MAC and checksum behind a body, whatever stands in it: so can an adversary who has the key, and so can a test vector. */
export function finish(body: Uint8Array, keys: Pick<KekKeys, "macKey">): Buffer {
  const bodyHash = sha256(body);
  const mac = hmac(keys.macKey, bodyHash);
  const checksum = sha256(bodyHash, mac);
  const end = `  "mac": "${mac.toString("base64")}",\n  "checksum": "${checksum.toString("base64")}"\n}\n`;
  return Buffer.concat([body, Buffer.from(end)]);
}

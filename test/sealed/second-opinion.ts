// The two forms, written from docs/SEALED.md alone: it shares no code with the program, and its XChaCha20-Poly1305 is libsodium's.
import { createCipheriv, createHmac } from "node:crypto";
import sodium from "sodium-native";

const TAG_BYTES = 16;

export interface Place {
  readonly fileId: Buffer;
  readonly path: readonly (string | number)[];
}

export interface Content {
  readonly kind: number;
  readonly text: string;
  readonly spelling: string;
}

export function writeFirst(key: Buffer, iv: Buffer, text: string, keyName = ""): string {
  const cipher = createCipheriv("aes-256-gcm", key, iv);
  const payload = Buffer.concat([iv, cipher.update(text, "utf8"), cipher.final(), cipher.getAuthTag()]);
  return `enc:v1:${keyName === "" ? "" : `${keyName}:`}${payload.toString("base64url")}`;
}

export function writeSecond(key: Buffer, nonce: Buffer, { fileId, path }: Place, { kind, text, spelling }: Content): string {
  const keyId = hkdf(key, Buffer.alloc(0), "vault/sealed/2 key-id", 8);
  const value = Buffer.from(text);
  const plaintext = Buffer.concat([Buffer.of(kind), u32(value.length), value, Buffer.from(spelling)]);
  const steps = path.flatMap((step) => (typeof step === "number" ? field(0x11, u32(step)) : field(0x10, Buffer.from(step))));
  const aad = Buffer.concat([...field(1, Buffer.from("sealed-field")), ...field(2, u32(2)), ...field(3, keyId), ...field(4, fileId), ...steps]);
  const ciphertext = Buffer.alloc(plaintext.length + TAG_BYTES);
  sodium.crypto_aead_xchacha20poly1305_ietf_encrypt(ciphertext, plaintext, aad, null, nonce, hkdf(key, nonce, "vault/sealed/2 seal", 32));
  const payload = Buffer.concat([nonce, hkdf(key, nonce, "vault/sealed/2 commitment", 32), ciphertext]);
  return `enc:v2:${keyId.toString("base64url")}:${fileId.toString("base64url")}:${payload.toString("base64url")}`;
}

/** RFC 5869, for at most 32 bytes. */
function hkdf(key: Buffer, salt: Buffer, label: string, length: number): Buffer {
  const extracted = createHmac("sha256", salt.length === 0 ? Buffer.alloc(32) : salt).update(key).digest();
  return createHmac("sha256", extracted).update(label).update(Buffer.of(1)).digest().subarray(0, length);
}

function field(tag: number, bytes: Buffer): Buffer[] {
  return [Buffer.of(tag), u32(bytes.length), bytes];
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

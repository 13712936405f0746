// The two forms, written from docs/SEALED.md alone: it shares no code with the program, and its XChaCha20-Poly1305 is libsodium's.
import { createCipheriv, createHash, createHmac } from "node:crypto";
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

export interface Steps {
  readonly keyId: Buffer;
  readonly sealKey: Buffer;
  readonly commitment: Buffer;
  readonly plaintext: Buffer;
  readonly aad: Buffer;
  readonly ciphertext: Buffer;
  readonly value: string;
}

export function writeFirst(key: Buffer, iv: Buffer, text: string, keyName = ""): string {
  const cipher = createCipheriv("aes-256-gcm", key, iv);
  const payload = Buffer.concat([iv, cipher.update(text, "utf8"), cipher.final(), cipher.getAuthTag()]);
  return `enc:v1:${keyName === "" ? "" : `${keyName}:`}${payload.toString("base64url")}`;
}

export function writeSecond(key: Buffer, nonce: Buffer, place: Place, content: Content): string {
  return writeSecondStepwise(key, nonce, place, content).value;
}

/** The first 16 bytes of SHA-256 over the label, a zero byte and the name. */
export function fileIdOf(name: string): Buffer {
  return createHash("sha256").update("vault/sealed/2 name").update(Buffer.of(0)).update(name, "utf8").digest().subarray(0, 16);
}

/** With everything that is computed on the way. */
export function writeSecondStepwise(key: Buffer, nonce: Buffer, { fileId, path }: Place, { kind, text, spelling }: Content): Steps {
  const keyId = hkdf(key, Buffer.alloc(0), "vault/sealed/2 key-id", 8);
  const said = Buffer.from(text);
  const plaintext = Buffer.concat([Buffer.of(kind), u32(said.length), said, Buffer.from(spelling)]);
  const steps = path.flatMap((step) => (typeof step === "number" ? field(0x11, u32(step)) : field(0x10, Buffer.from(step))));
  const aad = Buffer.concat([...field(1, Buffer.from("sealed-field")), ...field(2, u32(2)), ...field(3, keyId), ...field(4, fileId), ...steps]);
  const ciphertext = Buffer.alloc(plaintext.length + TAG_BYTES);
  const sealKey = hkdf(key, nonce, "vault/sealed/2 seal", 32);
  const commitment = hkdf(key, nonce, "vault/sealed/2 commitment", 32);
  sodium.crypto_aead_xchacha20poly1305_ietf_encrypt(ciphertext, plaintext, aad, null, nonce, sealKey);
  const payload = Buffer.concat([nonce, commitment, ciphertext]);
  return { keyId, sealKey, commitment, plaintext, aad, ciphertext, value: `enc:v2:${keyId.toString("base64url")}:${fileId.toString("base64url")}:${payload.toString("base64url")}` };
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

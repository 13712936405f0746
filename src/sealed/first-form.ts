// `enc:v1:`, the form of AuthHero, byte for byte (docs/SEALED.md, "The first form"): AES-256-GCM (NIST SP 800-38D) without associated data.
import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { findText, utf8 } from "../bytes.ts";
import type { SealingKey } from "./sealing-key.ts";

const PREFIX = "enc:v1:";
const IV_BYTES = 12;
const TAG_BYTES = 16;
/** The name of a key, and base64url with its padding or without. */
const FORM = /^enc:v1:(?:([A-Za-z0-9_-]{1,64}):)?([A-Za-z0-9_-]+)(={0,2})$/;

/** A value that is written in this form, whatever it was sealed with. */
export interface FirstFormValue {
  readonly keyName: string | undefined;
  /** iv ‖ ciphertext ‖ tag. */
  readonly payload: Uint8Array;
}

/** Undefined for a text that is not in this form. */
export function findFirstForm(text: string): FirstFormValue | undefined {
  const [, keyName, body, padding] = FORM.exec(text) ?? [];
  if (body === undefined || padding === undefined) return undefined;
  if (padding !== "" && (body.length + padding.length) % 4 !== 0) return undefined;
  const payload = new Uint8Array(Buffer.from(body, "base64url"));
  // One value, one text: no loose bits behind the last byte.
  if (Buffer.from(payload).toString("base64url") !== body || payload.length < IV_BYTES + TAG_BYTES) return undefined;
  return { keyName, payload };
}

/** With the key's name in it, where it has one. */
export function sealFirstForm(key: SealingKey, text: string): string {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv("aes-256-gcm", key.bytes.reveal(), iv, { authTagLength: TAG_BYTES });
  const payload = Buffer.concat([iv, cipher.update(utf8(text)), cipher.final(), cipher.getAuthTag()]).toString("base64url");
  return key.name === undefined ? `${PREFIX}${payload}` : `${PREFIX}${key.name}:${payload}`;
}

/** The text, or undefined where this is not its key, or the value was changed. */
export function openFirstForm(key: SealingKey, { payload }: FirstFormValue): string | undefined {
  const end = payload.length - TAG_BYTES;
  const decipher = createDecipheriv("aes-256-gcm", key.bytes.reveal(), payload.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES });
  decipher.setAuthTag(payload.subarray(end));
  try {
    const plaintext = Buffer.concat([decipher.update(payload.subarray(IV_BYTES, end)), decipher.final()]);
    return findText(new Uint8Array(plaintext));
  } catch {
    return undefined;
  }
}

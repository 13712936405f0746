// `enc:v2:` (docs/SEALED.md, "The second form"): XChaCha20-Poly1305 under a key of its own, with a commitment to it, bound to one field of one file.
import { createHash, hkdfSync, randomBytes } from "node:crypto";
import { concatBytes, equalBytes, findText, utf8, wipe } from "../bytes.ts";
import { NONCE_BYTES, open, seal, TAG_BYTES } from "../vault/xchacha.ts";
import type { FieldPath } from "./field-path.ts";
import { encodePath, uint32 } from "./field-path.ts";
import type { SealingKey } from "./sealing-key.ts";
import { KEY_BYTES } from "./sealing-key.ts";

const FORMAT_VERSION = 2;
const FILE_ID_BYTES = 16;
const COMMITMENT_BYTES = 32;
const HEAD_BYTES = 5;
const FORM = /^enc:v2:([A-Za-z0-9_-]{11}):([A-Za-z0-9_-]{22}):([A-Za-z0-9_-]+)$/;

/** One byte each, in this order in the data. Numbers are never reused; those of the path's steps are in `field-path.ts`. */
const TAG = { purpose: 0x01, formatVersion: 0x02, keyId: 0x03, fileId: 0x04 } as const;
const KIND = { text: 0x00, literal: 0x01 } as const;

/** What is sealed: a text, or a number or truth value as the document spells it. */
export interface FieldContent {
  readonly kind: "text" | "literal";
  readonly text: string;
  /** How the document spelled a text, where it is not how a writer would; undefined for the usual spelling. */
  readonly spelling: string | undefined;
}

/** Where a value belongs, and nowhere else. */
export interface FieldPlace {
  /** Base64url of 16 bytes. */
  readonly fileId: string;
  readonly path: FieldPath;
}

/** A value that is written in this form, whatever it was sealed with. */
export interface SecondFormValue {
  readonly keyId: string;
  readonly fileId: string;
  /** nonce ‖ commitment ‖ ciphertext ‖ tag. */
  readonly payload: Uint8Array;
}

/** A file's own id, drawn when its first field is sealed. */
export function makeFileId(): string {
  return randomBytes(FILE_ID_BYTES).toString("base64url");
}

/** The id of a file that its users know by a name: whatever carries another id does not belong there. */
export function fileIdOf(name: string): string {
  return createHash("sha256").update("vault/sealed/2 name\0").update(utf8(name)).digest().subarray(0, FILE_ID_BYTES).toString("base64url");
}

/** Undefined for a text that is not in this form. */
export function findSecondForm(text: string): SecondFormValue | undefined {
  const [, keyId, fileId, body] = FORM.exec(text) ?? [];
  if (keyId === undefined || fileId === undefined || body === undefined) return undefined;
  const payload = new Uint8Array(Buffer.from(body, "base64url"));
  // One value, one text: no loose bits behind the last byte of any part.
  if (![keyId, fileId, body].every((part) => Buffer.from(part, "base64url").toString("base64url") === part)) return undefined;
  return payload.length < NONCE_BYTES + COMMITMENT_BYTES + HEAD_BYTES + TAG_BYTES ? undefined : { keyId, fileId, payload };
}

export function sealSecondForm(key: SealingKey, place: FieldPlace, content: FieldContent): string {
  const nonce = new Uint8Array(randomBytes(NONCE_BYTES));
  const { sealKey, commitment } = derive(key, nonce);
  const plaintext = encodeContent(content);
  try {
    const payload = concatBytes(nonce, commitment, seal(sealKey, nonce, plaintext, associatedData(key, place)));
    return `enc:v2:${key.id}:${place.fileId}:${Buffer.from(payload).toString("base64url")}`;
  } finally {
    wipe(sealKey, plaintext);
  }
}

/** The content, or undefined where this is not its key, not its place, or the value was changed. */
export function openSecondForm(key: SealingKey, place: FieldPlace, { keyId, fileId, payload }: SecondFormValue): FieldContent | undefined {
  if (keyId !== key.id || fileId !== place.fileId) return undefined;
  const nonce = payload.subarray(0, NONCE_BYTES);
  const { sealKey, commitment } = derive(key, nonce);
  let plaintext: Uint8Array | undefined;
  try {
    // XChaCha20-Poly1305 alone does not commit to its key.
    if (!equalBytes(commitment, payload.subarray(NONCE_BYTES, NONCE_BYTES + COMMITMENT_BYTES))) return undefined;
    plaintext = open(sealKey, nonce, payload.subarray(NONCE_BYTES + COMMITMENT_BYTES), associatedData(key, place));
    return plaintext === undefined ? undefined : findContent(plaintext);
  } finally {
    wipe(sealKey, plaintext);
  }
}

/** HKDF-SHA256 (RFC 5869) with the nonce as salt: each value has a key of its own, and the commitment pins it. */
function derive(key: SealingKey, nonce: Uint8Array): { readonly sealKey: Uint8Array; readonly commitment: Uint8Array } {
  const expand = (label: string, bytes: number): Uint8Array => new Uint8Array(hkdfSync("sha256", key.bytes.reveal(), nonce, utf8(label), bytes));
  return { sealKey: expand("vault/sealed/2 seal", KEY_BYTES), commitment: expand("vault/sealed/2 commitment", COMMITMENT_BYTES) };
}

function associatedData(key: SealingKey, { fileId, path }: FieldPlace): Uint8Array {
  const field = (tag: number, bytes: Uint8Array): Uint8Array[] => [Uint8Array.of(tag), uint32(bytes.length), bytes];
  return concatBytes(
    ...field(TAG.purpose, utf8("sealed-field")),
    ...field(TAG.formatVersion, uint32(FORMAT_VERSION)),
    ...field(TAG.keyId, new Uint8Array(Buffer.from(key.id, "base64url"))),
    ...field(TAG.fileId, new Uint8Array(Buffer.from(fileId, "base64url"))),
    encodePath(path),
  );
}

/** Kind, length of the text, text, spelling. */
function encodeContent({ kind, text, spelling }: FieldContent): Uint8Array {
  const bytes = utf8(text);
  return concatBytes(Uint8Array.of(KIND[kind]), uint32(bytes.length), bytes, utf8(spelling ?? ""));
}

function findContent(plaintext: Uint8Array): FieldContent | undefined {
  const kind = plaintext[0] === KIND.text ? "text" : plaintext[0] === KIND.literal ? "literal" : undefined;
  if (kind === undefined || plaintext.length < HEAD_BYTES) return undefined;
  const end = HEAD_BYTES + new DataView(plaintext.buffer, plaintext.byteOffset).getUint32(1, false);
  if (end > plaintext.length) return undefined;
  const [text, spelling] = [findText(plaintext.subarray(HEAD_BYTES, end)), findText(plaintext.subarray(end))];
  return text === undefined || spelling === undefined ? undefined : { kind, text, spelling: spelling === "" ? undefined : spelling };
}

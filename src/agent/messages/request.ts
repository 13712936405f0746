// What a client may ask of the agent. No request has an answer that holds the KEK or a key made from it.
import { concatBytes, encodeBase64 } from "../../bytes.ts";
import { VaultError } from "../../errors.ts";
import { parseArray, parseObject } from "../../vault/json-shape.ts";
import type { Dek } from "../../vault/key-bytes.ts";
import { asDek, KEY_BYTES } from "../../vault/key-bytes.ts";
import type { WrappedDek } from "../../vault/key-holder.ts";
import type { SecretRecord } from "../../vault/record.ts";
import { encodeRecord, parseRecord } from "../../vault/record.ts";
import { NONCE_BYTES, TAG_BYTES } from "../../vault/xchacha.ts";
import type { ApprovalRequest } from "../approvals/desk.ts";
import { encodeApprovalRequest, isApprovalOp, parseApprovalRequest } from "../approvals/message.ts";
import type { Frame } from "../wire/frame.ts";
import { NO_KEYS } from "../wire/frame.ts";
import { copyKey, parseBytes, parseMembers, requireKeyCount } from "../wire/message.ts";
import type { KeyGrant } from "./grant.ts";
import { encodeGrant, GRANT_MEMBERS, parseGrant } from "./grant.ts";
import type { PartHead } from "./part-head.ts";
import { parseHeads, parseParts } from "./part-head.ts";

/** One frame's worth of work: bounds how long one client can keep the others waiting. */
export const BATCH_ITEMS_MAX = 4096;
/** The record with the most and longest groups and hosts stays well below this. */
const AAD_BYTES_MAX = 1024 * 1024;
const HASH_BYTES = 32;
const WRAPPED_BYTES = KEY_BYTES + TAG_BYTES;

export interface UnwrapItem {
  readonly wrapped: WrappedDek;
  readonly aad: Uint8Array;
}

export interface WrapItem {
  readonly dek: Dek;
  readonly aad: Uint8Array;
}

export type Request =
  | { readonly op: "status" }
  | { readonly op: "unlock"; readonly grant: KeyGrant }
  | { readonly op: "unwrap"; readonly items: readonly UnwrapItem[] }
  | { readonly op: "wrap"; readonly items: readonly WrapItem[] }
  | { readonly op: "authenticate"; readonly bodyHash: Uint8Array }
  /** Has it note how far the audit log has come. */
  | { readonly op: "remember"; readonly heads: readonly PartHead[] }
  /** Asks how far it had come. */
  | { readonly op: "recall"; readonly parts: readonly string[] }
  /** Asks for the value of a secret that is made. `refused`: base64 of the SHA-256 of the one that a host has just refused, if it is asked for that reason. */
  | { readonly op: "value"; readonly record: SecretRecord; readonly refused: string | undefined }
  | ApprovalRequest
  | { readonly op: "lock" };

/** The frame holds copies of the request's keys. */
export function encodeRequest(request: Request): Frame {
  if (isOfApprovals(request)) return { body: encodeApprovalRequest(request), keys: NO_KEYS };
  const { op } = request;
  switch (op) {
    case "status":
    case "lock":
      return { body: { op }, keys: NO_KEYS };
    case "unlock":
      return { body: { op, ...encodeGrant(request.grant) }, keys: request.grant.kek.slice() };
    case "unwrap":
      return { body: { op, items: request.items.map(encodeUnwrapItem) }, keys: NO_KEYS };
    case "wrap":
      return { body: { op, aads: request.items.map(({ aad }) => encodeBase64(aad)) }, keys: concatBytes(...request.items.map(({ dek }) => dek)) };
    case "authenticate":
      return { body: { op, hash: encodeBase64(request.bodyHash) }, keys: NO_KEYS };
    case "remember":
      return { body: { op, heads: request.heads }, keys: NO_KEYS };
    case "recall":
      return { body: { op, parts: request.parts }, keys: NO_KEYS };
    case "value":
      return { body: { op, record: encodeRecord(request.record), refused: request.refused ?? "" }, keys: NO_KEYS };
  }
}

/** The request holds copies of the frame's keys. @throws VaultError for anything but a request, correct in every detail. */
export function parseRequest({ body, keys }: Frame): Request {
  const { op } = parseObject(body, "a request");
  if (isApprovalOp(op)) {
    requireKeyCount(keys, 0);
    return parseApprovalRequest(op, body);
  }
  switch (op) {
    case "status":
    case "lock":
      parseMembers(body, ["op"]);
      requireKeyCount(keys, 0);
      return { op };
    case "unlock":
      return { op, grant: parseGrant(parseMembers(body, ["op", ...GRANT_MEMBERS]), keys) };
    case "unwrap":
      requireKeyCount(keys, 0);
      return { op, items: parseArray(parseMembers(body, ["op", "items"])["items"], BATCH_ITEMS_MAX, "a batch").map(parseUnwrapItem) };
    case "wrap": {
      const aads = parseArray(parseMembers(body, ["op", "aads"])["aads"], BATCH_ITEMS_MAX, "a batch").map((aad) => parseBytes(aad, 0, AAD_BYTES_MAX));
      requireKeyCount(keys, aads.length);
      return { op, items: aads.map((aad, index) => ({ dek: asDek(copyKey(keys, index)), aad })) };
    }
    case "authenticate":
      requireKeyCount(keys, 0);
      return { op, bodyHash: parseBytes(parseMembers(body, ["op", "hash"])["hash"], HASH_BYTES) };
    case "remember":
      requireKeyCount(keys, 0);
      return { op, heads: parseHeads(parseMembers(body, ["op", "heads"])["heads"]) };
    case "recall":
      requireKeyCount(keys, 0);
      return { op, parts: parseParts(parseMembers(body, ["op", "parts"])["parts"]) };
    case "value": {
      requireKeyCount(keys, 0);
      const { record, refused } = parseMembers(body, ["op", "record", "refused"]);
      return { op, record: parseWholeRecord(record), refused: refused === "" ? undefined : encodeBase64(parseBytes(refused, HASH_BYTES)) };
    }
    default:
      throw new VaultError("bad-schema", "no such request");
  }
}

export function isOfApprovals(request: Request): request is ApprovalRequest {
  return isApprovalOp(request.op);
}

/** With no members beside its own. */
function parseWholeRecord(value: unknown): SecretRecord {
  const record = parseRecord(value);
  if (JSON.stringify(encodeRecord(record)) !== JSON.stringify(value)) throw new VaultError("bad-schema", "a record is not canonical");
  return record;
}

function encodeUnwrapItem({ wrapped, aad }: UnwrapItem): Record<string, string> {
  return { nonce: encodeBase64(wrapped.nonce), ciphertext: encodeBase64(wrapped.ciphertext), aad: encodeBase64(aad) };
}

function parseUnwrapItem(value: unknown): UnwrapItem {
  const item = parseMembers(value, ["nonce", "ciphertext", "aad"]);
  return {
    wrapped: { nonce: parseBytes(item["nonce"], NONCE_BYTES), ciphertext: parseBytes(item["ciphertext"], WRAPPED_BYTES) },
    aad: parseBytes(item["aad"], 0, AAD_BYTES_MAX),
  };
}

// What the agent answers.
import { concatBytes, encodeBase64, findText, utf8 } from "../../bytes.ts";
import type { ErrorCode } from "../../errors.ts";
import { VaultError } from "../../errors.ts";
import { Secret } from "../../secret.ts";
import { parseArray, parseBoolean, parseInteger, parseObject, parseText } from "../../vault/json-shape.ts";
import type { Dek } from "../../vault/key-bytes.ts";
import { asDek, KEY_BYTES } from "../../vault/key-bytes.ts";
import type { WrappedDek } from "../../vault/key-holder.ts";
import { VALUE_BYTES_MAX } from "../../vault/record.ts";
import { NONCE_BYTES, TAG_BYTES } from "../../vault/xchacha.ts";
import type { ApprovalReply } from "../approvals/desk.ts";
import { encodeApprovalReply, isApprovalKind, parseApprovalReply } from "../approvals/message.ts";
import type { Failure } from "../sources/source-maker.ts";
import { FAILURES } from "../sources/source-maker.ts";
import type { ValueAnswer } from "../sources/value-store.ts";
import type { TimeLeft } from "../time/lifetime.ts";
import { LIMIT_MS_MAX } from "../time/lifetime.ts";
import type { Frame } from "../wire/frame.ts";
import { NO_KEYS } from "../wire/frame.ts";
import type { KeyIdentity } from "../wire/key-identity.ts";
import { encodeIdentity, IDENTITY_MEMBERS, parseIdentity } from "../wire/key-identity.ts";
import { copyKey, padKeys, parseBytes, parseMembers, requireKeyCount } from "../wire/message.ts";
import type { PartHead } from "./part-head.ts";
import { parseHeads } from "./part-head.ts";
import { BATCH_ITEMS_MAX } from "./request.ts";

const MAC_BYTES = 32;
const PID_MAX = 2 ** 32;
/** The text that it said, in JSON that escapes each of its characters, and what stands around it. */
const FAILURE_BYTES_MAX = 64 * 1024;
const STATUS_MAX = 2 ** 32;

export interface AgentStatus extends TimeLeft {
  readonly pid: number;
  /** The limit that `idleLeftMs` is what is left of. */
  readonly idleMs: number;
  /** It was started by a run, for values that are made, and ends with the last of those that have it. */
  readonly isForRuns: boolean;
}

/** Codes that travel; the sentence that goes with each stays at the client. Nothing else of an error crosses the socket. */
export type RefusalCode = Extract<ErrorCode, "bad-wrap" | "wrong-key" | "bad-key-slot" | "locked" | "inside-run" | "io">;

const REFUSALS: Readonly<Record<RefusalCode, { readonly message: string; readonly hint?: string }>> = {
  "bad-wrap": { message: "a data key does not open: its record was changed, or belongs elsewhere" },
  "wrong-key": { message: "wrong passphrase or master key" },
  "bad-key-slot": { message: "the vault's key slot was changed", hint: "restore vault.json from a backup" },
  locked: { message: "the agent holds this key no longer", hint: "vault unlock" },
  "inside-run": { message: "what waits is for a person to see and to answer, and not for a program in a run", hint: "type it in a terminal outside of any run" },
  io: { message: "the agent could not do its work", hint: "vault lock; vault unlock" },
};

export type Reply =
  | { readonly kind: "status"; readonly status: AgentStatus }
  | { readonly kind: "unlocked"; readonly identity: KeyIdentity }
  | { readonly kind: "unwrapped"; readonly deks: readonly Dek[] }
  | { readonly kind: "wrapped"; readonly items: readonly WrappedDek[] }
  | { readonly kind: "mac"; readonly mac: Uint8Array }
  | { readonly kind: "remembered" }
  | { readonly kind: "recalled"; readonly heads: readonly PartHead[] }
  | ValueAnswer
  | ApprovalReply
  | { readonly kind: "locked" }
  /** Asked for by nobody: the time that the key was given for is over. Whoever hangs up without a word has another reason. */
  | { readonly kind: "expired" }
  | { readonly kind: "refused"; readonly code: RefusalCode };

/** The frame holds copies of the reply's keys. */
export function encodeReply(reply: Reply): Frame {
  if (isOfApprovals(reply)) return { body: encodeApprovalReply(reply), keys: NO_KEYS };
  const { kind } = reply;
  switch (kind) {
    case "status":
      return { body: { kind, ...reply.status }, keys: NO_KEYS };
    case "unlocked":
      return { body: { kind, ...encodeIdentity(reply.identity) }, keys: NO_KEYS };
    case "unwrapped":
      return { body: { kind, count: reply.deks.length }, keys: concatBytes(...reply.deks) };
    case "wrapped":
      return { body: { kind, items: reply.items.map(({ nonce, ciphertext }) => ({ nonce: encodeBase64(nonce), ciphertext: encodeBase64(ciphertext) })) }, keys: NO_KEYS };
    case "mac":
      return { body: { kind, mac: encodeBase64(reply.mac) }, keys: NO_KEYS };
    case "recalled":
      return { body: { kind, heads: reply.heads }, keys: NO_KEYS };
    case "value":
      return { body: { kind, length: reply.value.length, freshMs: reply.freshMs, goodMs: reply.goodMs, isNew: reply.isNew }, keys: padKeys(reply.value.reveal()) };
    case "no-value":
      return { body: { kind, failure: encodeBase64(utf8(JSON.stringify(reply.failure))), retryMs: reply.retryMs, isNew: reply.isNew }, keys: NO_KEYS };
    case "remembered":
    case "locked":
    case "expired":
      return { body: { kind }, keys: NO_KEYS };
    case "refused":
      return { body: { kind, code: reply.code }, keys: NO_KEYS };
  }
}

/** The reply holds copies of the frame's keys. @throws VaultError for anything but a reply, correct in every detail. */
export function parseReply({ body, keys }: Frame): Reply {
  const { kind } = parseObject(body, "a reply");
  if (kind !== "unwrapped" && kind !== "value") requireKeyCount(keys, 0);
  if (isApprovalKind(kind)) return parseApprovalReply(kind, body);
  switch (kind) {
    case "status":
      return { kind, status: parseStatus(parseMembers(body, ["kind", "pid", "ttlLeftMs", "idleLeftMs", "idleMs", "isForRuns"])) };
    case "unlocked":
      return { kind, identity: parseIdentity(parseMembers(body, ["kind", ...IDENTITY_MEMBERS])) };
    case "unwrapped": {
      const count = parseInteger(parseMembers(body, ["kind", "count"])["count"], 0, BATCH_ITEMS_MAX, "the number of keys");
      requireKeyCount(keys, count);
      return { kind, deks: Array.from({ length: count }, (_, index) => asDek(copyKey(keys, index))) };
    }
    case "wrapped":
      return { kind, items: parseArray(parseMembers(body, ["kind", "items"])["items"], BATCH_ITEMS_MAX, "a batch").map(parseWrapped) };
    case "mac":
      return { kind, mac: parseBytes(parseMembers(body, ["kind", "mac"])["mac"], MAC_BYTES) };
    case "recalled":
      return { kind, heads: parseHeads(parseMembers(body, ["kind", "heads"])["heads"]) };
    case "value": {
      const { length, freshMs, goodMs, isNew } = parseMembers(body, ["kind", "length", "freshMs", "goodMs", "isNew"]);
      return { kind, value: parseValue(length, keys), freshMs: parseLimit(freshMs), goodMs: parseLimit(goodMs), isNew: parseBoolean(isNew, "isNew") };
    }
    case "no-value": {
      const { failure, retryMs, isNew } = parseMembers(body, ["kind", "failure", "retryMs", "isNew"]);
      return { kind, failure: parseFailure(failure), retryMs: parseLimit(retryMs), isNew: parseBoolean(isNew, "isNew") };
    }
    case "remembered":
    case "locked":
    case "expired":
      parseMembers(body, ["kind"]);
      return { kind };
    case "refused":
      return { kind, code: parseRefusalCode(parseMembers(body, ["kind", "code"])["code"]) };
    default:
      throw new VaultError("bad-schema", "no such reply");
  }
}

/** The error that a refusal stands for, in words of this process's own. */
export function refusalError(code: RefusalCode): VaultError {
  const { message, hint } = REFUSALS[code];
  return new VaultError(code, message, hint);
}

/** What of an error may be told: its code, where it is one that travels, and `io` otherwise. */
export function refusalCodeOf(error: unknown): RefusalCode {
  return error instanceof VaultError && isRefusalCode(error.code) ? error.code : "io";
}

function isOfApprovals(reply: Reply): reply is ApprovalReply {
  return isApprovalKind(reply.kind);
}

function parseStatus(members: Record<string, unknown>): AgentStatus {
  return {
    pid: parseInteger(members["pid"], 1, PID_MAX, "the pid"),
    ttlLeftMs: parseInteger(members["ttlLeftMs"], 0, LIMIT_MS_MAX, "the time left"),
    idleLeftMs: parseInteger(members["idleLeftMs"], 0, LIMIT_MS_MAX, "the idle time left"),
    idleMs: parseInteger(members["idleMs"], 1, LIMIT_MS_MAX, "the idle limit"),
    isForRuns: parseBoolean(members["isForRuns"], "isForRuns"),
  };
}

function parseLimit(value: unknown): number {
  return parseInteger(value, 0, LIMIT_MS_MAX, "a time");
}

function parseValue(length: unknown, keys: Uint8Array): Secret {
  const bytes = parseInteger(length, 1, VALUE_BYTES_MAX, "the length of a value");
  requireKeyCount(keys, Math.ceil(bytes / KEY_BYTES));
  return new Secret(keys.slice(0, bytes));
}

function parseFailure(value: unknown): Failure {
  const { reason, said, status, ...others } = parseObject(parseJson(parseBytes(value, 1, FAILURE_BYTES_MAX)), "a failure");
  const known = FAILURES.find((one) => one === reason);
  if (known === undefined || Object.keys(others).length > 0) throw new VaultError("bad-schema", "no such failure");
  return { reason: known, said: parseText(said, "what a source has said"), ...(status === undefined ? {} : { status: parseInteger(status, 0, STATUS_MAX, "an exit status") }) };
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(findText(bytes) ?? "");
  } catch {
    throw new VaultError("bad-schema", "no JSON");
  }
}

function parseWrapped(value: unknown): WrappedDek {
  const item = parseMembers(value, ["nonce", "ciphertext"]);
  return { nonce: parseBytes(item["nonce"], NONCE_BYTES), ciphertext: parseBytes(item["ciphertext"], KEY_BYTES + TAG_BYTES) };
}

function parseRefusalCode(value: unknown): RefusalCode {
  if (typeof value !== "string" || !isRefusalCode(value)) throw new VaultError("bad-schema", "no such refusal");
  return value;
}

function isRefusalCode(code: string): code is RefusalCode {
  return Object.hasOwn(REFUSALS, code);
}

// What the agent answers.
import { concatBytes, encodeBase64 } from "../bytes.ts";
import type { ErrorCode } from "../errors.ts";
import { VaultError } from "../errors.ts";
import { parseArray, parseInteger, parseObject } from "../vault/json-shape.ts";
import type { Dek } from "../vault/key-bytes.ts";
import { asDek, KEY_BYTES } from "../vault/key-bytes.ts";
import type { WrappedDek } from "../vault/key-holder.ts";
import { NONCE_BYTES, TAG_BYTES } from "../vault/xchacha.ts";
import type { Frame } from "./frame.ts";
import { NO_KEYS } from "./frame.ts";
import type { PartHead } from "./head-memory.ts";
import { parseHeads } from "./head-memory.ts";
import type { KeyIdentity } from "./key-identity.ts";
import { encodeIdentity, IDENTITY_MEMBERS, parseIdentity } from "./key-identity.ts";
import type { TimeLeft } from "./lifetime.ts";
import { LIMIT_MS_MAX } from "./lifetime.ts";
import { copyKey, parseBytes, parseMembers, requireKeyCount } from "./message.ts";
import { BATCH_ITEMS_MAX } from "./request.ts";

const MAC_BYTES = 32;
const PID_MAX = 2 ** 32;

export interface AgentStatus extends TimeLeft {
  readonly pid: number;
  /** The limit that `idleLeftMs` is what is left of. */
  readonly idleMs: number;
}

/** Codes that travel; the sentence that goes with each stays at the client. Nothing else of an error crosses the socket. */
export type RefusalCode = Extract<ErrorCode, "bad-wrap" | "wrong-key" | "bad-key-slot" | "locked" | "io">;

const REFUSALS: Readonly<Record<RefusalCode, { readonly message: string; readonly hint?: string }>> = {
  "bad-wrap": { message: "a data key does not open: its record was changed, or belongs elsewhere" },
  "wrong-key": { message: "wrong passphrase or master key" },
  "bad-key-slot": { message: "the vault's key slot was changed", hint: "restore vault.json from a backup" },
  locked: { message: "the agent holds this key no longer", hint: "vault unlock" },
  io: { message: "the agent could not do its work", hint: "vault lock, then vault unlock" },
};

export type Reply =
  | { readonly kind: "status"; readonly status: AgentStatus }
  | { readonly kind: "unlocked"; readonly identity: KeyIdentity }
  | { readonly kind: "unwrapped"; readonly deks: readonly Dek[] }
  | { readonly kind: "wrapped"; readonly items: readonly WrappedDek[] }
  | { readonly kind: "mac"; readonly mac: Uint8Array }
  | { readonly kind: "remembered" }
  | { readonly kind: "recalled"; readonly heads: readonly PartHead[] }
  | { readonly kind: "locked" }
  /** Asked for by nobody: the time that the key was given for is over. Whoever hangs up without a word has another reason. */
  | { readonly kind: "expired" }
  | { readonly kind: "refused"; readonly code: RefusalCode };

/** The frame holds copies of the reply's keys. */
export function encodeReply(reply: Reply): Frame {
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
  if (kind !== "unwrapped") requireKeyCount(keys, 0);
  switch (kind) {
    case "status":
      return { kind, status: parseStatus(parseMembers(body, ["kind", "pid", "ttlLeftMs", "idleLeftMs", "idleMs"])) };
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

function parseStatus(members: Record<string, unknown>): AgentStatus {
  return {
    pid: parseInteger(members["pid"], 1, PID_MAX, "the pid"),
    ttlLeftMs: parseInteger(members["ttlLeftMs"], 0, LIMIT_MS_MAX, "the time left"),
    idleLeftMs: parseInteger(members["idleLeftMs"], 0, LIMIT_MS_MAX, "the idle time left"),
    idleMs: parseInteger(members["idleMs"], 1, LIMIT_MS_MAX, "the idle limit"),
  };
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

// The messages of approvals and rates, as they go across the agent's socket.
import { VaultError } from "../../errors.ts";
import { parseArray, parseBoolean, parseInteger, parseText } from "../../vault/json-shape.ts";
import { LIMIT_MS_MAX } from "../time/lifetime.ts";
import { parseMembers } from "../wire/message.ts";
import { encodeReasoned, parseAnswer, parseDecision, parseDoor } from "./answer.ts";
import type { ApprovalReply, ApprovalRequest, Decided } from "./desk.ts";
import { encodeHeld, parseDigest, parseHeld } from "./held-request.ts";
import type { Waiting } from "./queue.ts";
import { parseUses } from "./rate-bucket.ts";

const OPS = ["hold", "decisions", "withdraw", "take", "waiting", "look", "settle"] as const;
const KINDS = ["held", "decided", "decisions", "rated", "waiting", "settled"] as const;
/** Buckets that fill slowly: one a minute at the least. */
const WAIT_MS_MAX = LIMIT_MS_MAX;
const WAITING_MAX = 512;

export function isApprovalOp(op: unknown): op is ApprovalRequest["op"] {
  return OPS.some((known) => known === op);
}

export function isApprovalKind(kind: unknown): kind is ApprovalReply["kind"] {
  return KINDS.some((known) => known === kind);
}

export function encodeApprovalRequest(request: ApprovalRequest): Record<string, unknown> {
  switch (request.op) {
    case "hold":
      return { op: request.op, request: encodeHeld(request.request) };
    case "settle":
      return { ...request, answer: encodeReasoned(request.answer) };
    case "decisions":
    case "withdraw":
    case "take":
    case "waiting":
    case "look":
      return { ...request };
  }
}

/** @throws VaultError for anything but a request of these, correct in every detail. */
export function parseApprovalRequest(op: ApprovalRequest["op"], body: unknown): ApprovalRequest {
  switch (op) {
    case "hold":
      return { op, request: parseHeld(parseMembers(body, ["op", "request"])["request"]) };
    case "take":
      return { op, uses: parseUses(parseMembers(body, ["op", "uses"])["uses"]) };
    case "decisions":
    case "waiting":
      parseMembers(body, ["op"]);
      return { op };
    case "withdraw":
    case "look":
      return { op, id: parseId(parseMembers(body, ["op", "id"])["id"]) };
    case "settle": {
      const { id, digest, answer, by } = parseMembers(body, ["op", "id", "digest", "answer", "by"]);
      return { op, id: parseId(id), digest: parseDigest(digest), answer: parseAnswer(answer), by: parseDoor(by) };
    }
  }
}

export function encodeApprovalReply(reply: ApprovalReply): Record<string, unknown> {
  switch (reply.kind) {
    case "waiting":
      return { kind: reply.kind, waiting: reply.waiting.map(({ request, ...rest }) => ({ ...rest, request: encodeHeld(request) })) };
    case "decided":
      return { kind: reply.kind, decision: encodeReasoned(reply.decision) };
    case "decisions":
      return { kind: reply.kind, decided: reply.decided.map(({ id, decision }) => ({ id, decision: encodeReasoned(decision) })) };
    case "held":
    case "rated":
    case "settled":
      return { ...reply };
  }
}

/** @throws VaultError for anything but a reply of these, correct in every detail. */
export function parseApprovalReply(kind: ApprovalReply["kind"], body: unknown): ApprovalReply {
  switch (kind) {
    case "held":
      return { kind, id: parseId(parseMembers(body, ["kind", "id"])["id"]) };
    case "decisions":
      return { kind, decided: parseArray(parseMembers(body, ["kind", "decided"])["decided"], WAITING_MAX, "what was decided").map(parseDecided) };
    case "decided":
      return { kind, decision: parseDecision(parseMembers(body, ["kind", "decision"])["decision"]) };
    case "rated":
      return { kind, waitMs: parseInteger(parseMembers(body, ["kind", "waitMs"])["waitMs"], 0, WAIT_MS_MAX, "a time") };
    case "waiting":
      return { kind, waiting: parseArray(parseMembers(body, ["kind", "waiting"])["waiting"], WAITING_MAX, "what waits").map(parseWaiting) };
    case "settled":
      return { kind, isSettled: parseBoolean(parseMembers(body, ["kind", "isSettled"])["isSettled"], "isSettled") };
  }
}

function parseDecided(value: unknown): Decided {
  const { id, decision } = parseMembers(value, ["id", "decision"]);
  return { id: parseId(id), decision: parseDecision(decision) };
}

function parseWaiting(value: unknown): Waiting {
  const { id, request, isBodyKept, waitedMs, leftMs } = parseMembers(value, ["id", "request", "isBodyKept", "waitedMs", "leftMs"]);
  return {
    id: parseId(id),
    request: parseHeld(request),
    isBodyKept: parseBoolean(isBodyKept, "isBodyKept"),
    waitedMs: parseInteger(waitedMs, 0, LIMIT_MS_MAX, "a time"),
    leftMs: parseInteger(leftMs, 0, LIMIT_MS_MAX, "a time"),
  };
}

function parseId(value: unknown): string {
  const id = parseText(value, "an id");
  if (!/^[a-z0-9]{1,16}$/.test(id)) throw new VaultError("bad-schema", "no such id");
  return id;
}

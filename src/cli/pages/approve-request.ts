// What the page of approvals asks: what waits, what is in it, and to take an answer. Pure.
import type { Answer } from "../../app/approvals/waiting.ts";
import type { ClaimAnswer } from "../../app/broker/waiting-claims.ts";
import type { Expected, Refused, RequestHead } from "./page-request.ts";
import { judgePageRequest, refuse } from "./page-request.ts";

export const LIST_PATH = "/waiting";
export const LOOK_PATH = "/body";
export const ANSWER_PATH = "/answer";
/** An answer to an identity that asks to be accepted. */
export const CLAIM_PATH = "/claim";
/** Of a question or an answer: an id, a digest, and a reason. */
const ORDER_BYTES_MAX = 8 * 1024;

export type ApproveVerdict = { readonly kind: "page" } | { readonly kind: "list" | "look" | "answer" | "claim"; readonly length: number } | Refused;

const KINDS = { [LIST_PATH]: "list", [LOOK_PATH]: "look", [ANSWER_PATH]: "answer", [CLAIM_PATH]: "claim" } as const;
const ORDERS = { paths: [LIST_PATH, LOOK_PATH, ANSWER_PATH, CLAIM_PATH], contentType: "application/json" } as const;

export function judgeApproveRequest(head: RequestHead, expected: Expected): ApproveVerdict {
  const verdict = judgePageRequest(head, expected, ORDERS);
  if (verdict.kind !== "order") return verdict;
  return verdict.length > ORDER_BYTES_MAX ? refuse(413) : { kind: KINDS[verdict.path], length: verdict.length };
}

export interface PageOrder {
  readonly id: string;
  readonly digest: string;
  /** Undefined in a question. */
  readonly answer: Answer | undefined;
}

const TEN_MINUTES_MS = 600_000;

/** What the page's script sends. @returns undefined for anything else. */
export function findOrder(text: string): PageOrder | undefined {
  const { id, digest, word, reason } = readObject(text);
  if (typeof id !== "string" || typeof digest !== "string" || typeof word !== "string" || typeof reason !== "string" || reason.length > 500) return undefined;
  const answer = findAnswer(word, reason);
  return answer === undefined && word !== "look" ? undefined : { id, digest, answer };
}

function findAnswer(word: string, reason: string): Answer | undefined {
  switch (word) {
    case "once":
    case "run":
    case "rule":
      return { kind: "allow", extent: { kind: word } };
    case "time":
      return { kind: "allow", extent: { kind: "time", ms: TEN_MINUTES_MS } };
    case "deny":
      return { kind: "deny", reason };
    default:
      return undefined;
  }
}

export interface ClaimOrder {
  readonly did: string;
  readonly handle: string;
  readonly answer: ClaimAnswer;
}

/** What the page's script sends of an identity. @returns undefined for anything else. */
export function findClaimOrder(text: string): ClaimOrder | undefined {
  const { did, handle, word, workspace, group } = readObject(text);
  if (typeof did !== "string" || typeof handle !== "string") return undefined;
  if (word === "reject") return { did, handle, answer: { kind: "reject" } };
  const isScoped = (typeof workspace === "string" && (typeof group === "string" || group === null)) || (workspace === null && group === null);
  if (word !== "accept" || !isScoped) return undefined;
  return { did, handle, answer: { kind: "accept", viewpoint: { workspace: textOf(workspace), group: textOf(group) } } };
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function readObject(text: string): Record<string, unknown> {
  try {
    const order: unknown = JSON.parse(text);
    return typeof order === "object" && order !== null ? (order as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

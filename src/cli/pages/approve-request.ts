// What the page of approvals asks: what waits, what is in it, and to take an answer. Pure.
import type { Answer } from "../../app/approvals/waiting.ts";
import type { Expected, Refused, RequestHead } from "./page-request.ts";
import { judgePageRequest, refuse } from "./page-request.ts";

export const LIST_PATH = "/waiting";
export const LOOK_PATH = "/body";
export const ANSWER_PATH = "/answer";
/** Of a question or an answer: an id, a digest, and a reason. */
const ORDER_BYTES_MAX = 8 * 1024;

export type ApproveVerdict = { readonly kind: "page" } | { readonly kind: "list" | "look" | "answer"; readonly length: number } | Refused;

const KINDS = { [LIST_PATH]: "list", [LOOK_PATH]: "look", [ANSWER_PATH]: "answer" } as const;
const ORDERS = { paths: [LIST_PATH, LOOK_PATH, ANSWER_PATH], contentType: "application/json" } as const;

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
  let order: unknown;
  try {
    order = JSON.parse(text);
  } catch {
    return undefined;
  }
  const { id, digest, word, reason } = typeof order === "object" && order !== null ? (order as Record<string, unknown>) : {};
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

// Which requests the page of approvals answers: as with the page of values, everything that a browser says of where a request comes from must fit, and the token too. Pure.
import type { Answer } from "../../app/approvals/waiting.ts";
import type { Expected, RequestHead } from "./value-request.ts";
import { findOnly, isSame } from "./value-request.ts";
import { TOKEN_HEADER } from "./value-page.ts";

export const LIST_PATH = "/waiting";
export const LOOK_PATH = "/body";
export const ANSWER_PATH = "/answer";
/** Of a question or an answer: an id, a digest, and a reason. */
const ORDER_BYTES_MAX = 8 * 1024;

export type ApproveVerdict = { readonly kind: "page" } | { readonly kind: "list" | "look" | "answer"; readonly length: number } | { readonly kind: "refused"; readonly status: number };

const KINDS = { [LIST_PATH]: "list", [LOOK_PATH]: "look", [ANSWER_PATH]: "answer" } as const;

export function judgeApproveRequest({ method, url = "", rawHeaders }: RequestHead, { authority, token }: Expected): ApproveVerdict {
  const header = (name: string): string | undefined => findOnly(rawHeaders, name);
  if (header("host") !== authority) return refuse(421);
  const site = header("sec-fetch-site");
  if (method === "GET" && url === "/") return site === undefined || site === "none" || site === "same-origin" || header("sec-fetch-mode") === "navigate" ? { kind: "page" } : refuse(403);
  if (url !== LIST_PATH && url !== LOOK_PATH && url !== ANSWER_PATH) return refuse(404);
  if (method !== "POST") return refuse(405);
  if (header("origin") !== `http://${authority}` || (site !== undefined && site !== "same-origin")) return refuse(403);
  if (!isSame(header(TOKEN_HEADER) ?? "", token)) return refuse(403);
  if (header("transfer-encoding") !== undefined || header("content-type") !== "application/json") return refuse(400);
  const length = header("content-length") ?? "";
  if (!/^(?:0|[1-9][0-9]{0,15})$/.test(length)) return refuse(411);
  return Number(length) > ORDER_BYTES_MAX ? refuse(413) : { kind: KINDS[url], length: Number(length) };
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

function refuse(status: number): ApproveVerdict {
  return { kind: "refused", status };
}

// What the page of a value asks: what it is to show, and to take the value. Pure.
import { VALUE_BYTES_MAX } from "../../vault/record.ts";
import type { Expected, Refused, RequestHead } from "./page-request.ts";
import { judgePageRequest, refuse } from "./page-request.ts";
import { DETAILS_PATH, VALUE_PATH } from "./value-page.ts";

export type Verdict = { readonly kind: "page" } | { readonly kind: "details" } | { readonly kind: "value"; readonly length: number } | Refused;

const ORDERS = { paths: [DETAILS_PATH, VALUE_PATH], contentType: "application/octet-stream" } as const;

export function judgeRequest(head: RequestHead, expected: Expected): Verdict {
  const verdict = judgePageRequest(head, expected, ORDERS);
  if (verdict.kind !== "order") return verdict;
  const { path, length } = verdict;
  if (path === DETAILS_PATH) return length === 0 ? { kind: "details" } : refuse(413);
  if (length === 0) return refuse(400);
  return length > VALUE_BYTES_MAX ? refuse(413) : { kind: "value", length };
}

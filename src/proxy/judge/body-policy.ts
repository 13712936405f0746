// What becomes of the placeholders in a request's body: settled by its head as far as that goes, and by each one where it stands.
import type { Authority } from "../../vault/host.ts";
import type { BodyKind } from "../places/body-kind.ts";
import { findBodyKind, isCoded } from "../places/body-kind.ts";
import type { Grant } from "../grants/grant.ts";
import { findMismatched, findStranger } from "./company.ts";
import { mayActInBody } from "./policy.ts";
import { isNamed } from "../http1/raw-head.ts";
import type { Refusal } from "../grants/refusal.ts";
import { refuseCodedBody, refuseMismatched, refuseMisplaced, refuseRepeated, refuseStranger, refuseUnusable } from "../grants/refusal.ts";
import type { RequestHead, Scheme } from "../http1/request-head.ts";
import type { Edit } from "../places/substitute.ts";
import { whyNotInBody } from "../places/substitute.ts";

/** `edit`: these secrets may stand in this body. `watch`: none may. */
export type BodyPlan = { readonly kind: "watch" } | EditPlan | { readonly kind: "refuse"; readonly refusal: Refusal };

interface EditPlan {
  readonly kind: "edit";
  readonly body: BodyKind;
  readonly grants: readonly Grant[];
  /** The credential header that no secret of the run goes into, if there is one. */
  readonly stranger: string | undefined;
}

export type BodyVerdict = { readonly kind: "inert" } | { readonly kind: "act"; readonly body: BodyKind } | { readonly kind: "refuse"; readonly refusal: Refusal };

const WATCH: BodyPlan = { kind: "watch" };

/** @param edits of the head. A compressed body is refused where a secret may stand in bodies: whether one should cannot be seen. Of a type that is not known, it is only watched. */
export function planBody(head: RequestHead, scheme: Scheme, authority: Authority, grants: readonly Grant[], edits: readonly Edit[]): BodyPlan {
  if (head.bodyBytes === undefined || scheme === "http") return WATCH;
  const candidates = grants.filter((grant) => mayActInBody(grant, authority));
  if (candidates.length === 0) return WATCH;
  if (isCoded(head.headers)) return { kind: "refuse", refusal: refuseCodedBody(candidates.map(({ name }) => name), authority) };
  const body = findBodyKind(head.headers);
  return body === undefined ? WATCH : { kind: "edit", body, grants: candidates, stranger: findStranger(head.headers, edits.map(({ valueAt }) => valueAt), candidates) };
}

/**
 * Judges one placeholder in a body. A second one of the same secret is refused: where the first has gone up already, the request is
 * left unfinished, and no server takes it for a whole one.
 *
 * @param acted the secrets that went out with this request so far, in its head or its body. @param isWhole whether it is all of a value.
 */
export function judgeInBody(grant: Grant, plan: BodyPlan, authority: Authority, acted: ReadonlySet<Grant>, isWhole: boolean, strict: boolean): BodyVerdict {
  if (plan.kind !== "edit" || !plan.grants.includes(grant) || !mayActInBody(grant, authority) || !isWhole) {
    return strict ? { kind: "refuse", refusal: refuseMisplaced(grant, authority) } : { kind: "inert" };
  }
  if (acted.has(grant)) return { kind: "refuse", refusal: refuseRepeated(grant, authority) };
  if (plan.stranger !== undefined) return { kind: "refuse", refusal: refuseStranger([grant], authority, plan.stranger) };
  const mismatched = findMismatched([...acted, grant]);
  if (mismatched !== undefined) return { kind: "refuse", refusal: refuseMismatched(mismatched, authority) };
  const why = whyNotInBody(grant, plan.body);
  return why === undefined ? { kind: "act", body: plan.body } : { kind: "refuse", refusal: refuseUnusable(grant, authority, why) };
}

/**
 * The headers for a body of another length, or of a length that is not known yet: the connection frames it in chunks then.
 */
export function reframe(headers: readonly string[], lengthBytes: number | undefined): string[] {
  const framed: string[] = [];
  for (let at = 0; at < headers.length; at += 2) {
    const [name = "", value = ""] = [headers[at], headers[at + 1]];
    if (!isNamed(name, "content-length")) framed.push(name, value);
    else if (lengthBytes !== undefined) framed.push(name, String(lengthBytes));
  }
  return framed;
}

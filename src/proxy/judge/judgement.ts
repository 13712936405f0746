// Everything that a request's head decides, in the order in which it counts: whether the request goes on, which secrets are in it, what becomes of its body.
import type { BodyPlan } from "./body-policy.ts";
import { planBody } from "./body-policy.ts";
import type { ChildRequest } from "../http1/child-request.ts";
import type { Grant } from "../grants/grant.ts";
import { findClosed } from "./closed-endpoint.ts";
import { grantsByToken, TOKEN_REQUEST_BYTES_MAX } from "./own-token.ts";
import type { Decision } from "./policy.ts";
import { decide } from "./policy.ts";
import type { Refusal } from "../grants/refusal.ts";
import { makeRefusal } from "../grants/refusal.ts";
import type { RequestHead } from "../http1/request-head.ts";
import { parseRequestHead } from "../http1/request-head.ts";
import type { Route } from "./route.ts";
import type { RulesPassed } from "./rules/judge-rules.ts";
import { judgeRules, NOTHING_PASSED } from "./rules/judge-rules.ts";
import type { RunRules } from "./run-rules.ts";
import { findSignedRefusal, findSigning } from "./signed-request.ts";
import type { SigningPlan } from "../places/aws-signing.ts";
import { findStrayRefusal } from "./stray.ts";
import { findHandshakeKey } from "../http1/websocket.ts";

/** The longest body that is hashed here: DynamoDB takes 16 MB. Others bring their hash along. */
const SIGNED_BODY_BYTES_MAX = 16 * 1024 * 1024;

/** `isLast`: what comes behind such a request is not to be read. */
export type Judgement =
  /** To be judged anew once this is done. */
  | { readonly kind: "load"; readonly load: () => Promise<void> }
  | { readonly kind: "refuse"; readonly refusal: Refusal; readonly isLast: boolean }
  | Forward;

/** The request goes on, and in which way. */
export interface Forward {
  readonly kind: "forward";
  readonly head: RequestHead;
  readonly decision: Extract<Decision, { kind: "forward" }>;
  readonly plan: Exclude<BodyPlan, { kind: "refuse" }>;
  /** Of the WebSocket that is asked for, if one is. */
  readonly handshakeKey: string | undefined;
  /** Of these the child may be asking for a token, which its body tells. */
  readonly byToken: readonly Grant[];
  /** Why it does not go on where its body asks for none. */
  readonly closed: Refusal | undefined;
  /** The request is signed anew before it goes on. */
  readonly signing: SigningPlan | undefined;
  /** What its secrets' rules say to it. */
  readonly passed: RulesPassed;
  /** Its body has to be there whole, and be no longer than this, before anything becomes of it. */
  readonly wholeBytesMax: number | undefined;
}

/** What becomes of a request, as far as its head tells, and its body where it is there. Nothing is written, sent or put in here. @param body all of it, where it has been read. */
export function judgeRequest({ head: raw, expectation, body }: Pick<ChildRequest, "head" | "expectation"> & { readonly body?: Uint8Array | undefined }, route: Route, rules: Pick<RunRules, "grants" | "recognise" | "isStray" | "strict" | "awsClock">): Judgement {
  const { scheme, authority, authorityText } = route;
  const parsed = parseRequestHead(raw, scheme, authority, rules.grants);
  if (parsed.kind === "refuse") return refuse(parsed.refusal, parsed.refusal.code !== "misdirected");
  const byToken = grantsByToken(parsed.head, route, rules.grants);
  const closed = findClosed(parsed.head, route);
  if (closed !== undefined && byToken.length === 0) return refuse(closed);
  const signing = rules.grants.some(({ signs }) => signs !== undefined) ? findSigning(parsed.head, route, rules) : undefined;
  if (signing?.kind === "refuse") return refuse(signing.refusal);
  const head = signing?.plan.head ?? parsed.head;
  if (expectation === "unknown") return refuse(makeRefusal("expectation", "a request may expect 100-continue, and nothing else is known here; leave the Expect header out"), true);
  // Over plain HTTP an Upgrade is left out, as any server may (RFC 9110 section 7.8).
  const handshakeKey = expectation === "switch" ? findHandshakeKey(head) : undefined;
  if (head.upgrade !== undefined && scheme === "https" && handshakeKey === undefined) {
    return refuse(makeRefusal("upgrade", `${authorityText} takes secrets, and no protocol but HTTP/1.1 and WebSocket is spoken with it here`));
  }
  const signed = findSignedRefusal(head, route, rules.recognise);
  if (signed !== undefined) return refuse(signed);
  const decision = decide(head, { scheme, authority, recognise: rules.recognise, strict: rules.strict });
  if (decision.kind === "refuse") return refuse(decision.refusal);
  const stray = findStrayRefusal(head, route, rules, decision.edits.map(({ valueAt }) => valueAt));
  if (stray !== undefined) return refuse(stray);
  if (signing !== undefined) return underRules(forwardSigned(signing.plan, decision), route, body);
  const plan = planBody(head, scheme, authority, rules.grants, decision.edits);
  if (plan.kind === "refuse") return refuse(plan.refusal);
  return underRules({ kind: "forward", head, decision, plan, handshakeKey, byToken, closed, signing: undefined, passed: NOTHING_PASSED, wholeBytesMax: byToken.length > 0 ? TOKEN_REQUEST_BYTES_MAX : undefined }, route, body);
}

/** The same, where the rules of all secrets that may go into the request let it through. */
function underRules(judged: Judgement, { authority }: Route, body: Uint8Array | undefined): Judgement {
  if (judged.kind !== "forward") return judged;
  const { head, decision: { used }, plan, handshakeKey, wholeBytesMax } = judged;
  const acting = plan.kind === "edit" ? [...used, ...plan.grants.filter((grant) => !used.includes(grant))] : used;
  if (acting.every(({ rules }) => rules === undefined)) return judged;
  const verdict = judgeRules(acting, { head, authority, body, isHandshake: handshakeKey !== undefined });
  switch (verdict.kind) {
    case "pass":
      return { ...judged, passed: verdict };
    case "hold":
      return { ...judged, wholeBytesMax: Math.min(verdict.bytesMax, wholeBytesMax ?? Infinity) };
    case "refuse":
      return refuse(verdict.refusal);
    case "load":
      return verdict;
  }
}

/** What is signed goes on as it is: no other secret is put into it. */
function forwardSigned(signing: SigningPlan, decision: Extract<Decision, { kind: "forward" }>): Judgement {
  const { grant, head, payload, service } = signing;
  const names = [grant, ...decision.used].map(({ name }) => name);
  if (decision.used.length > 0) return refuse(makeRefusal("second-credential", `a request that ${grant.name} signs carries no other secret`, names));
  const wholeBytesMax = payload === undefined || service === "sts" ? SIGNED_BODY_BYTES_MAX : undefined;
  return { kind: "forward", head, decision: { ...decision, used: [grant] }, plan: { kind: "watch" }, handshakeKey: undefined, byToken: [], closed: undefined, signing, passed: NOTHING_PASSED, wholeBytesMax };
}

function refuse(refusal: Refusal, isLast = false): Judgement {
  return { kind: "refuse", refusal, isLast };
}

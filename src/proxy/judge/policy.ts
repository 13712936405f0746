// What becomes of the placeholders in a request: the one place that decides whether a secret goes out.
import { bindingAllows } from "../../vault/host.ts";
import type { Authority } from "../../vault/host.ts";
import type { Place } from "../../vault/place.ts";
import { findBasicCredential } from "../places/basic-credential.ts";
import { carries, isCredentialHeader } from "../grants/credential-header.ts";
import type { InertSpot } from "../grants/event.ts";
import type { Grant } from "../grants/grant.ts";
import type { Occurrence, Recogniser } from "../places/placeholder.ts";
import type { StrayTest } from "../places/placeholder-check.ts";
import { isNamed } from "../http1/raw-head.ts";
import type { Refusal } from "../grants/refusal.ts";
import { refuseHost, refuseMisplaced, refusePlace, refusePlainHttp, refuseRepeated, refuseStray, refuseUnusable, makeRefusal } from "../grants/refusal.ts";
import type { RequestHead, Scheme } from "../http1/request-head.ts";
import type { Edit, TargetOccurrence } from "../places/substitute.ts";
import { findUnusable, whyNotInTarget } from "../places/substitute.ts";

/** A placeholder that goes on as it is, because it may not act where it stands. */
export interface Inert {
  readonly grant: Grant;
  readonly spot: InertSpot;
}

/** `used` is empty where no secret goes out with the head. */
export type Decision =
  | {
      readonly kind: "forward";
      readonly edits: readonly Edit[];
      /** The placeholders in the target that act, from left to right. */
      readonly target: readonly TargetOccurrence[];
      readonly used: readonly Grant[];
      readonly inert: readonly Inert[];
    }
  | { readonly kind: "refuse"; readonly refusal: Refusal };

export interface PolicyOptions {
  readonly scheme: Scheme;
  readonly authority: Authority;
  readonly recognise: Recogniser;
  readonly isStray: StrayTest;
  readonly strict: boolean;
}

/** Most headers are shorter. */
const STRAY_LENGTH_MIN = 22;

/** Whether the grant's secret may go to exactly this host and port. */
export function isBoundTo(grant: Grant, authority: Authority): boolean {
  return grant.bindings.some((binding) => bindingAllows(binding, authority));
}

/** Whether the grant's secret may stand in this place of a request to exactly this host and port. */
export function mayAct(grant: Grant, authority: Authority, place: Place): boolean {
  return grant.places.includes(place) && isBoundTo(grant, authority);
}

/**
 * Judges a request's head. A placeholder in a credential header acts or the request is refused, so that it never goes upstream in
 * the secret's place; in the path or the query it acts where its secret may stand there; anywhere else it is inert. Bodies are looked
 * at while they stream (`body-policy.ts`).
 */
export function decide(head: RequestHead, { scheme, authority, recognise, isStray, strict }: PolicyOptions): Decision {
  const edits: Edit[] = [];
  const inTarget = recognise(head.target);
  const target = scheme === "https" ? inTarget.flatMap((occurrence) => findActing(occurrence, head.target, authority)) : [];
  const inert: Inert[] = inTarget.filter(({ start }) => !target.some((acts) => acts.start === start)).map(({ grant }) => ({ grant, spot: "target" }));
  const acting: Grant[] = [];
  for (const { grant, place } of target) {
    if (acting.includes(grant)) return { kind: "refuse", refusal: refuseRepeated(grant, authority) };
    acting.push(grant);
    const why = whyNotInTarget(grant, place);
    if (why !== undefined) return { kind: "refuse", refusal: refuseUnusable(grant, authority, why) };
  }
  for (let at = 0; at < head.headers.length; at += 2) {
    const [name = "", value = ""] = [head.headers[at], head.headers[at + 1]];
    const { place, occurrences: found, text } = look(name, value, recognise);
    if (found.length === 0) {
      if (isStrayIn(name, value, isStray)) return { kind: "refuse", refusal: refuseStray(name, authority) };
      continue;
    }
    // Over plain HTTP it counts for nothing where they stand: each is refused.
    const occurrences = found.filter(({ grant }) => scheme === "http" || place === "basic" || carries(name, grant));
    inert.push(...found.filter((occurrence) => !occurrences.includes(occurrence)).map(({ grant }): Inert => ({ grant, spot: "header" })));
    if (occurrences.length === 0) continue;
    for (const { grant } of occurrences) {
      const refusal = findRefusal(grant, scheme, authority, place);
      if (refusal !== undefined) return { kind: "refuse", refusal };
      if (acting.includes(grant)) return { kind: "refuse", refusal: refuseRepeated(grant, authority) };
      acting.push(grant);
    }
    const edit: Edit = { valueAt: at + 1, place, text, occurrences };
    const unusable = findUnusable(edit);
    if (unusable !== undefined) return { kind: "refuse", refusal: refuseUnusable(unusable.grant, authority, unusable.why) };
    if (countHeader(head.headers, name) > 1) return { kind: "refuse", refusal: makeRefusal("bad-request", `a request with a secret in it has one ${name} header`, acting.map((grant) => grant.name)) };
    edits.push(edit);
  }
  const [first] = inert;
  if (first !== undefined && scheme === "http") return { kind: "refuse", refusal: refusePlainHttp(first.grant, authority) };
  if (first !== undefined && strict) return { kind: "refuse", refusal: refuseMisplaced(first.grant, authority) };
  return { kind: "forward", edits, target, used: acting, inert };
}

/** The occurrence with its place, where it acts; none where it does not. */
function findActing(occurrence: Occurrence, target: string, authority: Authority): TargetOccurrence[] {
  const question = target.indexOf("?");
  const place = question < 0 || occurrence.end <= question ? "path" : occurrence.start > question ? "query" : undefined;
  return place !== undefined && mayAct(occurrence.grant, authority, place) ? [{ ...occurrence, place }] : [];
}

/** The placeholders in a header, and where they would act if the header carries them. `text` is what the occurrences count in. */
function look(name: string, value: string, recognise: Recogniser): { readonly place: Extract<Place, "header" | "basic">; readonly occurrences: readonly Occurrence[]; readonly text: string } {
  if (isNamed(name, "authorization")) {
    const credential = findBasicCredential(value) ?? "";
    const occurrences = recognise(credential);
    if (occurrences.length > 0) return { place: "basic", occurrences, text: credential };
  }
  return { place: "header", occurrences: recognise(value), text: value };
}

/** Whether a credential header has a placeholder that is none of this run's: it would go upstream in a value's place. */
function isStrayIn(name: string, value: string, isStray: StrayTest): boolean {
  return value.length >= STRAY_LENGTH_MIN && isCredentialHeader(name) && (isStray(value) || isStray(findBasicCredential(value) ?? ""));
}

function findRefusal(grant: Grant, scheme: Scheme, authority: Authority, place: Place): Refusal | undefined {
  if (scheme === "http") return refusePlainHttp(grant, authority);
  if (!isBoundTo(grant, authority)) return refuseHost(grant, authority);
  return !grant.places.includes(place) ? refusePlace(grant, authority, place) : undefined;
}

function countHeader(headers: readonly string[], name: string): number {
  const lower = name.toLowerCase();
  return headers.filter((field, index) => index % 2 === 0 && isNamed(field, lower)).length;
}

// What becomes of the placeholders in a request: the one place that decides whether a secret goes out.
import { bindingAllows } from "../../vault/host.ts";
import type { Authority } from "../../vault/host.ts";
import type { Place } from "../../vault/place.ts";
import { findBasicCredential } from "../places/basic-credential.ts";
import { isCredentialHeader, isOwnHeader } from "../grants/credential-header.ts";
import type { InertSpot } from "../grants/event.ts";
import type { Grant } from "../grants/grant.ts";
import { lowerCase } from "../grants/header-name.ts";
import type { Occurrence, Recogniser } from "../places/placeholder.ts";
import { isNamed } from "../http1/raw-head.ts";
import type { Refusal } from "../grants/refusal.ts";
import { makeRefusal, refuseHost, refuseMisplaced, refusePlace, refusePlainHttp, refuseRepeated, refuseStranger, refuseMismatched, refuseUnusable } from "../grants/refusal.ts";
import type { RequestHead, Scheme } from "../http1/request-head.ts";
import { standsInBasic, standsInHeader, standsInPath, standsInQuery } from "../places/standing.ts";
import type { Edit, TargetOccurrence } from "../places/substitute.ts";
import { findUnusable, whyNotInTarget } from "../places/substitute.ts";
import { findMismatched, findStranger } from "./company.ts";

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
  readonly strict: boolean;
}

/** Whether the grant's secret may go to exactly this host and port. */
export function isBoundTo(grant: Grant, authority: Authority): boolean {
  return grant.bindings.some((binding) => bindingAllows(binding, authority));
}

/** Whether the grant's secret may stand in bodies that go to exactly this host and port. */
export function mayActInBody(grant: Grant, authority: Authority): boolean {
  return grant.places.includes("body") && isBoundTo(grant, authority);
}

/** What the head's placeholders come to so far. */
interface Findings {
  readonly edits: Edit[];
  readonly target: TargetOccurrence[];
  /** The secrets that go out with the head, each once. */
  readonly used: Grant[];
  readonly inert: Inert[];
}

/**
 * Judges a request's head. A placeholder in a credential header acts or the request is refused, so that it never goes upstream in
 * the secret's place; in the path or the query it acts where its secret may stand there; anywhere else it is inert. Bodies are looked
 * at while they stream (`body-policy.ts`).
 */
export function decide(head: RequestHead, options: PolicyOptions): Decision {
  const { scheme, authority, strict } = options;
  const findings: Findings = { edits: [], target: [], used: [], inert: [] };
  const refusal = judgeTarget(head.target, options, findings) ?? judgeHeaders(head.headers, options, findings);
  if (refusal !== undefined) return { kind: "refuse", refusal };
  const { edits, target, used, inert } = findings;
  const [first] = inert;
  if (first !== undefined && scheme === "http") return { kind: "refuse", refusal: refusePlainHttp(first.grant, authority) };
  if (first !== undefined && strict) return { kind: "refuse", refusal: refuseMisplaced(first.grant, authority) };
  const company = used.length === 0 ? undefined : findBadCompany(head.headers, findings, authority);
  return company === undefined ? { kind: "forward", edits, target, used, inert } : { kind: "refuse", refusal: company };
}

function judgeTarget(text: string, { scheme, authority, recognise }: PolicyOptions, { target, used, inert }: Findings): Refusal | undefined {
  for (const occurrence of recognise(text)) {
    const { grant } = occurrence;
    const place = scheme === "https" && isBoundTo(grant, authority) ? findPlace(occurrence, text) : undefined;
    if (place === undefined) {
      inert.push({ grant, spot: "target" });
      continue;
    }
    if (used.includes(grant)) return refuseRepeated(grant, authority);
    const why = whyNotInTarget(grant, place);
    if (why !== undefined) return refuseUnusable(grant, authority, why);
    target.push({ ...occurrence, place });
    used.push(grant);
  }
  return undefined;
}

/** Where in a target the placeholder acts. */
function findPlace(occurrence: Occurrence, target: string): TargetOccurrence["place"] | undefined {
  const question = target.indexOf("?");
  if (question < 0 || occurrence.end <= question) return standsInPath(occurrence.grant, target, occurrence) ? "path" : undefined;
  return occurrence.start > question && standsInQuery(occurrence.grant, target, occurrence) ? "query" : undefined;
}

function judgeHeaders(headers: readonly string[], options: PolicyOptions, { edits, target, used, inert }: Findings): Refusal | undefined {
  const { authority, recognise } = options;
  for (let at = 0; at < headers.length; at += 2) {
    const [name = "", value = ""] = [headers[at], headers[at + 1]];
    const sight = look(name, value, recognise);
    if (sight.occurrences.length === 0) continue;
    const occurrences: Occurrence[] = [];
    for (const occurrence of sight.occurrences) {
      const { grant } = occurrence;
      const fate = judgeInHeader(occurrence, sight, options);
      if (fate === "inert") {
        inert.push({ grant, spot: "header" });
        continue;
      }
      if (fate !== "act") return fate;
      // Once in each of several headers is what clients do that do not know which of them counts.
      if (occurrences.some((other) => other.grant === grant) || target.some((other) => other.grant === grant)) return refuseRepeated(grant, authority);
      occurrences.push(occurrence);
      if (!used.includes(grant)) used.push(grant);
    }
    if (occurrences.length === 0) continue;
    const edit: Edit = { valueAt: at + 1, place: sight.place, text: sight.text, occurrences };
    const unusable = findUnusable(edit, sight.name);
    if (unusable !== undefined) return refuseUnusable(unusable.grant, authority, unusable.why);
    if (countHeader(headers, sight.name) > 1) return makeRefusal("bad-request", `a request with a secret in it has one ${name} header`, occurrences.map(({ grant }) => grant.name));
    edits.push(edit);
  }
  return undefined;
}

/** A header with placeholders in it. `text` is what they count in: the value, or what a Basic credential decodes to. */
interface Sight {
  /** In lower case. */
  readonly name: string;
  readonly place: Extract<Place, "header" | "basic">;
  readonly text: string;
  readonly occurrences: readonly Occurrence[];
}

const NOTHING: Sight = { name: "", place: "header", text: "", occurrences: [] };

function look(name: string, value: string, recognise: Recogniser): Sight {
  if (isNamed(name, "authorization")) {
    const text = findBasicCredential(value) ?? "";
    const occurrences = recognise(text);
    if (occurrences.length > 0) return { name: "authorization", place: "basic", text, occurrences };
  }
  const occurrences = recognise(value);
  return occurrences.length === 0 ? NOTHING : { name: lowerCase(name), place: "header", text: value, occurrences };
}

function judgeInHeader(occurrence: Occurrence, { name, place, text }: Sight, { scheme, authority }: PolicyOptions): "act" | "inert" | Refusal {
  const { grant } = occurrence;
  // Over plain HTTP it counts for nothing where they stand: each is refused.
  if (scheme === "http") return refusePlainHttp(grant, authority);
  const isForKeys = isCredentialHeader(name) || isOwnHeader(name, grant);
  if (!isBoundTo(grant, authority)) return isForKeys ? refuseHost(grant, authority) : "inert";
  if (place === "basic" ? standsInBasic(grant, text, occurrence) : standsInHeader(grant, name, text, occurrence)) return "act";
  return isForKeys ? refusePlace(grant, authority, place, name) : "inert";
}

function findBadCompany(headers: readonly string[], { edits, used }: Findings, authority: Authority): Refusal | undefined {
  const stranger = findStranger(headers, edits.map(({ valueAt }) => valueAt), used);
  if (stranger !== undefined) return refuseStranger(used, authority, stranger);
  const mismatched = findMismatched(used);
  return mismatched === undefined ? undefined : refuseMismatched(mismatched, authority);
}

/** @param lower the name in lower case. */
function countHeader(headers: readonly string[], lower: string): number {
  return headers.filter((field, index) => index % 2 === 0 && isNamed(field, lower)).length;
}

// Whether rules let a request through: every layer of every secret that goes into it has to. Pure but for the clock, which is asked where a rule ends at a time.
import { formatAuthority } from "../../../vault/host.ts";
import type { Authority } from "../../../vault/host.ts";
import type { Grant } from "../../grants/grant.ts";
import type { GrantRules, RuleLayer } from "../../grants/grant-rules.ts";
import { isOver } from "../../grants/grant-rules.ts";
import type { Refusal } from "../../grants/refusal.ts";
import { refuseByLimit, refuseDenied, refuseUnclear, refuseUnlisted, ruleText } from "../../grants/rule-refusal.ts";
import type { RequestHead } from "../../http1/request-head.ts";
import { isCoded } from "../../places/body-kind.ts";
import { isParserLoaded, loadParser } from "./graphql-document.ts";
import { findGraphqlFault, needsDocument } from "./graphql-request.ts";
import { findOverride, findPathOverride, hasBodyOverride, readableAs } from "./method-override.ts";
import { readPath } from "./rule-path.ts";
import { judgePath } from "./rule-verdict.ts";
import type { SecondPath } from "./second-path.ts";
import { readSecondPaths } from "./second-path.ts";

/** What a request has to pass before it goes out. `ask`: a person. `metered`: a count. */
export interface Gate {
  readonly kind: "ask" | "metered";
  readonly grant: Grant;
  readonly layer: RuleLayer;
  /** As it was typed: `ask DELETE /**`, `rate 60/m`, `uses 5`. */
  readonly rule: string;
}

/** Which rules have let a request through, such as `TOKEN: allow GET /**`. Empty where none spoke of it. */
export interface RulesPassed {
  readonly gates: readonly Gate[];
  readonly by: readonly string[];
}

export type RuleJudgement =
  | ({ readonly kind: "pass" } & RulesPassed)
  | { readonly kind: "refuse"; readonly refusal: Refusal }
  /** The body has to be there first, and to be no longer than this. */
  | { readonly kind: "hold"; readonly bytesMax: number }
  /** To be judged anew once this is done. */
  | { readonly kind: "load"; readonly load: () => Promise<void> };

export interface RuledRequest {
  readonly head: RequestHead;
  readonly authority: Authority;
  /** Undefined where there is none, or it is not there as yet: the head tells which. */
  readonly body: Uint8Array | undefined;
  readonly isHandshake: boolean;
}

/** The longest body that is looked at for a method, and the longest with documents. */
const BODY_BYTES_MAX = 16 * 1024 * 1024;
const DOCUMENT_BYTES_MAX = 1024 * 1024;

export const NOTHING_PASSED: RulesPassed = { gates: [], by: [] };

interface RuledGrant {
  readonly grant: Grant;
  readonly rules: GrantRules;
}

/** @param acting the secrets that are, or may be, in the request. */
export function judgeRules(acting: readonly Grant[], request: RuledRequest): RuleJudgement {
  const ruled = acting.flatMap((grant): RuledGrant[] => (grant.rules === undefined ? [] : [{ grant, rules: grant.rules }]));
  if (ruled.length === 0) return { kind: "pass", ...NOTHING_PASSED };
  const spots = ruled.flatMap(({ grant, rules }) => rules.layers.map((layer): Spot => ({ grant, layer })));
  return findHeadFault(spots, request) ?? judgeBody(spots, request) ?? passPaths(spots, request);
}

interface Spot {
  readonly grant: Grant;
  readonly layer: RuleLayer;
}

/** What the head alone shows, the paths apart. */
function findHeadFault(spots: readonly Spot[], { head, authority, isHandshake }: RuledRequest): RuleJudgement | undefined {
  const over = spots.find(({ layer }) => layer.untilMs !== undefined && isOver({ layers: [layer] }, Date.now()));
  if (over !== undefined) return refuse(refuseByLimit(over.grant, authority, over.layer, `it may be used until ${over.layer.rules.until ?? ""}, and that is over`, "--until TIME"));
  const first = spots.find(({ layer }) => layer.hasMethods) ?? spots.find(({ layer }) => layer.hasPatterns);
  const override = first === undefined ? undefined : first.layer.hasMethods ? findOverride(head) : findPathOverride(head);
  if (first !== undefined && override !== undefined) return refuse(refuseUnclear(first.grant, authority, `${override} says another method or path; send the request as what it is`));
  const unseen = isHandshake ? spots.find(({ layer: { rules } }) => rules.graphql !== null || rules.maxBodyBytes !== null) : undefined;
  return unseen === undefined ? undefined : refuse(refuseByLimit(unseen.grant, authority, unseen.layer, "it has rules about what is sent, and what a WebSocket carries is not looked at", unseen.layer.rules.graphql === null ? "--max-body none" : "--graphql none"));
}

/** @returns undefined where the body, or that there is none, is all right. */
function judgeBody(spots: readonly Spot[], request: RuledRequest): RuleJudgement | undefined {
  const { head, authority, body } = request;
  const byGraphql = spots.find(({ layer }) => layer.rules.graphql !== null);
  if (byGraphql !== undefined && !isParserLoaded()) return { kind: "load", load: loadParser };
  const bounded = spots.filter(({ layer }) => layer.rules.maxBodyBytes !== null).sort((a, b) => maxOf(a) - maxOf(b));
  const [tightest] = bounded;
  const lengthBytes = body?.length ?? head.bodyBytes;
  if (tightest !== undefined && typeof lengthBytes === "number" && lengthBytes > maxOf(tightest)) return refuse(refuseByLimit(tightest.grant, authority, tightest.layer, `the request's body is longer than the ${maxOf(tightest)} bytes that its rule "max-body ${maxOf(tightest)}" allows`, "--max-body SIZE"));
  if (body === undefined && head.bodyBytes !== undefined) {
    const bytesMax = bodyBytesToHold(spots, head, tightest);
    if (bytesMax !== undefined) return { kind: "hold", bytesMax };
  }
  const byMethod = spots.find(({ layer }) => layer.hasMethods);
  if (byMethod !== undefined && head.method === "POST" && body !== undefined && body.length > 0) {
    const kind = readableAs(head.headers);
    if (kind === "unclear") return refuse(refuseUnclear(byMethod.grant, authority, "its Content-Type says more than one thing, or another coding of characters than UTF-8"));
    if (kind !== undefined && isCoded(head.headers)) return refuse(refuseUnclear(byMethod.grant, authority, "its body is compressed, and may name another method; send it without Content-Encoding"));
    if (kind !== undefined && hasBodyOverride(body, kind)) return refuse(refuseUnclear(byMethod.grant, authority, "a member of its body says another method; send the request as what it is"));
  }
  for (const { grant, layer } of spots) {
    const fault = layer.rules.graphql === null ? undefined : findGraphqlFault(layer.rules.graphql, head, body);
    if (fault !== undefined) return refuse(refuseByLimit(grant, authority, layer, `its rule "${graphqlText(layer)}" does not let this through: ${fault}`, "--graphql …"));
  }
  return undefined;
}

function maxOf({ layer }: Spot): number {
  return layer.rules.maxBodyBytes ?? Infinity;
}

/** Undefined: what becomes of the request does not hang on its body. */
function bodyBytesToHold(spots: readonly Spot[], head: RequestHead, tightest: Spot | undefined): number | undefined {
  const bounds = [
    ...(tightest !== undefined && head.bodyBytes === null ? [Math.min(maxOf(tightest), BODY_BYTES_MAX)] : []),
    ...(head.method === "POST" && spots.some(({ layer }) => layer.hasMethods) && readableAs(head.headers) !== undefined ? [BODY_BYTES_MAX] : []),
    ...(spots.some(({ layer }) => layer.rules.graphql !== null) && (needsDocument(head) || head.bodyBytes !== 0) ? [DOCUMENT_BYTES_MAX] : []),
  ];
  return bounds.length === 0 ? undefined : Math.min(...bounds);
}

/** As `secrets show` prints it. */
function graphqlText({ rules: { graphql } }: RuleLayer): string {
  return `graphql ${graphql?.operations.join(",") ?? ""}${graphql?.fields == null ? "" : `:${graphql.fields.join(",")}`}`;
}

function passPaths(spots: readonly Spot[], { head, authority }: RuledRequest): RuleJudgement {
  const gates: Gate[] = [];
  const by: string[] = [];
  const patterned = spots.find(({ layer }) => layer.hasPatterns);
  const path = patterned === undefined ? undefined : readPath(head.target);
  if (patterned !== undefined && path?.kind === "unclear") return refuse(refuseUnclear(patterned.grant, authority, path.why));
  const further = patterned === undefined ? undefined : readSecondPaths(head);
  if (patterned !== undefined && further?.kind === "unclear") return refuse(refuseUnclear(patterned.grant, authority, further.why));
  for (const { grant, layer } of spots) {
    if (layer.hasPatterns && path?.kind === "path") {
      const verdict = judgePath(layer, head.method, path.readings);
      if (verdict.kind === "denied") return refuse(refuseDenied(grant, authority, layer, verdict.rule));
      if (verdict.kind === "unlisted") return refuse(refuseUnlisted(grant, authority, layer, head.method));
      if (verdict.kind === "asked") gates.push({ kind: "ask", grant, layer, rule: ruleText("ask", verdict.rule) });
      if (verdict.rule !== undefined) by.push(`${grant.name}: ${ruleText(verdict.kind === "asked" ? "ask" : "allow", verdict.rule)}`);
      for (const second of further?.kind === "paths" ? further.paths : []) {
        const judged = judgeSecondPath({ grant, layer }, second, authority);
        if (judged.kind === "refuse") return judged;
        for (const rule of judged.asked) if (!gates.some((gate) => gate.grant === grant && gate.layer === layer && gate.rule === rule)) gates.push({ kind: "ask", grant, layer, rule });
      }
    }
    const { rate, uses } = layer.rules;
    if (rate !== null) gates.push({ kind: "metered", grant, layer, rule: `rate ${rate.perMinute}/m` });
    if (uses !== null) gates.push({ kind: "metered", grant, layer, rule: `uses ${uses}` });
  }
  return { kind: "pass", gates, by };
}

/** @returns the rules by which somebody is to be asked about it. */
function judgeSecondPath({ grant, layer }: Spot, { header, methods, readings }: SecondPath, authority: Authority): Extract<RuleJudgement, { kind: "refuse" }> | { readonly kind: "pass"; readonly asked: readonly string[] } {
  const asked: string[] = [];
  for (const method of methods) {
    const verdict = judgePath(layer, method, readings);
    if (verdict.kind === "denied") return refuse(refuseDenied(grant, authority, layer, verdict.rule));
    if (verdict.kind === "unlisted") return refuse(refuseUnlisted(grant, authority, layer, method, header));
    if (verdict.kind === "asked") asked.push(ruleText("ask", verdict.rule));
  }
  return { kind: "pass", asked };
}

/** For the last moment before a request goes out. */
export function findEnded(used: readonly Grant[], authority: Authority, nowMs: number): Refusal | undefined {
  for (const grant of used) {
    const layer = grant.rules?.layers.find(({ untilMs }) => untilMs !== undefined && nowMs >= untilMs);
    if (layer !== undefined) return refuseByLimit(grant, authority, layer, `it may be used until ${layer.rules.until ?? ""}, and that is over; nothing was sent to ${formatAuthority(authority)}`, "--until TIME");
  }
  return undefined;
}

function refuse(refusal: Refusal): Extract<RuleJudgement, { kind: "refuse" }> {
  return { kind: "refuse", refusal };
}

// What would become of a request, told without sending it and without the key: the proxy's own rules, tried on requests made up for the purpose.
import { VaultError } from "../../errors.ts";
import type { Project } from "../../project/run-file.ts";
import { judgeInBody, planBody } from "../../proxy/judge/body-policy.ts";
import { judgeWithoutAddress } from "../../proxy/upstream/dial.ts";
import type { Grant } from "../../proxy/grants/grant.ts";
import { describeSpot } from "../../proxy/grants/pin.ts";
import type { Recogniser } from "../../proxy/places/placeholder.ts";
import { makeRecogniser, mintForTrial } from "../../proxy/places/placeholder.ts";
import { findClosed } from "../../proxy/judge/closed-endpoint.ts";
import { grantsByToken } from "../../proxy/judge/own-token.ts";
import { decide, isBoundTo } from "../../proxy/judge/policy.ts";
import type { Refusal } from "../../proxy/grants/refusal.ts";
import { RefusalError, refuseHost, refusePrivate, refuseUnmatched } from "../../proxy/grants/refusal.ts";
import { withNames } from "../../proxy/http1/raw-head.ts";
import type { RequestHead, Scheme } from "../../proxy/http1/request-head.ts";
import { findSchemeAuthority, parseRequestHead } from "../../proxy/http1/request-head.ts";
import { isLookedInto, makeRoute } from "../../proxy/judge/route.ts";
import { grantsNaming, mayBePrivate } from "../../proxy/judge/run-rules.ts";
import { judgeRules } from "../../proxy/judge/rules/judge-rules.ts";
import { Secret } from "../../secret.ts";
import type { Authority } from "../../vault/host.ts";
import type { Place, PlaceKind } from "../../vault/place.ts";
import { PLACES } from "../../vault/place.ts";
import type { SecretMetadata } from "../../vault/record.ts";
import type { Viewpoint } from "../secrets/find-secret.ts";
import { noSecret, visibleSecrets } from "../secrets/find-secret.ts";
import type { ServiceTraits } from "./granted-secrets.ts";
import { grantOf, loadTraits } from "./granted-secrets.ts";
import type { SightedVault } from "../keys/sighted-vault.ts";
import { sightVault } from "../keys/sighted-vault.ts";
import { isInsideRun } from "../keys/inside-run.ts";
import { chooseForProject } from "./project-choices.ts";
import type { Surroundings } from "../surroundings.ts";

export interface Question {
  readonly method: string;
  readonly url: string;
  readonly viewpoint: Viewpoint;
  /** Undefined: every visible secret. */
  readonly names: readonly string[] | undefined;
  /** What the folder's `vault.run.json` would make of the run. */
  readonly project?: Project | undefined;
  readonly denyUnmatched: boolean;
  readonly strict: boolean;
}

/** Of a request with the secret's placeholder in one place. `inert`: it would go on as a placeholder, worth nothing. */
export type PlaceFate = { readonly kind: "substituted" } | { readonly kind: "inert" } | { readonly kind: "refused"; readonly refusal: Refusal };

export interface SecretFate {
  readonly name: string;
  /** Where its service takes it, in plain words. Empty for a secret of no service. */
  readonly takes: readonly string[];
  /** Of each kind of place, and of each header and parameter that was named for it. */
  readonly places: ReadonlyMap<Place, PlaceFate>;
  /** What its rules say of this method and path; undefined for a secret without any. */
  readonly rules: RuleFate | undefined;
  /** Where the host is none of the secret's: what to type so that it is. */
  readonly elsewhere: Refusal | undefined;
}

/** `by`: the rules that let it through, if any speaks of it. `gates`: what it has to pass first. */
export type RuleFate = { readonly kind: "passed"; readonly by: readonly string[]; readonly gates: readonly string[] } | { readonly kind: "by-body" } | { readonly kind: "refused"; readonly refusal: Refusal };

/** Of the connection: read and written by the proxy, or passed through as it is, or not made. */
export type RouteFate = { readonly kind: "intercepted"; /** Otherwise tokens come from there. */ readonly isBound: boolean } | { readonly kind: "tunnelled" } | { readonly kind: "plain" } | { readonly kind: "refused"; readonly refusal: Refusal };

export interface Explanation {
  readonly scheme: Scheme;
  readonly method: string;
  readonly authority: Authority;
  readonly route: RouteFate;
  /** Empty where the connection is refused. */
  readonly secrets: readonly SecretFate[];
}

/**
 * Reads metadata alone. No name is resolved, so a bound name that leads to a private address is refused by the run and not here, and
 * what a value itself makes impossible (a line break in a header) shows in the run too.
 *
 * @throws VaultError `usage` for what is no http URL, `not-found` for a name that is not visible, `no-vault`.
 */
export async function explain(surroundings: Surroundings, question: Question): Promise<Explanation & Pick<SightedVault, "isVerified">> {
  const { scheme, authority, target } = parseUrl(question.url);
  const { file, isVerified } = await sightVault(surroundings);
  const all = file.records.all();
  const { project } = question;
  const needs = project?.needs;
  const records = needs === undefined ? findNamed(all, question) : chooseForProject(all, { ...question, needs, selections: question.names?.map((name) => ({ variable: name, name })) }).filter(({ variable }) => variable !== undefined).map(({ record, ...reach }) => ({ ...record, ...reach }));
  const traits = await loadTraits(surroundings, records, undefined);
  const grants = [...new Set(records)].map((record) => standIn(record, traits));
  const explained = explainFor(grants, { ...question, recognise: makeRecogniser(grants), denyUnmatched: question.denyUnmatched || project?.denyUnmatched === true, strict: question.strict || project?.strict === true, scheme, authority, target });
  return { ...((await isInsideRun(surroundings)) ? withoutRemedies(explained) : explained), isVerified };
}

/** What explains a request to a program in a run names no command that would allow it: the program would type it. It is told to ask, as by a refusal. */
function withoutRemedies(explanation: Explanation): Explanation {
  return { ...explanation, route: withhold(explanation.route), secrets: explanation.secrets.map(withholdOfSecret) };
}

function withholdOfSecret(fate: SecretFate): SecretFate {
  const { places, rules, elsewhere } = fate;
  return { ...fate, places: new Map([...places].map(([place, its]) => [place, withhold(its)])), rules: rules && withhold(rules), elsewhere: elsewhere && askInstead(elsewhere) };
}

function withhold<T extends { readonly kind: string; readonly refusal?: Refusal }>(fate: T): T {
  return fate.refusal === undefined ? fate : { ...fate, refusal: askInstead(fate.refusal) };
}

function askInstead(refusal: Refusal): Refusal {
  return refusal.remedy === undefined ? refusal : { ...refusal, text: `${refusal.text}; ask the person who started this run`, remedy: undefined };
}

function findNamed(all: readonly SecretMetadata[], { viewpoint, names }: Question): SecretMetadata[] {
  const visible = visibleSecrets(all, viewpoint);
  return names?.map((name) => visible.get(name) ?? fail(noSecret(name, all, " here"))) ?? [...visible.values()];
}

interface Trial extends Pick<Question, "method" | "denyUnmatched" | "strict"> {
  /** Of all the run's placeholders: made once, since it takes as long as there are secrets. */
  readonly recognise: Recogniser;
  readonly scheme: Scheme;
  readonly authority: Authority;
  /** Origin-form. */
  readonly target: string;
}

/** The pure part. */
function explainFor(grants: readonly Grant[], trial: Trial): Explanation {
  const { scheme, method, authority } = trial;
  const route = judgeRoute(grants, trial);
  const secrets = route.kind === "refused" ? [] : grants.map((grant) => explainSecret(grant, grants, route, trial));
  return { scheme, method, authority, route, secrets };
}

function judgeRoute(grants: readonly Grant[], { scheme, method, authority, target, denyUnmatched }: Trial): RouteFate {
  const naming = grantsNaming(grants, authority);
  if (denyUnmatched && !grants.some((grant) => isBoundTo(grant, authority))) return { kind: "refused", refusal: refuseUnmatched(authority) };
  const address = findAddressRefusal(authority, naming);
  if (address !== undefined) return { kind: "refused", refusal: address };
  const route = makeRoute({ scheme, authority }, grants);
  // What a tunnel carries is not looked at.
  if (!isLookedInto(route) && scheme === "https") return { kind: "tunnelled" };
  const head = parseRequestHead(rawRequest(method, target, authority, []), scheme, authority);
  if (head.kind === "refuse") return { kind: "refused", refusal: head.refusal };
  const closed = grantsByToken(head.head, route, grants).length > 0 ? undefined : findClosed(head.head, route);
  if (closed !== undefined) return { kind: "refused", refusal: closed };
  return scheme === "http" ? { kind: "plain" } : { kind: "intercepted", isBound: naming.length > 0 };
}

/** Addresses in the URL itself and names of metadata services. */
function findAddressRefusal(authority: Authority, naming: readonly Grant[]): Refusal | undefined {
  try {
    judgeWithoutAddress(authority, naming.length === 0 || mayBePrivate(authority, [], naming), { ownPort: () => 0 });
    return undefined;
  } catch (error) {
    if (!(error instanceof RefusalError)) throw error;
    return error.refusal.code === "private-address" ? refusePrivate(naming.map(({ name }) => name), authority) : error.refusal;
  }
}

function explainSecret(grant: Grant, grants: readonly Grant[], route: RouteFate, trial: Trial): SecretFate {
  const elsewhere = isBoundTo(grant, trial.authority) ? undefined : refuseHost(grant, trial.authority);
  const judge = (place: Place): PlaceFate => (route.kind === "tunnelled" ? { kind: "inert" } : judgePlace(grant, grants, place, trial));
  const places = [...SHOWN_PLACES, ...grant.places.filter((place) => place.includes(":"))];
  return { name: grant.name, takes: grant.signs === "aws" ? ["in no place: requests of AWS's clients that are signed with its placeholder are signed anew"] : (grant.pin?.spots.map(describeSpot) ?? []), elsewhere, rules: judgeByRules(grant, trial), places: new Map(places.map((place) => [place, judge(place)])) };
}

/** As far as method and path tell. */
function judgeByRules(grant: Grant, { scheme, method, authority, target }: Trial): RuleFate | undefined {
  if (grant.rules === undefined) return undefined;
  const parsed = parseRequestHead(rawRequest(method, target, authority, []), scheme, authority);
  if (parsed.kind === "refuse") return { kind: "refused", refusal: parsed.refusal };
  // What GraphQL makes of a body, or a body of a method, a URL does not tell.
  const layers = grant.rules.layers.map((layer) => ({ ...layer, rules: { ...layer.rules, graphql: null } }));
  const verdict = judgeRules([{ ...grant, rules: { layers } }], { head: parsed.head, authority, body: undefined, isHandshake: false });
  if (verdict.kind === "refuse") return { kind: "refused", refusal: verdict.refusal };
  if (verdict.kind !== "pass" || (grant.rules.layers.some(({ rules }) => rules.graphql !== null) && method === "POST")) return { kind: "by-body" };
  return { kind: "passed", by: verdict.by, gates: verdict.gates.map(({ rule }) => rule) };
}

function judgePlace(grant: Grant, grants: readonly Grant[], place: Place, { scheme, method, authority, target, strict, recognise }: Trial): PlaceFate {
  const parsed = parseRequestHead(requestWith(grant, place, method, target, authority), scheme, authority);
  if (parsed.kind === "refuse") return { kind: "refused", refusal: parsed.refusal };
  if (place === "body") return judgeBody(grant, grants, parsed.head, scheme, authority, strict);
  const decision = decide(parsed.head, { scheme, authority, recognise, strict });
  if (decision.kind === "refuse") return { kind: "refused", refusal: decision.refusal };
  return { kind: decision.used.includes(grant) ? "substituted" : "inert" };
}

function judgeBody(grant: Grant, grants: readonly Grant[], head: RequestHead, scheme: Scheme, authority: Authority, strict: boolean): PlaceFate {
  const plan = planBody(head, scheme, authority, grants, []);
  if (plan.kind === "refuse") return { kind: "refused", refusal: plan.refusal };
  const verdict = judgeInBody(grant, plan, authority, new Set(), true, strict);
  if (verdict.kind === "refuse") return { kind: "refused", refusal: verdict.refusal };
  return { kind: verdict.kind === "act" ? "substituted" : "inert" };
}

/** A request as a client of its service would write it, with the placeholder in that place. */
function requestWith({ placeholder, pin }: Grant, place: Place, method: string, target: string, authority: Authority): ReturnType<typeof rawRequest> {
  const [path = "", query] = target.split("?", 2);
  const [kind = "", name] = place.split(":", 2);
  const spot = pin?.spots.find((one) => one.place === kind);
  const form = spot === undefined || spot.place === "query" ? undefined : spot.form.replace("{key}", () => placeholder);
  switch (kind) {
    case "header":
      if (name !== undefined) return rawRequest(method, target, authority, [name, placeholder]);
      return rawRequest(method, target, authority, [spot?.place === "header" ? spot.header : "Authorization", form ?? `Bearer ${placeholder}`]);
    case "basic":
      return rawRequest(method, target, authority, ["Authorization", `Basic ${Buffer.from(form ?? `user:${placeholder}`).toString("base64")}`]);
    case "path":
      return rawRequest(method, form ?? `${path.replace(/\/$/, "")}/${placeholder}${query === undefined ? "" : `?${query}`}`, authority, []);
    case "query":
      return rawRequest(method, `${path}?${name ?? (spot?.place === "query" ? spot.parameter : "key")}=${placeholder}`, authority, []);
    default:
      return rawRequest(method, target, authority, ["Content-Type", "application/json", "Content-Length", String(placeholder.length + 2)]);
  }
}

function rawRequest(method: string, url: string, { host, port }: Authority, headers: readonly string[]): Parameters<typeof parseRequestHead>[0] {
  return withNames({ method, url, httpVersion: "1.1", rawHeaders: ["Host", `${host.includes(":") ? `[${host}]` : host}:${port}`, ...headers] });
}

/** The record as the proxy knows it, but for the value: a word that may stand anywhere. */
function standIn(record: Parameters<typeof grantOf>[0], traits: ReadonlyMap<string, ServiceTraits>): Grant {
  const [form] = record.service === undefined ? [] : (traits.get(record.service)?.placeholders ?? []);
  return grantOf(record, Secret.fromText("value"), mintForTrial(form), traits);
}

/** @throws VaultError `usage`, which does not repeat the URL: who pastes one may paste a key with it. */
function parseUrl(text: string): { readonly scheme: Scheme; readonly authority: Authority; readonly target: string } {
  const [, scheme, written = ""] = /^(https?):\/\/([^/?#]*)/i.exec(text) ?? [];
  const lower = scheme?.toLowerCase();
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (lower !== "http" && lower !== "https")) throw new VaultError("usage", "this is not a URL that starts with https:// or http://", "vault explain GET https://api.example.com/v1/things");
  if (written.includes("@")) throw new VaultError("usage", "the URL has a user name in it, which no request carries there", "leave it out; clients send it as a Basic credential");
  const authority = findSchemeAuthority(written, lower);
  if (authority === undefined) throw new VaultError("usage", "the URL names no valid host", "vault explain GET https://api.example.com/v1/things");
  return { scheme: lower, authority, target: `${url.pathname}${url.search}` };
}

function fail(error: VaultError): never {
  throw error;
}

/** In the order in which they are shown: where most credentials stand comes first. */
const SHOWN_PLACES: readonly PlaceKind[] = ["header", ...PLACES.filter((place) => place !== "header")];

// Refusals: what the child is told, under which status and code, and what the person who started the run is told besides. A refusal names secret and host, and
// never a value, placeholder, path or query. What would allow the request is the person's to decide: a program that is told the command runs it.
import { formatAuthority, formatHostBinding } from "../../vault/host.ts";
import type { Authority } from "../../vault/host.ts";
import type { Place } from "../../vault/place.ts";
import { isCredentialHeader } from "./credential-header.ts";
import type { Grant } from "./grant.ts";
import { describeSpot } from "./pin.ts";

/** Stable: scripts may branch on the `x-vault-refusal` header that carries it. */
export type RefusalCode =
  | "bad-request"
  | "misdirected"
  | "method"
  | "protocol"
  | "upgrade"
  | "expectation"
  | "header-limit"
  | "timeout"
  | "proxy-auth"
  | "unmatched-host"
  | "host"
  | "place"
  | "repeated"
  | "not-given"
  | "signed"
  | "held-bodies"
  | "token-endpoint"
  | "second-credential"
  | "rule"
  | "asks"
  | "denied"
  | "unanswered"
  | "rule-limit"
  | "misplaced"
  | "coded-body"
  | "plain-http"
  | "unusable-value"
  | "locked"
  | "no-value"
  | "audit"
  | "own-address"
  | "this-machine"
  | "metadata-address"
  | "private-address"
  | "upstream-unreachable"
  | "upstream-certificate"
  | "upstream-answer";

/** How a client reads the reason out of an answer. Without one it is plain text. */
export type AnswerFormat = "aws-xml" | "aws-json";

export interface Refusal {
  readonly code: RefusalCode;
  readonly status: number;
  /** For the child: what is wrong, and what it can do about that itself. One line, without a full stop and without a command of ours. */
  readonly text: string;
  /** For the person who started the run: what allows it, where that is theirs to do. */
  readonly remedy: string | undefined;
  /** Names of the secrets that were held back. */
  readonly secrets: readonly string[];
  readonly format?: AnswerFormat;
  /** Of one that may be sent again after so long. */
  readonly retrySeconds?: number;
}

/** Carries a refusal out of a connection attempt. */
export class RefusalError extends Error {
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(refusal.text);
    this.name = "RefusalError";
    this.refusal = refusal;
  }
}

const STATUS: Readonly<Record<RefusalCode, number>> = {
  "bad-request": 400,
  misdirected: 421,
  method: 405,
  protocol: 400,
  upgrade: 501,
  expectation: 417,
  "header-limit": 431,
  timeout: 408,
  "proxy-auth": 407,
  "unmatched-host": 403,
  host: 403,
  place: 403,
  repeated: 400,
  "not-given": 403,
  // Which no client of AWS tries again.
  signed: 403,
  "held-bodies": 503,
  "token-endpoint": 403,
  "second-credential": 400,
  rule: 403,
  asks: 403,
  denied: 403,
  // Not one that clients send again by themselves: each would be asked for anew.
  unanswered: 403,
  "rule-limit": 429,
  misplaced: 400,
  "coded-body": 415,
  "plain-http": 403,
  "unusable-value": 403,
  locked: 403,
  // Which clients try again later.
  "no-value": 503,
  audit: 503,
  "own-address": 403,
  "metadata-address": 403,
  "private-address": 403,
  "this-machine": 403,
  "upstream-unreachable": 502,
  "upstream-certificate": 502,
  "upstream-answer": 502,
};

/** @param text for the child. @param remedy for the person alone. */
export function makeRefusal(code: RefusalCode, text: string, secrets: readonly string[] = [], remedy?: string): Refusal {
  return { code, status: STATUS[code], text, remedy, secrets };
}

/** A credential for one host, on its way to another. */
export function refuseHost(grant: Grant, authority: Authority): Refusal {
  const change = `--host ${formatHost(authority)}${grant.pin === undefined ? "" : " --widen"}`;
  return makeRefusal("host", `${notSent(grant, authority)}; ${whereTo(grant)}`, [grant.name], howToAllow(grant, change, `if you trust ${formatHost(authority)} with it`));
}

/** @param header in lower case. */
export function refusePlace(grant: Grant, authority: Authority, place: Extract<Place, "header" | "basic">, header: string): Refusal {
  const { places, pin } = grant;
  if (grant.signs !== undefined) return makeRefusal("place", `${notSent(grant, authority)}; it signs requests of AWS's clients, and stands in none`, [grant.name]);
  const where = place === "basic" ? "a Basic credential" : `the header ${header}`;
  // What it may do there already, it does not do in another form, unless the header itself is named.
  const missing: Place = !places.includes(place) && pin === undefined && (place === "basic" || isCredentialHeader(header)) ? place : `header:${header}`;
  const takes = pin === undefined ? "" : `; ${pin.service} takes it ${pin.spots.map(describeSpot).join(" or ")}`;
  // Whoever may stand in any Basic credential stands in none as a part of a name or a password.
  if (place === "basic" && pin === undefined && places.includes(place)) return makeRefusal("place", `${notSent(grant, authority)}; in ${where} it is all of the user's name or of the password`, [grant.name]);
  return makeRefusal("place", `${notSent(grant, authority)}; it may not stand in ${where}${places.includes(place) ? " like that" : ""}${takes}`, [grant.name], howToAllow(grant, `--inject ${[...new Set([...places, missing])].sort().join(",")}`));
}

export function refuseRepeated(grant: Grant, authority: Authority): Refusal {
  return makeRefusal("repeated", `${notSent(grant, authority)}; its placeholder stands more than once where it would be replaced; send it once`, [grant.name]);
}

/** @param header as the child has written it. */
export function refuseStranger(grants: readonly Grant[], authority: Authority, header: string): Refusal {
  const names = grants.map(({ name }) => name);
  return makeRefusal("second-credential", `${names.join(", ")} was not sent to ${formatAuthority(authority)}; the header ${header} has a credential in it that is not this run's; send one without the other`, names);
}

export function refuseMismatched([one, other]: readonly [Grant, Grant], authority: Authority): Refusal {
  const names = [one.name, other.name];
  return makeRefusal("second-credential", `${names.join(" and ")} were not sent to ${formatAuthority(authority)}; they are keys of two services that do not go together; send each in a request of its own`, names);
}

export function refuseMisplaced(grant: Grant, authority: Authority): Refusal {
  const text = `the placeholder of ${grant.name} was not passed on to ${formatAuthority(authority)}; it stands where it may not act, and this run is strict; leave it out`;
  return makeRefusal("misplaced", text, [grant.name], "run without --strict, and it is passed on as it is, worth nothing");
}

/** @param names of the secrets that it would be signed with. */
export function refuseSigned(names: readonly string[], authority: Authority, format: AnswerFormat): Refusal {
  const refusal = makeRefusal("signed", `the request was not sent to ${formatAuthority(authority)}; it is signed with a placeholder of ${names.join(", ")}, which no host takes: AWS has requests signed with the key itself, on the program's side`, names, "give the program a token that is sent: Amazon Bedrock takes AWS_BEARER_TOKEN_BEDROCK; or the key as it is: vault run --dotenv FILE --expose NAME -- CMD; or a secret that has the run sign: vault secrets create AWS --source aws-sts --role ARN");
  return { ...refusal, format };
}

/** Signed with the placeholder of a secret that signs, in a way that is not done anew. */
export function refuseUnsignable(names: readonly string[], authority: Authority, format: AnswerFormat): Refusal {
  return { ...makeRefusal("signed", `the request was not sent to ${formatAuthority(authority)}; ${names.join(", ")} signs requests anew whose signature is in the Authorization header, of Version 4 in one region, with the host and X-Amz-Date in it, and whose body is not signed chunk by chunk`, names), format };
}

/** Too many bodies at once that have to be there whole. */
export function refuseHeldBodies(authority: Authority, format: AnswerFormat | undefined): Refusal {
  const refusal = makeRefusal("held-bodies", `the request was not sent to ${formatAuthority(authority)}; what becomes of it hangs on its body, and too much of other such bodies is held just now; send fewer at once, or try again`);
  return format === undefined ? refusal : { ...refusal, format };
}

/** Signed for another service or region than the one that the host is a door of. */
export function refuseScope({ name }: Grant, authority: Authority, format: AnswerFormat): Refusal {
  return { ...makeRefusal("signed", `the request was not sent to ${formatAuthority(authority)}; the service or the region in its signature is not that host's, and ${name} signs for no other; let the client take both from the address`, [name]), format };
}

export function refuseMisdated({ name }: Grant, authority: Authority, format: AnswerFormat): Refusal {
  return { ...makeRefusal("signed", `the request was not sent to ${formatAuthority(authority)}; its X-Amz-Date is more than 15 minutes away, by this machine's clock and by that of AWS, and ${name} signs for now alone`, [name]), format };
}

/** Signed with a secret that signs, and asking for another key. */
export function refuseKeyGrant({ name }: Grant, authority: Authority): Refusal {
  return { ...makeRefusal("signed", `the request was not sent to ${formatAuthority(authority)}; of STS a program asks GetCallerIdentity alone with ${name}: other answers of it are keys, which the program would have`, [name]), format: "aws-xml" };
}

/** @param grants whose tokens come from there. */
export function refuseTokenEndpoint(grants: readonly Grant[], authority: Authority): Refusal {
  const names = grants.map(({ name }) => name);
  return makeRefusal("token-endpoint", `the request was not sent to ${formatAuthority(authority)}; tokens of ${names.join(", ")} come from there, and the vault alone asks for them; the program has its token already: use that`, names, "a program that is to log in by itself gets a run without that secret: vault run -s OTHER_NAME -- CMD");
}

/** A placeholder of this vault that is none of the run's. @param where it stands, such as `X-Api-Key header`. */
export function refuseStray(where: string, authority: Authority): Refusal {
  return makeRefusal("not-given", `the request was not sent to ${formatAuthority(authority)}; the placeholder in its ${where} is of a secret that this run was not given, or of an older kind; let the program take its key from the environment anew`, [], "or give the run that secret: vault run -s NAME -- CMD");
}

/** @param names of the secrets that might stand in the body. */
export function refuseCodedBody(names: readonly string[], authority: Authority): Refusal {
  return makeRefusal("coded-body", `the request was not sent to ${formatAuthority(authority)}; ${names.join(", ")} may stand in its body, which is compressed and cannot be looked through; send it without Content-Encoding`, names);
}

export function refusePlainHttp(grant: Grant, authority: Authority): Refusal {
  return makeRefusal("plain-http", `${notSent(grant, authority)}; http:// is not encrypted, and no secret goes that way; use https://`, [grant.name]);
}

/** @param why such as `it has a line break in it, which no header may carry`. */
export function refuseUnusable(grant: Grant, authority: Authority, why: string): Refusal {
  return makeRefusal("unusable-value", `${notSent(grant, authority)}; ${why}`, [grant.name], `store it anew: vault secrets rotate ${grant.name}`);
}

export function refuseLocked(secrets: readonly string[], authority: Authority): Refusal {
  return makeRefusal("locked", `${secrets.join(", ")} was not sent to ${formatAuthority(authority)}; the vault was locked after this run began`, secrets, "unlock it and start the run anew: vault unlock");
}

/** @param grants whose values could not be made, or are no longer the run's to use. Why, only the person is told. */
export function refuseNoValue(grants: readonly Grant[], authority: Authority): Refusal {
  const names = grants.map(({ name }) => name);
  const isMade = grants.some(({ living }) => living?.isMade === true);
  const why = isMade ? "its value could not be had from where it comes from" : "the vault has changed, and has no value of it for this run";
  const remedy = isMade ? "see what hinders it: vault doctor --try" : "start the run anew";
  return makeRefusal("no-value", `${names.join(", ")} was not sent to ${formatAuthority(authority)}; ${why}`, names, remedy);
}

export function refuseUnwritten(secrets: readonly string[]): Refusal {
  return makeRefusal("audit", "the audit log cannot be written, and nothing goes out without an entry", secrets, "see what hinders it: vault doctor");
}

/** @param names of the secrets that are bound to the host. */
export function refusePrivate(names: readonly string[], authority: Authority): Refusal {
  const fix = names.map((name) => `vault secrets update ${name} --allow-private`).join("; ");
  return makeRefusal("private-address", `${names.join(", ")} was not sent to ${formatAuthority(authority)}; it is at a private address`, names, `if that is meant: ${fix}`);
}

export function refuseUnmatched(authority: Authority): Refusal {
  const text = `no connection to ${formatAuthority(authority)}; no secret is bound to it, and this run denies all other hosts`;
  return makeRefusal("unmatched-host", text, [], "bind one, or run without --deny-unmatched");
}

/** `GET https://host/` asked of the proxy itself: it would have to do the TLS that is the child's own to do. */
export function refuseUntunnelled(authority: Authority): Refusal {
  return makeRefusal("bad-request", `no connection to ${formatAuthority(authority)}; it was asked for as https:// but without CONNECT, and only to hosts that a secret is bound to does this proxy speak TLS by itself; use a client that opens a tunnel (axios does from 1.17 on)`);
}

function howToAllow({ name, narrowedBy }: Grant, change: string, condition = "to allow it"): string {
  if (narrowedBy === undefined) return `${condition}: vault secrets update ${name} ${change}`;
  return `what this run may have of it is what ${narrowedBy} leaves of what the vault allows; --no-project runs without the file; what the vault allows: vault secrets show ${name}`;
}

function notSent({ name }: Grant, authority: Authority): string {
  return `${name} was not sent to ${formatAuthority(authority)}`;
}

function whereTo(grant: Grant): string {
  return grant.bindings.length === 0 ? "it is bound to no host" : `it may go to ${grant.bindings.map(formatHostBinding).join(", ")}`;
}

/** As a user types it: without the port that goes without saying. */
function formatHost(authority: Authority): string {
  const text = formatAuthority(authority);
  return authority.port === 443 ? text.slice(0, -":443".length) : text;
}

// A request's head as the child sent it, into one that can mean one thing only (RFC 9112), or a refusal.
// Its grammar is settled (`raw-head.ts`), and where its body ends (`framing.ts`); here, what it may mean.
import { findAuthority, formatAuthority } from "../../vault/host.ts";
import type { Authority } from "../../vault/host.ts";
import { isCredentialHeader, isOwnHeader } from "../grants/credential-header.ts";
import type { Grant } from "../grants/grant.ts";
import type { Framing } from "./framing.ts";
import { parseFraming } from "./framing.ts";
import type { RawHead } from "./raw-head.ts";
import { tokensOf, valuesOf } from "./raw-head.ts";
import type { Refusal } from "../grants/refusal.ts";
import { makeRefusal } from "../grants/refusal.ts";

export type Scheme = "http" | "https";

export interface RequestHead {
  readonly method: string;
  /** Origin-form. */
  readonly target: string;
  /** Names and values alternate; hop-by-hop headers, framing and Host are gone. Order and case are the child's. */
  readonly headers: readonly string[];
  /** Canonical, with a port where the child named one: some signatures cover it. */
  readonly host: string;
  /** Undefined where the framing says that there is no body; null for chunked. */
  readonly bodyBytes: number | null | undefined;
  /** What an `Upgrade` asked for, in lower case. */
  readonly upgrade: string | undefined;
}

export type HeadOutcome = { readonly kind: "head"; readonly head: RequestHead } | { readonly kind: "refuse"; readonly refusal: Refusal };

const HEADERS_MAX = 200;
const DEFAULT_PORT: Readonly<Record<Scheme, number>> = { http: 80, https: 443 };
/** RFC 9110 section 7.6.1, and what clients send to proxies in spite of it. Trailers end here, so their announcement does too. */
const HOP_BY_HOP = new Set(["connection", "proxy-connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "http2-settings", "proxy-authorization", "proxy-authenticate", "expect"]);
/** Headers that a proxy reads itself: neither `Connection` nor an underscore may make them mean something else further on. */
const STRUCTURAL = new Set(["host", "content-length", "transfer-encoding"]);
/** No longer than a rule can name (FORMAT.md, "Rules"). */
const METHOD = /^[A-Z][A-Z-]{0,31}$/;
/** These ask something of a proxy itself; the last begins HTTP/2. */
const NOT_PASSED_ON = new Set(["CONNECT", "TRACE", "PRI"]);
const ORIGIN_FORM = /^\/[\x21\x22\x24-\x7e\x80-\xff]*$/;
const ASCII = /^[\x21-\x7e]*$/;
const ABSOLUTE_FORM = /^([a-z]+):\/\/([^/?#]*)(.*)$/i;

/** @param authority what the child's CONNECT named; without one, what its absolute-form target names (`findAbsoluteTarget`). @param grants whose headers `Connection` may not name. */
export function parseRequestHead(raw: RawHead, scheme: Scheme, authority: Authority, grants: readonly Grant[] = []): HeadOutcome {
  const { method, rawHeaders, names } = raw;
  if (rawHeaders.length > 2 * HEADERS_MAX) return refuse(makeRefusal("header-limit", `a request may have ${HEADERS_MAX} headers at most`));
  if (!METHOD.test(method) || NOT_PASSED_ON.has(method)) return refuse(makeRefusal("method", "this method is not passed on"));
  if (hasTwins(names)) return refuseSyntax("two headers differ only by an underscore, which servers take for the same");
  const framed = parseFraming(raw);
  if (framed.kind === "refuse") return framed;
  const target = readTarget(raw, scheme, authority);
  if (target.kind === "refuse") return target;
  const host = readHost(valuesOf(raw, "host"), scheme, authority);
  if (host.kind === "refuse") return host;

  const named = tokensOf(valuesOf(raw, "connection"));
  for (const name of named) {
    if (STRUCTURAL.has(name) || isCredentialHeader(name) || grants.some((grant) => isOwnHeader(name, grant))) return refuseSyntax("a Connection header names a header that is needed further on");
  }
  const headers: string[] = [];
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const [name = "", value = "", lower = ""] = [rawHeaders[at], rawHeaders[at + 1], names[at / 2]];
    if (!HOP_BY_HOP.has(lower) && !named.includes(lower) && lower !== "host") headers.push(name, value);
  }
  const upgrades = valuesOf(raw, "upgrade");
  return { kind: "head", head: { method, target: target.target, headers, host: host.host, bodyBytes: lengthOf(framed.framing), upgrade: upgrades.length === 0 ? undefined : upgrades.join(",").toLowerCase() } };
}

function lengthOf(framing: Framing): number | null | undefined {
  return framing.kind === "none" ? undefined : framing.kind === "length" ? framing.bytes : null;
}

/** What a CONNECT names (RFC 9112 section 3.2.3), or undefined: a name in other letters than ASCII is no name here, for nobody knows in which coding. */
export function findConnectTarget(url: string): Authority | undefined {
  return ASCII.test(url) ? findAuthority(url) : undefined;
}

export interface AbsoluteTarget {
  readonly scheme: Scheme;
  readonly authority: Authority;
}

/** What a request to a proxy without CONNECT names (`GET http://host/path`, and `GET https://host/path` from clients that know no better), or undefined for every other form. */
export function findAbsoluteTarget(url: string): AbsoluteTarget | undefined {
  const match = ABSOLUTE_FORM.exec(url);
  const scheme = match?.[1]?.toLowerCase();
  if (scheme !== "http" && scheme !== "https") return undefined;
  const named = match?.[2] ?? "";
  const authority = ASCII.test(named) ? findSchemeAuthority(named, scheme) : undefined;
  return authority === undefined ? undefined : { scheme, authority };
}

function hasTwins(names: readonly string[]): boolean {
  return names.some((name) => name.includes("_") && isTwin(name.replaceAll("_", "-"), names));
}

/** A header with an underscore whose hyphened name is there as well, or is one that must not be had by a second name. */
function isTwin(hyphened: string, names: readonly string[]): boolean {
  return names.includes(hyphened) || STRUCTURAL.has(hyphened) || hyphened === "authorization";
}

function readTarget(raw: RawHead, scheme: Scheme, authority: Authority): { readonly kind: "target"; readonly target: string } | { readonly kind: "refuse"; readonly refusal: Refusal } {
  const absolute = ABSOLUTE_FORM.exec(raw.url);
  let target = raw.url;
  if (absolute !== null) {
    const [, givenScheme = "", givenAuthority = "", rest = ""] = absolute;
    const given = findSchemeAuthority(givenAuthority, scheme);
    if (given === undefined) return refuseSyntax("the request names no valid host");
    if (givenScheme.toLowerCase() !== scheme || !isSame(given, authority)) return refuse(misdirected());
    target = rest.startsWith("/") ? rest : `/${rest}`;
  }
  return ORIGIN_FORM.test(target) ? { kind: "target", target } : refuseSyntax("the request's target is malformed");
}

function readHost(hosts: readonly string[], scheme: Scheme, authority: Authority): { readonly kind: "host"; readonly host: string } | { readonly kind: "refuse"; readonly refusal: Refusal } {
  const [host = ""] = hosts;
  // What nearly every client sends.
  if (hosts.length === 1 && host === formatAuthority(authority)) return { kind: "host", host };
  const given = hosts.length === 1 ? findSchemeAuthority(host, scheme) : undefined;
  if (given === undefined) return refuseSyntax("a request has one valid Host");
  if (!isSame(given, authority)) return refuse(misdirected());
  const name = given.host.includes(":") ? `[${given.host}]` : given.host;
  return { kind: "host", host: /:[0-9]+$/.test(host) ? `${name}:${given.port}` : name };
}

/** The authority of a URL or a Host header, with the port that its scheme has where it names none; undefined where it is no valid one. */
export function findSchemeAuthority(text: string, scheme: Scheme): Authority | undefined {
  return findAuthority(/:[0-9]*$/.test(text.replace(/^\[[^\]]*\]/, "")) ? text : `${text}:${DEFAULT_PORT[scheme]}`);
}

function isSame(a: Authority, b: Authority): boolean {
  return a.host === b.host && a.port === b.port;
}

function misdirected(): Refusal {
  return makeRefusal("misdirected", "the request is for another host than the connection it came on");
}

function refuseSyntax(text: string): { readonly kind: "refuse"; readonly refusal: Refusal } {
  return refuse(makeRefusal("bad-request", text));
}

function refuse(refusal: Refusal): { readonly kind: "refuse"; readonly refusal: Refusal } {
  return { kind: "refuse", refusal };
}

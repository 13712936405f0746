// Refusals: what the child is told, under which status and code. A refusal names secret, host and fix, and never a value, placeholder, path or query.
import { formatAuthority, formatHostBinding } from "../../vault/host.ts";
import type { Authority } from "../../vault/host.ts";
import type { Place } from "../../vault/place.ts";
import type { Grant } from "./grant.ts";

/** Stable: scripts may branch on the `x-vault-refusal` header that carries it. */
export type RefusalCode =
  | "bad-request"
  | "misdirected"
  | "method"
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
  | "misplaced"
  | "coded-body"
  | "plain-http"
  | "unusable-value"
  | "locked"
  | "audit"
  | "own-address"
  | "metadata-address"
  | "private-address"
  | "upstream-unreachable"
  | "upstream-certificate"
  | "upstream-answer";

export interface Refusal {
  readonly code: RefusalCode;
  readonly status: number;
  /** One line, without a full stop. */
  readonly text: string;
  /** Names of the secrets that were held back. */
  readonly secrets: readonly string[];
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
  misplaced: 400,
  "coded-body": 415,
  "plain-http": 403,
  "unusable-value": 403,
  locked: 403,
  audit: 503,
  "own-address": 403,
  "metadata-address": 403,
  "private-address": 403,
  "upstream-unreachable": 502,
  "upstream-certificate": 502,
  "upstream-answer": 502,
};

/** @param text what is wrong and what to do, in one line. */
export function makeRefusal(code: RefusalCode, text: string, secrets: readonly string[] = []): Refusal {
  return { code, status: STATUS[code], text, secrets };
}

/** A credential for one host, on its way to another. */
export function refuseHost(grant: Grant, authority: Authority): Refusal {
  return makeRefusal("host", `${grant.name} was not sent to ${formatAuthority(authority)}; ${whereTo(grant)}; ${howToAllow(grant, `--host ${formatHost(authority)}`)}`, [grant.name]);
}

export function refusePlace(grant: Grant, authority: Authority, place: Place): Refusal {
  const places = [...new Set([...grant.places, place])].sort().join(",");
  const what = place === "basic" ? "a Basic credential" : "a credential header";
  return makeRefusal("place", `${grant.name} was not sent to ${formatAuthority(authority)}; it may not stand in ${what}; ${howToAllow(grant, `--inject ${places}`)}`, [grant.name]);
}

export function refuseRepeated(grant: Grant, authority: Authority): Refusal {
  return makeRefusal("repeated", `${grant.name} was not sent to ${formatAuthority(authority)}; its placeholder stands more than once where it would be replaced; send it once`, [grant.name]);
}

export function refuseMisplaced(grant: Grant, authority: Authority): Refusal {
  return makeRefusal("misplaced", `the placeholder of ${grant.name} was not passed on to ${formatAuthority(authority)}; it stands where it may not act, and this run is strict; leave it out, or run without --strict`, [grant.name]);
}

/** A placeholder of this vault that is none of the run's. @param header its name. */
export function refuseStray(header: string, authority: Authority): Refusal {
  return makeRefusal("not-given", `the request was not sent to ${formatAuthority(authority)}; the placeholder in its ${header} header is of a secret that this run was not given, or of an older kind; let the program take its key from the environment anew, or give the run that secret`);
}

/** @param names of the secrets that might stand in the body. */
export function refuseCodedBody(names: readonly string[], authority: Authority): Refusal {
  return makeRefusal("coded-body", `the request was not sent to ${formatAuthority(authority)}; ${names.join(", ")} may stand in its body, which is compressed and cannot be looked through; send it without Content-Encoding`, names);
}

export function refusePlainHttp(grant: Grant, authority: Authority): Refusal {
  return makeRefusal("plain-http", `${grant.name} was not sent to ${formatAuthority(authority)}; http:// is not encrypted, and no secret goes that way; use https://`, [grant.name]);
}

/** @param why such as `it has a line break in it, which no header may carry`. */
export function refuseUnusable(grant: Grant, authority: Authority, why: string): Refusal {
  return makeRefusal("unusable-value", `${grant.name} was not sent to ${formatAuthority(authority)}; ${why}; store it anew: vault secrets rotate ${grant.name}`, [grant.name]);
}

export function refuseLocked(secrets: readonly string[], authority: Authority): Refusal {
  return makeRefusal("locked", `${secrets.join(", ")} was not sent to ${formatAuthority(authority)}; the vault was locked after this run began; unlock it and start the run anew: vault unlock`, secrets);
}

export function refuseUnwritten(secrets: readonly string[]): Refusal {
  return makeRefusal("audit", "the audit log cannot be written, and nothing goes out without an entry", secrets);
}

/** @param names of the secrets that are bound to the host. */
export function refusePrivate(names: readonly string[], authority: Authority): Refusal {
  const fix = names.map((name) => `vault secrets update ${name} --allow-private`).join("; ");
  return makeRefusal("private-address", `${names.join(", ")} was not sent to ${formatAuthority(authority)}; it is at a private address; if that is meant: ${fix}`, names);
}

export function refuseUnmatched(authority: Authority): Refusal {
  return makeRefusal("unmatched-host", `no connection to ${formatAuthority(authority)}; no secret is bound to it, and this run denies all other hosts; bind one, or run without --deny-unmatched`);
}

/** `GET https://host/` asked of the proxy itself: it would have to do the TLS that is the child's own to do. */
export function refuseUntunnelled(authority: Authority): Refusal {
  return makeRefusal("bad-request", `no connection to ${formatAuthority(authority)}; it was asked for as https:// but without CONNECT, and only to hosts that a secret is bound to does this proxy speak TLS by itself; use a client that opens a tunnel (axios does from 1.17 on), or bind a secret to the host`);
}

function howToAllow({ name, narrowedBy }: Grant, change: string): string {
  if (narrowedBy === undefined) return `allow it: vault secrets update ${name} ${change}`;
  return `what this run may have of it is what ${narrowedBy} leaves of what the vault allows; vault secrets show ${name} tells that, and --no-project runs without the file`;
}

function whereTo(grant: Grant): string {
  return grant.bindings.length === 0 ? "it is bound to no host" : `it may go to ${grant.bindings.map(formatHostBinding).join(", ")}`;
}

/** As a user types it: without the port that goes without saying. */
function formatHost(authority: Authority): string {
  const text = formatAuthority(authority);
  return authority.port === 443 ? text.slice(0, -":443".length) : text;
}

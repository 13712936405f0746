// An upstream's answer as its parser gave it, into a head for the child that frames the body itself, or a refusal (RFC 9112 section 6.3).
import { namesOf, tokensOf, valuesOf } from "../http1/raw-head.ts";
import { isReadableType } from "./charset.ts";
import { findCodings } from "./content-coding.ts";
import type { Refusal } from "../grants/refusal.ts";
import { makeRefusal } from "../grants/refusal.ts";

export interface AnswerHead {
  readonly status: number;
  /** Names and values alternate; hop-by-hop headers are gone. */
  readonly headers: string[];
  /** `none`: the head is all there is. Otherwise the length as sent, undefined where the framing does not say. */
  readonly body: { readonly kind: "none" } | { readonly kind: "some"; readonly lengthBytes: number | undefined; readonly codings: readonly string[] };
}

export type AnswerOutcome = { readonly kind: "answer"; readonly answer: AnswerHead } | { readonly kind: "refuse"; readonly refusal: Refusal };

/** RFC 9110 section 7.6.1. */
const HOP_BY_HOP = new Set(["connection", "proxy-connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "proxy-authenticate", "proxy-authorization"]);
/** They describe bytes that the child does not get when the body was decoded. */
const OF_CODED_BYTES = new Set(["content-encoding", "content-length", "content-md5", "content-digest", "digest"]);
const OF_CONTENT = /^(?:content-.*|transfer-encoding|trailer)$/i;
/** They promise parts, and none are asked for. */
const OF_PARTS = new Set(["accept-ranges", "content-range"]);
const CONTENT_LENGTH = /^[0-9]{1,15}$/;

/**
 * @param rawHeaders names and values alternate, as the child may see them: scrubbed for a bound host.
 * @param mustRead whether the body has to be looked through, and so decoded.
 */
export function parseAnswerHead(method: string, status: number, rawHeaders: readonly string[], mustRead: boolean): AnswerOutcome {
  const raw = { rawHeaders, names: namesOf(rawHeaders) };
  const [lengths, transferCodings, codings] = [valuesOf(raw, "content-length"), valuesOf(raw, "transfer-encoding"), valuesOf(raw, "content-encoding")];
  const named = tokensOf(valuesOf(raw, "connection"));
  const isChunked = transferCodings.length > 0;
  if (isChunked && transferCodings.join().toLowerCase() !== "chunked") return refuse("a Transfer-Encoding that is not just chunked");
  const [length] = lengths;
  if (lengths.length > 1 || (length !== undefined && !CONTENT_LENGTH.test(length))) return refuse("two Content-Lengths, or one that is no number");
  if (length !== undefined && isChunked) return refuse("both Content-Length and Transfer-Encoding");
  if (mustRead && (status === 206 || status === 226)) return refuse("a part of what was asked for, which nobody asked for in parts");
  if (status === 204 && (isChunked || Number(length ?? 0) > 0)) return refuse("a body where none may be");

  const applied = mustRead ? findCodings(codings) : [];
  const hasBody = method !== "HEAD" && status !== 204 && status !== 304 && (length === undefined || Number(length) > 0);
  if (applied === undefined) return refuse("a Content-Encoding that cannot be looked through");
  if (mustRead && hasBody && !valuesOf(raw, "content-type").every(isReadableType)) return refuse("a charset that cannot be looked through");
  const isDecoded = applied.length > 0;
  const headers: string[] = [];
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const [name = "", value = "", lower = ""] = [rawHeaders[at], rawHeaders[at + 1], raw.names[at / 2]];
    if (HOP_BY_HOP.has(lower) || named.includes(lower)) continue;
    if (isDecoded && OF_CODED_BYTES.has(lower)) continue;
    if (mustRead && OF_PARTS.has(lower)) continue;
    // The answer frames a body anew; where there is none, the length speaks of the one that a GET would give.
    if (lower === "content-length" && (status === 204 || hasBody)) continue;
    // A strong validator names exact bytes (RFC 9110 section 8.8.1), and these are others.
    headers.push(name, isDecoded && lower === "etag" && !value.startsWith("W/") ? `W/${value}` : value);
  }
  const body = hasBody ? { kind: "some" as const, lengthBytes: length === undefined ? undefined : Number(length), codings: applied } : { kind: "none" as const };
  return { kind: "answer", answer: { status, headers, body } };
}

/** The trailers that the child may see: none of those that would say anew what the body is (RFC 9110 section 6.5.1). @param trailers names and values alternate. */
export function readableTrailers(trailers: readonly string[]): string[] {
  return trailers.filter((_part, at) => !OF_CONTENT.test(trailers[at - (at % 2)] ?? ""));
}

function refuse(what: string): AnswerOutcome {
  return { kind: "refuse", refusal: makeRefusal("upstream-answer", `the server's answer was dropped; it has ${what}`) };
}

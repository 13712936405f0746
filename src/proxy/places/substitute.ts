// Puts values where placeholders stand. One pass from left to right: what was put in is never looked at again.
import { findText, latin1Text } from "../../bytes.ts";
import type { Place } from "../../vault/place.ts";
import { formatBasicCredential } from "./basic-credential.ts";
import type { BodyKind } from "./body-kind.ts";
import { SPELLING_IN_BODY } from "./body-kind.ts";
import type { Grant } from "../grants/grant.ts";
import type { Occurrence } from "./placeholder.ts";
import type { Spelling } from "./place-encoding.ts";
import { spell } from "./place-encoding.ts";
import type { RequestHead } from "../http1/request-head.ts";

/** A header value to be written anew. `text` is the value itself, or the decoded `user:password` of a Basic credential. */
export interface Edit {
  /** Index of the value among the alternating names and values. */
  readonly valueAt: number;
  readonly place: Extract<Place, "header" | "basic">;
  readonly text: string;
  readonly occurrences: readonly Occurrence[];
}

/** A placeholder in a request's target that is to become its value. */
export interface TargetOccurrence extends Occurrence {
  readonly place: Extract<Place, "path" | "query">;
}

const SPELLING_IN_TARGET: Readonly<Record<TargetOccurrence["place"], Spelling>> = { path: "segment", query: "form" };

/** The headers with their values in, Host first. Only for the wire: they are plaintext. */
export function substitute({ host, headers }: Pick<RequestHead, "host" | "headers">, edits: readonly Edit[]): string[] {
  const written = ["host", host, ...headers];
  for (const { valueAt, place, text, occurrences } of edits) {
    const value = replaceAll(text, occurrences, latin1Of);
    written[valueAt + 2] = place === "basic" ? formatBasicCredential(value) : value;
  }
  return written;
}

/** The target with its values in, percent-encoded: a value never becomes a separator. Only for the wire. */
export function substituteTarget(target: string, occurrences: readonly TargetOccurrence[]): string {
  return replaceAll(target, occurrences, (grant, { place }) => spell(latin1Of(grant), SPELLING_IN_TARGET[place]));
}

/** A value as it stands in a body. Only for the wire. */
export function valueInBody(grant: Grant, kind: BodyKind): Uint8Array {
  return Buffer.from(spell(latin1Of(grant), SPELLING_IN_BODY[kind]), "latin1");
}

/** The first value of an edit that cannot stand where it should, and why. @param header in lower case. */
export function findUnusable({ place, text, occurrences }: Edit, header: string): { readonly grant: Grant; readonly why: string } | undefined {
  const colon = text.indexOf(":");
  for (const { grant, start } of occurrences) {
    const why = place === "header" ? whyNoHeader(grant, header) : whyNoBasic(grant, start < colon);
    if (why !== undefined) return { grant, why };
  }
  return undefined;
}

/** Why a value cannot stand in a target, or undefined where it can. A segment of dots alone would lead elsewhere (RFC 3986 section 5.2.4). */
export function whyNotInTarget(grant: Grant, place: TargetOccurrence["place"]): string | undefined {
  // One that is not made yet is empty, and is no value.
  return place === "path" && /^\.*$/.test(latin1Of(grant)) && (grant.living?.isGood() ?? true) ? "its value is nothing but dots, which no path may carry" : undefined;
}

/** Why a value cannot stand in a body of this kind, or undefined where it can. */
export function whyNotInBody(grant: Grant, kind: BodyKind): string | undefined {
  // Whether a part is JSON, or a placeholder stands in a part's headers, does not show where it is met: only what is right in each of them goes in.
  if (kind === "multipart" && /[\x00-\x1f"\\]/.test(latin1Of(grant))) return "its value has a quote, a backslash or a control character in it, which could end the part of a multipart body that it stands in";
  return kind === "json" && findText(grant.value.reveal()) === undefined ? "its value is no UTF-8 text, which no JSON may carry" : undefined;
}

function replaceAll<O extends Occurrence>(text: string, occurrences: readonly O[], valueOf: (grant: Grant, occurrence: O) => string): string {
  let written = "";
  let from = 0;
  for (const occurrence of occurrences) {
    written += text.slice(from, occurrence.start) + valueOf(occurrence.grant, occurrence);
    from = occurrence.end;
  }
  return written + text.slice(from);
}

/** Visible ASCII, space and tab (RFC 9110 section 5.5): bytes beyond that mean one thing to this server and another to that. */
function whyNoHeader(grant: Grant, header: string): string | undefined {
  const value = latin1Of(grant);
  // RFC 6455 section 4.1: each is a token, and a comma would make two of one.
  if (header === "sec-websocket-protocol" && !/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(value)) return "its value has characters in it that no WebSocket subprotocol may carry";
  if (/^[\t\x20-\x7e]*$/.test(value)) return undefined;
  return /[\r\n\0]/.test(value) ? "its value has a line break or a NUL in it, which no header may carry" : "its value has characters in it that a header cannot carry safely";
}

/** RFC 7617 section 2: no control characters, and no colon in the user's name. */
function whyNoBasic(grant: Grant, isUser: boolean): string | undefined {
  const value = latin1Of(grant);
  if (/[\x00-\x1f\x7f]/.test(value)) return "its value has a control character in it, which no Basic credential may carry";
  return isUser && value.includes(":") ? "its value has a colon in it, which no Basic user name may carry" : undefined;
}

/** One character for each byte, which is how Node writes header values. */
function latin1Of(grant: Grant): string {
  return latin1Text(grant.value.reveal());
}

// Puts values where placeholders stand. One pass from left to right: what was put in is never looked at again.
import type { Place } from "../vault/place.ts";
import { formatBasicCredential } from "./basic-credential.ts";
import type { Grant } from "./grant.ts";
import type { Occurrence } from "./placeholder.ts";

/** A header value to be written anew. `text` is the value itself, or the decoded `user:password` of a Basic credential. */
export interface Edit {
  /** Index of the value among the alternating names and values. */
  readonly valueAt: number;
  readonly place: Extract<Place, "header" | "basic">;
  readonly text: string;
  readonly occurrences: readonly Occurrence[];
}

/** The headers with their values in. Only for the wire: they are plaintext. */
export function substitute(headers: readonly string[], edits: readonly Edit[]): string[] {
  const written = [...headers];
  for (const { valueAt, place, text, occurrences } of edits) {
    let value = "";
    let from = 0;
    for (const { grant, start, end } of occurrences) {
      value += text.slice(from, start) + latin1Of(grant);
      from = end;
    }
    value += text.slice(from);
    written[valueAt] = place === "basic" ? formatBasicCredential(value) : value;
  }
  return written;
}

/** The first value of an edit that cannot stand where it should, and why. */
export function findUnusable({ place, text, occurrences }: Edit): { readonly grant: Grant; readonly why: string } | undefined {
  const colon = text.indexOf(":");
  for (const { grant, start } of occurrences) {
    const why = place === "header" ? whyNoHeader(grant) : whyNoBasic(grant, start < colon);
    if (why !== undefined) return { grant, why };
  }
  return undefined;
}

/** Visible ASCII, space and tab (RFC 9110 section 5.5): bytes beyond that mean one thing to this server and another to that. */
function whyNoHeader(grant: Grant): string | undefined {
  const value = latin1Of(grant);
  if (/[\r\n\0]/.test(value)) return "its value has a line break or a NUL in it, which no header may carry";
  return /^[\t\x20-\x7e]*$/.test(value) ? undefined : "its value has characters in it that a header cannot carry safely";
}

/** RFC 7617 section 2: no control characters, and no colon in the user's name. */
function whyNoBasic(grant: Grant, isUser: boolean): string | undefined {
  const value = latin1Of(grant);
  if (/[\x00-\x1f\x7f]/.test(value)) return "its value has a control character in it, which no Basic credential may carry";
  return isUser && value.includes(":") ? "its value has a colon in it, which no Basic user name may carry" : undefined;
}

/** One character for each byte, which is how Node writes header values. */
function latin1Of(grant: Grant): string {
  const bytes = grant.value.reveal();
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
}

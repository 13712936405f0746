// Where a request's body ends (RFC 9112 section 6): the one place that decides it, for the proxy's own reading and for what goes on.
import type { RawHead } from "./raw-head.ts";
import { valuesOf } from "./raw-head.ts";
import type { Refusal } from "../grants/refusal.ts";
import { makeRefusal } from "../grants/refusal.ts";

/** A length is never 0: that is no body. */
export type Framing = { readonly kind: "none" } | { readonly kind: "length"; readonly bytes: number } | { readonly kind: "chunked" };

export type FramingOutcome = { readonly kind: "framed"; readonly framing: Framing } | { readonly kind: "refuse"; readonly refusal: Refusal };

/** What came of some bytes. `rest` is what follows the body. */
export type BodyBytes =
  | { readonly kind: "more"; readonly data: readonly Buffer[] }
  | { readonly kind: "end"; readonly data: readonly Buffer[]; readonly rest: Buffer }
  | { readonly kind: "refuse"; readonly data: readonly Buffer[]; readonly refusal: Refusal };

export interface BodyReader {
  /** Not to be called again after `end` or `refuse`. */
  push(bytes: Buffer): BodyBytes;
}

const CONTENT_LENGTH = /^[0-9]{1,15}$/;
const NO_BODY: FramingOutcome = { kind: "framed", framing: { kind: "none" } };

/** Refuses what two readers could frame in two ways. */
export function parseFraming(head: RawHead): FramingOutcome {
  const [lengths, codings] = [valuesOf(head, "content-length"), valuesOf(head, "transfer-encoding")];
  if (codings.length > 0) {
    if (lengths.length > 0) return refuse("Content-Length and Transfer-Encoding exclude each other");
    if (head.httpVersion === "1.0") return refuse("HTTP/1.0 has no Transfer-Encoding");
    if (codings.length !== 1 || codings[0]?.toLowerCase() !== "chunked") return refuse("the only Transfer-Encoding is chunked, once");
    return { kind: "framed", framing: { kind: "chunked" } };
  }
  if (lengths.length === 0) return NO_BODY;
  const [length = ""] = lengths;
  if (lengths.length !== 1 || !CONTENT_LENGTH.test(length)) return refuse("a Content-Length is one decimal number");
  return Number(length) === 0 ? NO_BODY : { kind: "framed", framing: { kind: "length", bytes: Number(length) } };
}

function refuse(text: string): FramingOutcome {
  return { kind: "refuse", refusal: makeRefusal("bad-request", text) };
}

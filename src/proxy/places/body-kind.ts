// What a request's body is, by what its head says: only where that is known for certain may a placeholder act in it.
import type { Spelling } from "./place-encoding.ts";
import { valuesIn } from "../http1/raw-head.ts";

/** `multipart` has parts of any type with headers of their own. */
export type BodyKind = "json" | "form" | "multipart" | "text";

export const SPELLING_IN_BODY: Readonly<Record<BodyKind, Spelling>> = { json: "json", form: "form", multipart: "raw", text: "raw" };

/** RFC 6839 section 3.1; one JSON text to a line (NDJSON) is JSON strings all the same. */
const JSON_TYPE = /^application\/(?:json|x-ndjson|ndjson|jsonl|[a-z0-9!#$&^_.-]+\+json)$/;
/** Others would spell a placeholder in other bytes, or a value's bytes would mean other characters. */
const CHARSET = /;[ \t]*charset[ \t]*=[ \t]*"?([^";\s]*)/i;
const PLAIN_CHARSETS = new Set(["utf-8", "utf8", "us-ascii"]);

/** @param headers names and values alternate. @returns undefined where the type is missing, doubled or not one of these. */
export function findBodyKind(headers: readonly string[]): BodyKind | undefined {
  const [contentType, ...more] = valuesIn(headers, "content-type");
  if (contentType === undefined || more.length > 0) return undefined;
  const type = contentType.split(";")[0]?.trim().toLowerCase() ?? "";
  const charset = CHARSET.exec(contentType)?.[1]?.toLowerCase();
  if (type.startsWith("multipart/")) return "multipart";
  if (charset !== undefined && !PLAIN_CHARSETS.has(charset)) return undefined;
  if (JSON_TYPE.test(type)) return "json";
  if (type === "application/x-www-form-urlencoded") return "form";
  return type.startsWith("text/") ? "text" : undefined;
}

/** Whether the body is compressed, or otherwise not the bytes that its type speaks of (RFC 9110 section 8.4). */
export function isCoded(headers: readonly string[]): boolean {
  return valuesIn(headers, "content-encoding").some((list) => list.split(",").some((coding) => !["", "identity"].includes(coding.trim().toLowerCase())));
}

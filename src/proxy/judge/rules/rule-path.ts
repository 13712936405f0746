// The path that rules are matched against: decoded once, and such that every server reads it in the same way; or why there is none.
import { isVisibleText } from "../../../vault/visible-text.ts";

/** `readings`: segments of the path, in each way in which servers read it. */
export type ReadPath = { readonly kind: "path"; readonly readings: readonly (readonly string[])[] } | { readonly kind: "unclear"; readonly why: string };

/** What needs no decoding and no further look: no segment is empty but the last, and none begins or ends in a dot. */
const PLAIN = /^(?:\/[A-Za-z0-9_~!$&'()*+,=:@-]+(?:\.+[A-Za-z0-9_~!$&'()*+,=:@-]+)*)*\/?$/;
/** What a server that brings paths into another form would make of a character that is none of these: only they are left to look for, since those that stand there as they are were refused. */
const MEANING = /[%?#\\/]|\.$/;
const ESCAPES = /%[0-9a-f]{2}/gi;

/**
 * Servers differ about dots, doubled slashes, and about whether to decode twice. Which of them is behind a request nobody here knows, so a path in which one of these matters is none.
 * An encoded slash is a slash to some and a character to others, and common in names (`group%2Fproject`); what stands behind `;` is a parameter to some, and common in lists: such a path has each of these readings.
 *
 * @param target in origin-form, each character a byte.
 */
export function readPath(target: string): ReadPath {
  const end = target.indexOf("?");
  const raw = end < 0 ? target : target.slice(0, end);
  if (PLAIN.test(raw)) return { kind: "path", readings: [raw.slice(1).split("/")] };
  const decoded = raw.slice(1).split("/").map(decode);
  const asText = decoded.filter((segment) => segment !== undefined);
  if (asText.length < decoded.length) return unclear("is not percent-encoded UTF-8");
  const path = asText.join("/");
  if (/[%?#\\]/.test(path)) return unclear("has one of % ? # \\ in it");
  const segments = path.split("/");
  const ways = segments.length === asText.length ? [segments] : [segments, asText];
  const readings = path.includes(";") ? [...ways, ...ways.map(withoutParameters)] : ways;
  const fault = findFault(segments) ?? findFault(withoutParameters(segments));
  return fault === undefined ? { kind: "path", readings } : unclear(fault);
}

/** What stands behind `;` in a segment is a parameter to some servers, which is no part of the path. */
function withoutParameters(segments: readonly string[]): readonly string[] {
  return segments.map((segment) => segment.split(";", 1)[0] ?? "");
}

function findFault(segments: readonly string[]): string | undefined {
  for (const [index, segment] of segments.entries()) {
    if (segment === "" && index === segments.length - 1) continue;
    if (segment === "") return "has two slashes in a row";
    if (segment.endsWith(".")) return "has a segment that ends in a dot";
    if (MEANING.test(segment.normalize("NFKC"))) return "has a character that some servers take for a slash, a dot or the like";
    if (!isVisibleText(segment, segment.length)) return "has characters that cannot be seen, or a blank at the end of a segment";
  }
  return undefined;
}

function unclear(why: string): ReadPath {
  return { kind: "unclear", why: `its path ${why}` };
}

function decode(raw: string): string | undefined {
  if (raw.replace(ESCAPES, "").includes("%")) return undefined;
  const bytes = Buffer.from(raw.replace(ESCAPES, (escape) => String.fromCharCode(Number.parseInt(escape.slice(1), 16))), "latin1");
  try {
    // A byte order mark is a character that cannot be seen, and not to be passed over.
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

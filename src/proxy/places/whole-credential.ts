// Whether a placeholder is all of the credential in a header, for a secret whose service nobody knows. As a part of one it would go to who reads the rest: an address in the same header,
// say, or a credential of the program's own in front of it, by which the server takes the request for that account's.
import { isNamed } from "../http1/raw-head.ts";
import type { Occurrence } from "./placeholder.ts";

type Span = Pick<Occurrence, "start" | "end">;

/** A scheme is the client's to choose. Of `name:key` each side may be the key, as in Basic. */
const BEFORE = /^(?:[a-z0-9_-]+[ \t]+)?(?:[^\s,;:="]+:)?$/i;
const AFTER = /^(?::[^\s,;:="]*)?$/;
const SCHEME = /^[a-z0-9_-]+[ \t]+(?=[^\s,;="]+[ \t]*=)/i;
/** RFC 9110 section 11.2; some servers have semicolons. */
const PARAMETER = /[ \t]*([^\s,;="]+)[ \t]*=[ \t]*("[^"]*"|[^\s,;"]*)[ \t]*(?:[,;]|$)/y;
/** In front of a key in a header that is there for nothing else. */
const USUAL_SCHEME = /^(?:(?:bearer|token|key|api-?key|oauth|basic)[ \t]+)?$/i;
const COOKIE_BEFORE = /^[ \t]*(?:[^\s;="]+=)?"?$/;
const COOKIE_AFTER = /^"?[ \t]*(?:;|$)/;

/** @param name of the header, in lower case. */
export function isWholeCredential(name: string, value: string, { start, end }: Span): boolean {
  const [before, after] = [value.slice(0, start), value.slice(end)];
  if (isNamed(name, "cookie")) return COOKIE_BEFORE.test(before.slice(before.lastIndexOf(";") + 1)) && COOKIE_AFTER.test(after);
  if (!isNamed(name, "authorization")) return after === "" && USUAL_SCHEME.test(before);
  return (BEFORE.test(before) && AFTER.test(after)) || isWholeParameter(value, { start, end });
}

/** In a list of parameters of which none stands twice: of two tokens, one is not the run's. */
function isWholeParameter(value: string, { start, end }: Span): boolean {
  const names = new Set<string>();
  let isMet = false;
  for (PARAMETER.lastIndex = SCHEME.exec(value)?.[0].length ?? 0; PARAMETER.lastIndex < value.length; ) {
    const match = PARAMETER.exec(value);
    if (match === null) return false;
    const [all, parameter = "", text = ""] = match;
    if (names.has(parameter.toLowerCase())) return false;
    names.add(parameter.toLowerCase());
    const quote = text.startsWith('"') ? 1 : 0;
    const from = match.index + all.indexOf(text, all.indexOf("=") + 1) + quote;
    if (from === start && from + text.length - 2 * quote === end) isMet = true;
  }
  return isMet;
}

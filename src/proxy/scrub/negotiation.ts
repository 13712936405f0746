// What is asked of a bound host so that its answer can be looked through: all of it, not compressed, in a charset in which values are what they are.
import { lowerCase } from "../grants/header-name.ts";
import { acceptReadable } from "./charset.ts";

/** `Range` and what belongs to it, `Accept-Charset`, and `A-IM` (RFC 3229), which asks for differences, ranges and compression. */
const UNREADABLE = new Set(["range", "if-range", "accept-charset", "a-im"]);

/**
 * The headers to send on. `Accept-Encoding` asks for identity. At the ends of a part nobody can tell a value that is cut from other text, and so the answer is all there is (a server may ignore any range:
 * RFC 9110 section 14.2). Whoever goes on with a download begins anew, or says why not.
 */
export function askForReadable(headers: readonly string[]): string[] {
  const asked: string[] = [];
  for (let at = 0; at < headers.length; at += 2) {
    const [name = "", value = ""] = [headers[at], headers[at + 1]];
    const lower = lowerCase(name);
    if (lower === "accept-encoding") asked.push(name, "identity");
    else if (lower === "accept") asked.push(name, acceptReadable(value));
    else if (!UNREADABLE.has(lower)) asked.push(name, value);
  }
  return asked;
}

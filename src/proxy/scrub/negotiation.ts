// What is asked of a bound host so that its answer can be looked through: all of it, not compressed, in a charset in which values are what they are.
import { lowerCase } from "../grants/header-name.ts";
import { acceptReadable } from "./charset.ts";

/** `Range` and what belongs to it, `Accept-Charset`, and `A-IM` (RFC 3229), which asks for differences, ranges and compression. */
const UNREADABLE = new Set(["range", "if-range", "accept-charset", "a-im"]);
/** Azure's own names for a range, and for checksums of what it leads to. In a PUT they say where what is sent belongs. */
const OF_AZURE = /^x-ms-range(?:-get-content-(?:md5|crc64))?$/;

/**
 * The headers to send on. `Accept-Encoding` asks for identity. At the ends of a part nobody can tell a value that is cut from other text, and so all there is
 * is asked for (a server may ignore any range: RFC 9110 section 14.2). What the child wants of it is cut out here (exchange/wanted-part.ts).
 */
export function askForReadable(method: string, headers: readonly string[]): string[] {
  const asked: string[] = [];
  for (let at = 0; at < headers.length; at += 2) {
    const [name = "", value = ""] = [headers[at], headers[at + 1]];
    const lower = lowerCase(name);
    if (lower === "accept-encoding") asked.push(name, "identity");
    else if (lower === "accept") asked.push(name, acceptReadable(value));
    else if (!UNREADABLE.has(lower) && (method === "PUT" || !OF_AZURE.test(lower))) asked.push(name, value);
  }
  return asked;
}

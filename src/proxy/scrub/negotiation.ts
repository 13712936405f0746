// What is asked of a bound host so that its answer can be looked through: no compression, and all of it.
import { isNamed } from "../http1/raw-head.ts";

/**
 * The headers to send on. `Accept-Encoding` asks for identity. A `Range` is left out, with what belongs to it: at the ends of a part nobody can tell a value that is cut from other text, and so the answer
 * is all there is (a server may ignore any range: RFC 9110 section 14.2). Whoever goes on with a download begins anew, or says why not.
 */
export function askForReadable(headers: readonly string[]): string[] {
  const asked: string[] = [];
  for (let at = 0; at < headers.length; at += 2) {
    const [name = "", value = ""] = [headers[at], headers[at + 1]];
    if (isNamed(name, "accept-encoding")) asked.push(name, "identity");
    else if (!isNamed(name, "range") && !isNamed(name, "if-range")) asked.push(name, value);
  }
  return asked;
}

// What is asked of a bound host so that its answer can be looked through: no compression, and no ranges so small that a value slips through in crumbs.
import { isNamed } from "../http1/raw-head.ts";

/** A range narrower than this could cut a value into pieces too short to be told from chance. */
const RANGE_BYTES_MIN = 64;
const RANGE = /^bytes=(?:([0-9]{1,15})-([0-9]{1,15})?|-([0-9]{1,15}))$/i;

/** The headers to send on: `Accept-Encoding` asks for identity, a `Range` that is too narrow or not one range is dropped (a server may ignore any: RFC 9110 section 14.2). */
export function askForReadable(headers: readonly string[]): string[] {
  const asked: string[] = [];
  for (let at = 0; at < headers.length; at += 2) {
    const [name = "", value = ""] = [headers[at], headers[at + 1]];
    if (isNamed(name, "accept-encoding")) asked.push(name, "identity");
    else if (!isNamed(name, "range") || isWideRange(value)) asked.push(name, value);
  }
  return asked;
}

function isWideRange(value: string): boolean {
  const match = RANGE.exec(value.trim());
  if (match === null) return false;
  const [, first, last, suffix] = match;
  if (suffix !== undefined) return Number(suffix) >= RANGE_BYTES_MIN;
  return last === undefined || Number(last) - Number(first) + 1 >= RANGE_BYTES_MIN;
}

// Whether a placeholder stands where its secret may act. The place is told as narrowly as it can be: the whole of a parameter and not a part of an address in it,
// a segment of a path and not one of an address behind it. What a host takes for anything else than a key (an icon to fetch, say), it may send or show to others.
import { isCredentialHeader, isNamedFor } from "../grants/credential-header.ts";
import type { Grant } from "../grants/grant.ts";
import type { KeySpot } from "../grants/pin.ts";
import type { Occurrence } from "./placeholder.ts";
import { isWholeCredential } from "./whole-credential.ts";

/** Parameters that usually carry keys, without case, `-`, `_` and `.`. */
const USUAL_PARAMETERS = new Set(
  "key apikey appkey accesskey userkey token apitoken accesstoken authtoken privatetoken personalaccesstoken jobtoken appid appsecret apisecret clientsecret secret secretkey subscriptionkey auth authkey hapikey".split(" "),
);
/** A scheme, a colon and a slash, plain or encoded, whatever stands before it (`url=`, `filters:watermark(`): from here on the path is another address, which the host may fetch. */
const ADDRESS_WITHIN = /[a-z0-9](?::|%(?:25)*3a)(?:\/|%(?:25)*(?:2f|5c))/i;
const SUBPROTOCOLS = "sec-websocket-protocol";

/** @param name in lower case. @param value of the header. */
export function standsInHeader(grant: Grant, name: string, value: string, occurrence: Occurrence): boolean {
  if (isNamedFor(name, grant)) return true;
  if (!grant.places.includes("header")) return false;
  const { pin } = grant;
  return pin === undefined ? isCredentialHeader(name) && isWholeCredential(name, value, occurrence) : pin.spots.some((spot) => spot.place === "header" && spot.header === name && fitsHeader(spot, value, occurrence));
}

/** As the whole of the user's name or of the password: of a pinned secret, whichever its service takes. @param credential decoded. */
export function standsInBasic(grant: Grant, credential: string, { start, end }: Occurrence): boolean {
  const colon = credential.indexOf(":");
  const isUser = start === 0 && (end === colon || (colon < 0 && end === credential.length));
  const isPassword = colon >= 0 && start === colon + 1 && end === credential.length;
  if (!isUser && !isPassword) return false;
  if (isNamedFor("authorization", grant)) return true;
  if (!grant.places.includes("basic")) return false;
  const { pin } = grant;
  return pin === undefined || pin.spots.some((spot) => spot.place === "basic" && (spot.form.endsWith(":{key}") ? isPassword : isUser));
}

/** As the whole of a parameter that carries keys. @param target in origin-form, with a query. */
export function standsInQuery(grant: Grant, target: string, { start, end }: Occurrence): boolean {
  const { places, pin } = grant;
  const name = findParameter(target, start);
  if (name === undefined || !isEndOfParameter(target, end) || hasAddressWithin(target, findFirstName(target)) || isTwice(target, name)) return false;
  if (places.includes(`query:${name}`)) return true;
  if (!places.includes("query")) return false;
  return pin === undefined ? USUAL_PARAMETERS.has(name.toLowerCase().replace(/[-_.]/g, "")) : pin.spots.some((spot) => spot.place === "query" && spot.parameter === name);
}

/** As a whole segment, or as the path of its service has it. @param target in origin-form. */
export function standsInPath(grant: Grant, target: string, { start, end }: Occurrence): boolean {
  if (!grant.places.includes("path")) return false;
  const { pin } = grant;
  if (pin !== undefined) return pin.spots.some((spot) => spot.place === "path" && fitsPath(spot, target, start, end));
  return target[start - 1] === "/" && isEndOfSegment(target, end) && !hasAddressWithin(target, start);
}

/** The name of the parameter whose value begins there. */
function findParameter(target: string, start: number): string | undefined {
  const from = Math.max(target.indexOf("?"), target.lastIndexOf("&", start - 1)) + 1;
  const [name, value] = target.slice(from, start).split("=", 2);
  return value === "" && target[start - 1] === "=" && start - from === (name ?? "").length + 1 ? name : undefined;
}

/** Where the query's first name ends: what begins with an address is one, to hosts that fetch all that stands behind the question mark. */
function findFirstName(target: string): number {
  const question = target.indexOf("?");
  const length = target.slice(question).search(/[=&]/);
  return length < 0 ? target.length : question + length;
}

/** Of two parameters of a name, servers take the first or the last: the other one may be the program's own key. */
function isTwice(target: string, name: string): boolean {
  const names = target.slice(target.indexOf("?") + 1).toLowerCase().split("&");
  return names.filter((parameter) => parameter.split("=", 1)[0] === name.toLowerCase()).length > 1;
}

function isEndOfParameter(target: string, end: number): boolean {
  return end === target.length || target[end] === "&";
}

function isEndOfSegment(target: string, end: number): boolean {
  return end === target.length || target[end] === "/" || target[end] === "?";
}

function hasAddressWithin(target: string, before: number): boolean {
  return ADDRESS_WITHIN.test(target.slice(0, before));
}

/**
 * The form, but for its case: schemes have none. In `Authorization` the scheme is the client's to choose, and is one word before the key;
 * of subprotocols, the form is some of those that are offered.
 */
function fitsHeader({ header, form }: Extract<KeySpot, { readonly place: "header" }>, value: string, { start, end }: Occurrence): boolean {
  const [before, after] = [value.slice(0, start), value.slice(end)];
  if (header === "authorization" && after === "" && /^(?:[a-z0-9-]+[ \t]+)?$/i.test(before)) return true;
  const [formBefore = "", formAfter = ""] = form.split("{key}");
  if (header !== SUBPROTOCOLS) return before.toLowerCase() === formBefore.toLowerCase() && after === formAfter;
  return listOf(before).endsWith(`,${tidyList(formBefore)}`) && `${tidyList(after)},`.startsWith(`${tidyList(formAfter)},`);
}

/** A list's beginning, with a comma before each of its members. */
function listOf(text: string): string {
  return `,${tidyList(text)}`;
}

function tidyList(text: string): string {
  return text.replace(/[ \t]*,[ \t]*/g, ",");
}

function fitsPath({ form }: Extract<KeySpot, { readonly place: "path" }>, target: string, start: number, end: number): boolean {
  const [before = "", after = ""] = form.split("{key}");
  return target.slice(0, start) === before && target.startsWith(after, end) && (after.endsWith("/") || isEndOfSegment(target, end + after.length));
}

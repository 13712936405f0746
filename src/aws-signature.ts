// AWS Signature Version 4 ("Create a signed AWS API request"): what a signature covers, and the signature. The agent signs its own requests so, and a run's proxy those of the program. Pure.
import { createHash, createHmac } from "node:crypto";

export interface SignedParts {
  readonly method: string;
  /** As it goes over the wire: the path and, behind `?`, the query. */
  readonly target: string;
  /** The headers that are signed: names in small letters, each once. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** `hashOf` the body, or the word that stands for it, such as `UNSIGNED-PAYLOAD`. */
  readonly payload: string;
  /** `20260131T090000Z`. */
  readonly time: string;
  readonly region: string;
  readonly service: string;
}

export const ALGORITHM = "AWS4-HMAC-SHA256";
/** In a presigned URL, the one parameter that the signature does not cover: itself. */
const SIGNATURE_PARAMETER = "X-Amz-Signature";

/** In hexadecimal. */
export function hashOf(bytes: Uint8Array | string): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** `20260131T090000Z`. @param nowMs milliseconds since 1970. */
export function timeOf(nowMs: number): string {
  return new Date(nowMs).toISOString().replaceAll(/[-:]|\.\d+/g, "");
}

/** Day, region and service, as `Credential` has them behind the key's id. */
function scopeOf({ time, region, service }: Pick<SignedParts, "time" | "region" | "service">): string {
  return `${time.slice(0, 8)}/${region}/${service}/aws4_request`;
}

/** In hexadecimal. */
export function signatureOf(parts: SignedParts, secretAccessKey: string): string {
  const { time, region, service } = parts;
  const key = [time.slice(0, 8), region, service, "aws4_request"].reduce<string | Uint8Array>((last, word) => createHmac("sha256", last).update(word).digest(), `AWS4${secretAccessKey}`);
  return createHmac("sha256", key).update([ALGORITHM, time, scopeOf(parts), hashOf(canonicalRequestOf(parts))].join("\n")).digest("hex");
}

/** The value of the header `Authorization`. */
export function authorizationOf(parts: SignedParts, accessKeyId: string, secretAccessKey: string): string {
  return `${ALGORITHM} Credential=${accessKeyId}/${scopeOf(parts)}, SignedHeaders=${signedNames(parts)}, Signature=${signatureOf(parts, secretAccessKey)}`;
}

export function canonicalRequestOf(parts: SignedParts): string {
  const question = parts.target.indexOf("?");
  const [path, query] = question < 0 ? [parts.target, ""] : [parts.target.slice(0, question), parts.target.slice(question + 1)];
  const headers = sortedHeaders(parts).map(([name, value]) => `${name}:${value.trim().replaceAll(/ +/g, " ")}\n`).join("");
  return [parts.method, canonicalPath(path, parts.service), canonicalQuery(query), headers, signedNames(parts), parts.payload].join("\n");
}

function signedNames(parts: SignedParts): string {
  return sortedHeaders(parts).map(([name]) => name).join(";");
}

function sortedHeaders({ headers }: SignedParts): (readonly [string, string])[] {
  return [...headers].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** S3 takes the path as it is; all others have it encoded once more, without dot segments and doubled slashes. */
function canonicalPath(path: string, service: string): string {
  if (path === "") return "/";
  if (/^s3(?:$|-|express)/.test(service)) return path.replaceAll(/[^A-Za-z0-9._~/%-]+/g, encode);
  const kept: string[] = [];
  for (const segment of path.split("/")) {
    if (segment === "..") kept.pop();
    else if (segment !== "" && segment !== ".") kept.push(encode(segment));
  }
  return `/${kept.join("/")}${kept.length > 0 && /\/\.{0,2}$/.test(path) ? "/" : ""}`;
}

function canonicalQuery(query: string): string {
  const pairs = query.split("&").filter((pair) => pair !== "").map((pair) => {
    const equals = pair.indexOf("=");
    const [name, value] = equals < 0 ? [pair, ""] : [pair.slice(0, equals), pair.slice(equals + 1)];
    return [encode(decode(name)), encode(decode(value))] as const;
  });
  const sorted = pairs.filter(([name]) => name !== SIGNATURE_PARAMETER).sort(([a, x], [b, y]) => (a === b ? (x < y ? -1 : 1) : a < b ? -1 : 1));
  return sorted.map(([name, value]) => `${name}=${value}`).join("&");
}

/** All but the unreserved characters of RFC 3986. */
export function encode(text: string): string {
  return encodeURIComponent(text).replaceAll(/[!'()*]/g, (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** What is no percent-encoding is taken as it stands. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

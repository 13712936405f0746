// Header names in lower case. A proxy asks for them many times in each head, and nearly all names are the same few: for those the answer is a string that is there once, which is found by one look
// and compared by where it lies. To make it anew is dearer, and to compare one that was cut out of a head with another dearer still.

/** What clients and servers send most, in the letters of HTTP/2 here. */
const USUAL = [
  "accept", "accept-encoding", "accept-language", "accept-ranges", "access-control-allow-origin", "access-control-expose-headers", "age", "alt-svc", "anthropic-beta", "anthropic-version", "authorization",
  "cache-control", "cf-cache-status", "cf-ray", "connection", "content-encoding", "content-length", "content-security-policy", "content-type", "cookie",
  "date", "etag", "expect", "expires", "host", "idempotency-key", "if-modified-since", "if-none-match", "keep-alive", "last-modified", "link", "location", "openai-organization", "origin",
  "pragma", "range", "referer", "referrer-policy", "request-id", "server", "set-cookie", "strict-transport-security", "te", "trailer", "transfer-encoding", "upgrade", "user-agent",
  "vary", "via", "x-api-key", "x-content-type-options", "x-frame-options", "x-powered-by", "x-request-id", "x-xss-protection",
] as const;

/** One spelling of a usual name. */
export interface UsualName {
  readonly written: string;
  readonly lower: string;
}

/** As they are written: small, or with a capital at the beginning of each word. */
const BY_SPELLING: ReadonlyMap<string, UsualName> = new Map(USUAL.flatMap((lower) => [lower, lower.replace(/(?:^|-)[a-z]/g, (start) => start.toUpperCase())].map((written) => [written, { written, lower }])));

/** Undefined for every other name, and for one in other letters. */
export function findUsual(name: string): UsualName | undefined {
  return BY_SPELLING.get(name);
}

export function lowerCase(name: string): string {
  return BY_SPELLING.get(name)?.lower ?? name.toLowerCase();
}

// `Authorization: Basic` (RFC 7617): user and password behind base64, where curl -u and git put a placeholder.

const BASIC = /^Basic[ \t]+([A-Za-z0-9+/_-]+={0,2})[ \t]*$/i;

/**
 * What a Basic credential decodes to, one character for each byte (latin-1), or undefined where the value is none. Read loosely, with
 * or without padding and colon: it matters only where a placeholder comes to light, and is written anew then.
 */
export function findBasicCredential(value: string): string | undefined {
  const match = BASIC.exec(value);
  return match?.[1] === undefined ? undefined : Buffer.from(match[1], "base64").toString("latin1");
}

/** @param userAndPassword one character for each byte (latin-1). */
export function formatBasicCredential(userAndPassword: string): string {
  return `Basic ${Buffer.from(userAndPassword, "latin1").toString("base64")}`;
}

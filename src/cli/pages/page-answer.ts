// How every page of this machine answers: it is kept nowhere, framed by nobody, and tells no other site of its address.
import type { ServerResponse } from "node:http";

/** @param policy the page's Content-Security-Policy. */
export function answerPage(response: ServerResponse, policy: string, status: number, body = "", headers: Readonly<Record<string, string>> = {}): void {
  response.writeHead(status, {
    ...headers,
    "content-security-policy": policy,
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "content-length": Buffer.byteLength(body),
  });
  response.end(body);
}

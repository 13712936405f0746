// How a refusal looks on the wire: short plain text, its code in a header, the request's id for the audit log.
import type { ServerResponse } from "node:http";
import { STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { endGently } from "./connection-end.ts";
import type { Refusal } from "./refusal.ts";

/** Answers through a response whose head is not out yet. @param isLast closes the connection: for framing in doubt. */
export function answerRefusal(response: ServerResponse, refusal: Refusal, requestId: string, isLast: boolean): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  const { headers, body } = compose(refusal, requestId);
  if (isLast) response.shouldKeepAlive = false;
  response.writeHead(refusal.status, isLast ? [...headers, "connection", "close"] : headers);
  response.end(body);
}

/** Answers on a socket that no parser holds any more, and closes it. */
export function writeRefusal(socket: Duplex, refusal: Refusal, requestId: string): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const { headers, body } = compose(refusal, requestId);
  let head = `HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status] ?? ""}\r\n`;
  for (let at = 0; at < headers.length; at += 2) head += `${headers[at] ?? ""}: ${headers[at + 1] ?? ""}\r\n`;
  endGently(socket, `${head}connection: close\r\n\r\n${body}`);
}

function compose({ code, status, text }: Refusal, requestId: string): { readonly headers: string[]; readonly body: string } {
  const body = `vault: ${text} (${code}, request ${requestId})\n`;
  const headers = ["content-type", "text/plain; charset=utf-8", "content-length", String(Buffer.byteLength(body)), "cache-control", "no-store", "x-vault-refusal", code, "x-vault-request", requestId];
  return { headers: status === 407 ? [...headers, "proxy-authenticate", 'Basic realm="vault"'] : headers, body };
}

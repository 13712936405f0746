// How a refusal looks on the wire: short plain text, its code in a header, the request's id for the audit log.
import { STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import type { ChildResponse } from "./child-response.ts";
import { endGently } from "./connection-end.ts";
import type { AnswerFormat, Refusal } from "../grants/refusal.ts";

const AWS_CODE = "RefusedByVault";

/** Answers through a response that has not begun. */
export function answerRefusal(response: ChildResponse, refusal: Refusal, requestId: string): void {
  const { headers, body } = compose(refusal, requestId);
  if (response.isOver || response.isStarted || !response.start(refusal.status, headers, { kind: "some", lengthBytes: body.length })) response.destroy();
  else response.endWith(body);
}

/** Answers a request that goes nowhere, through a response that has not begun. */
export function answerByItself(response: ChildResponse, json: string): void {
  const body = Buffer.from(json);
  const headers = ["content-type", "application/json", "cache-control", "no-store"];
  if (response.isOver || response.isStarted || !response.start(200, headers, { kind: "some", lengthBytes: body.length })) response.destroy();
  else response.endWith(body);
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
  endGently(socket, Buffer.concat([Buffer.from(`${head}content-length: ${body.length}\r\nconnection: close\r\n\r\n`, "latin1"), body]));
}

function compose({ code, status, text, remedy, format, retrySeconds }: Refusal, requestId: string): { readonly headers: string[]; readonly body: Buffer } {
  // What only the person can change is not told how: the program would do it.
  const advice = remedy === undefined ? "" : "; ask the person who started this run";
  const { type, body } = write(`vault: ${text}${advice} (${code}, request ${requestId})`, format);
  const headers = ["content-type", type, "cache-control", "no-store", "x-vault-refusal", code, "x-vault-request", requestId, ...(retrySeconds === undefined ? [] : ["retry-after", String(retrySeconds)])];
  return { headers: status === 407 ? [...headers, "proxy-authenticate", 'Basic realm="vault"'] : headers, body };
}

/** Clients of AWS look for a reason in a document of the service's own kind, and tell nothing of any other. */
function write(reason: string, format: AnswerFormat | undefined): { readonly type: string; readonly body: Buffer } {
  switch (format) {
    case undefined:
      return { type: "text/plain; charset=utf-8", body: Buffer.from(`${reason}\n`) };
    case "aws-json":
      return { type: "application/json", body: Buffer.from(JSON.stringify({ __type: AWS_CODE, message: reason })) };
    case "aws-xml": {
      const text = reason.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
      const error = `<Code>${AWS_CODE}</Code><Message>${text}</Message>`;
      // S3 has the two in the root, the others within.
      return { type: "application/xml", body: Buffer.from(`<Error>${error}<Type>Sender</Type><Error>${error}</Error></Error>`) };
    }
  }
}

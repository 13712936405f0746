// A bound host that hands back what it was sent, in every guise and every part of an answer. It keeps the values that really arrived.
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { createHash } from "node:crypto";
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from "node:zlib";
import { survive } from "./raw-sockets.ts";
import { reflect } from "./reflected-values.ts";
import { makeSelfSigned } from "./self-signed.ts";

export interface ReflectingServer {
  readonly port: number;
  /** PEM, for `localhost`. */
  readonly certificate: string;
  readonly arrived: () => ReadonlySet<string>;
  close(): Promise<void>;
}

const CODINGS: Readonly<Record<string, (body: Buffer) => Buffer>> = { identity: (body) => body, gzip: gzipSync, deflate: deflateSync, "deflate-raw": deflateRawSync, br: brotliCompressSync };

/**
 * Takes `{"value": …}` as the body of a POST, or a credential in `X-Api-Key`. `/coded/CODING` has the guises in its body, `/chunks` the same in
 * chunks of seven bytes, `/head` in headers, cookies and Location, `/trailers` in trailers, `/events` in server-sent events, `/cut` in half a body, and an upgrade in the handshake's answer. `/hold` is never answered.
 */
export async function openReflectingServer(): Promise<ReflectingServer> {
  const { certificate, key } = makeSelfSigned("localhost");
  const arrived = new Set<string>();
  const server = createServer({ key, cert: certificate, maxHeaderSize: 65_536 }, (request, response) => {
    let text = "";
    request.setEncoding("utf8").on("data", (part: string) => (text += part)).on("end", () => {
      const value = valueOf(request, text);
      arrived.add(value);
      answer(request.url ?? "", value, response);
    });
  });
  server.on("upgrade", (request: IncomingMessage, socket: Socket) => {
    const value = valueOf(request, "");
    const accept = createHash("sha1").update(`${request.headers["sec-websocket-key"] ?? ""}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
    survive(socket).end(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n${headerForms(value).map((form, index) => `X-Echo-${index}: ${form}\r\n`).join("")}\r\n`);
  });
  await new Promise<void>((resolve) => server.listen(0, "localhost", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    certificate,
    arrived: () => arrived,
    close: () => new Promise((resolve) => {
      server.closeAllConnections();
      server.close(() => { resolve(); });
    }),
  };
}

function valueOf(request: IncomingMessage, body: string): string {
  const credential = request.headers["x-api-key"];
  return typeof credential === "string" ? credential : (JSON.parse(body) as { readonly value: string }).value;
}

function answer(path: string, value: string, response: ServerResponse): void {
  const body = Buffer.from(Object.values(reflect(value)).map((form) => `<${form}>\n`).join(""));
  const [, kind = "", coding = ""] = path.split("/");
  const encode = CODINGS[coding];
  if (kind === "coded" && encode !== undefined) {
    if (coding !== "identity") response.setHeader("content-encoding", coding.replace("-raw", ""));
    response.end(encode(body));
  } else if (kind === "hold") {
    return;
  } else if (kind === "head") {
    response.statusCode = 302;
    response.setHeader("location", `https://elsewhere.example.test/?key=${encodeURIComponent(value)}`);
    response.setHeader("set-cookie", headerForms(value).map((form, index) => `c${index}=${form}`));
    headerForms(value).forEach((form, index) => response.setHeader(`x-echo-${index}`, form));
    response.end();
  } else if (kind === "trailers") {
    response.setHeader("trailer", "x-echo");
    response.write("see below\n");
    response.addTrailers(headerForms(value).map((form): [string, string] => ["x-echo", form]));
    response.end();
  } else if (kind === "events") {
    response.setHeader("content-type", "text/event-stream");
    for (const form of Object.values(reflect(value))) response.write(`data: ${form}\n\n`);
    response.end();
  } else if (kind === "cut") {
    response.setHeader("content-length", String(body.length * 2));
    response.write(body);
    setTimeout(() => response.destroy(), 20);
  } else {
    for (let at = 0; at < body.length; at += 7) response.write(body.subarray(at, at + 7));
    response.end();
  }
}

/** What of the guises a header can hold. */
function headerForms(value: string): string[] {
  return Object.values(reflect(value)).filter((form) => /^[\t\x20-\x7e]*$/.test(form));
}

// WebSocket handshakes (RFC 6455 section 4): what is passed on, and when a server has really agreed. Frames are nobody's business here.
import { createHash } from "node:crypto";
import { valuesIn } from "./raw-head.ts";
import type { RequestHead } from "./request-head.ts";

/** RFC 6455 section 1.3. */
const ACCEPT_SUFFIX = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
/** 16 bytes in base64. */
const KEY = /^[A-Za-z0-9+/]{21}[AQgw]==$/;
/** The answer's own framing is written anew, and its head has no body to frame (RFC 9110 section 15.2). */
const NOT_PASSED_ON = new Set(["connection", "upgrade", "keep-alive", "proxy-connection", "proxy-authenticate", "te", "trailer", "transfer-encoding", "content-length"]);

/** The key of a client's handshake, or undefined where the request is none (section 4.1). */
export function findHandshakeKey({ method, upgrade, bodyBytes, headers }: RequestHead): string | undefined {
  const [key, ...more] = valuesIn(headers, "sec-websocket-key");
  const versions = valuesIn(headers, "sec-websocket-version");
  const isHandshake = method === "GET" && upgrade === "websocket" && bodyBytes === undefined && versions.join() === "13";
  return isHandshake && key !== undefined && more.length === 0 && KEY.test(key) ? key : undefined;
}

/**
 * The head that tells the child of a server's 101, or undefined where the server agreed to something else (section 4.1, the client's
 * checks 2 to 4). What else was negotiated, extensions and subprotocol, is between the two.
 *
 * @param headers names and values alternate, as the child may see them.
 * @returns text, one character for each byte (latin-1).
 */
export function findSwitchHead(headers: readonly string[], key: string): string | undefined {
  const accept = createHash("sha1").update(key + ACCEPT_SUFFIX).digest("base64");
  const isAgreed =
    valuesIn(headers, "upgrade").join().toLowerCase() === "websocket" &&
    valuesIn(headers, "connection").join().toLowerCase().split(",").some((token) => token.trim() === "upgrade") &&
    valuesIn(headers, "sec-websocket-accept").join() === accept;
  if (!isAgreed) return undefined;
  let head = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n";
  for (let at = 0; at < headers.length; at += 2) {
    const [name = "", value = ""] = [headers[at], headers[at + 1]];
    if (!NOT_PASSED_ON.has(name.toLowerCase())) head += `${name}: ${value}\r\n`;
  }
  return `${head}\r\n`;
}

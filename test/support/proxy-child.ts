// What a child of `vault run` does, one byte at a time: CONNECT with the token, TLS with the run's CA, requests by hand.
import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import type { Proxy } from "../../src/proxy/server.ts";
import { connect, connectTls } from "./raw-sockets.ts";

export interface Reply {
  readonly status: number;
  /** Lower-case names; doubled headers joined by a line end. */
  readonly headers: Readonly<Record<string, string>>;
  /** Without chunk framing, latin-1. */
  readonly body: string;
  /** All bytes, latin-1. */
  readonly raw: string;
}

export interface CollectedBytes {
  /** All bytes until the other side closes, or `until` says that it has enough. */
  read(until?: (raw: string) => boolean): Promise<string>;
}

export function proxyAuthorization(proxy: Proxy): string {
  const { username, password } = new URL(proxy.url);
  return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
}

/** Opens a CONNECT and returns the socket and what the proxy said to it. */
export async function openConnect(proxy: Proxy, authority: string, authorization = proxyAuthorization(proxy)): Promise<{ socket: Socket; head: string }> {
  const socket = connect(proxy.port, "127.0.0.1");
  socket.on("error", () => socket.destroy());
  socket.write(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n${authorization === "" ? "" : `Proxy-Authorization: ${authorization}\r\n`}\r\n`, "latin1");
  const head = await collect(socket).read((raw) => raw.includes("\r\n\r\n"));
  return { socket, head };
}

/** @param ca what the child trusts: the run's CA by default. @throws where the TLS greeting fails. */
export async function openSecure(proxy: Proxy, authority: string, servername = authority.replace(/:\d+$/, ""), ca = proxy.caCertificate): Promise<TLSSocket> {
  const { socket, head } = await openConnect(proxy, authority);
  if (!head.startsWith("HTTP/1.1 200")) throw new Error(`CONNECT: ${head}`);
  const isName = !/^[\d.]+$|^\[/.test(servername);
  return untilSecure(connectTls({ socket, ca, ...(isName ? { servername } : { servername: "", host: servername }), ALPNProtocols: ["http/1.1"] }));
}

/** The same socket, once its greeting is done. Rejects where that fails. */
export async function untilSecure(secure: TLSSocket): Promise<TLSSocket> {
  await new Promise<void>((resolve, reject) => {
    secure.once("secureConnect", resolve);
    secure.once("error", reject);
    secure.once("close", () => {
      reject(new Error("closed"));
    });
  });
  secure.on("error", () => secure.destroy());
  return secure;
}

/** Sends one request through an intercepted connection and reads until its answer is complete. */
export async function ask(proxy: Proxy, authority: string, request: string, method = request.slice(0, request.indexOf(" "))): Promise<Reply> {
  const secure = await openSecure(proxy, authority);
  try {
    secure.write(request, "latin1");
    return parseReply(await collect(secure).read((raw) => isComplete(raw, method)));
  } finally {
    secure.destroy();
  }
}

/** Sends bytes straight to the proxy's port. */
export async function askPlain(proxy: Proxy, request: string): Promise<Reply> {
  const socket = connect(proxy.port, "127.0.0.1");
  socket.on("error", () => socket.destroy());
  try {
    socket.write(request, "latin1");
    return parseReply(await collect(socket).read((raw) => isComplete(raw, request.slice(0, request.indexOf(" ")))));
  } finally {
    socket.destroy();
  }
}

export function collect(socket: Socket): CollectedBytes {
  let raw = "";
  let isClosed = false;
  let wake = (): void => undefined;
  socket.on("data", (chunk: Buffer) => {
    raw += chunk.toString("latin1");
    wake();
  });
  socket.on("close", () => {
    isClosed = true;
    wake();
  });
  socket.on("end", () => {
    isClosed = true;
    wake();
  });
  return {
    async read(until = () => false) {
      while (!isClosed && !until(raw)) await new Promise<void>((resolve) => (wake = resolve));
      return raw;
    },
  };
}

export function parseReply(raw: string): Reply {
  const end = raw.indexOf("\r\n\r\n");
  const [start = "", ...lines] = raw.slice(0, Math.max(end, 0)).split("\r\n");
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const colon = line.indexOf(":");
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    headers[name] = headers[name] === undefined ? value : `${headers[name]}\n${value}`;
  }
  const body = raw.slice(end + 4);
  return { status: Number(start.split(" ")[1] ?? 0), headers, body: headers["transfer-encoding"] === "chunked" ? unchunk(body) : body, raw };
}

function isComplete(raw: string, method: string): boolean {
  const end = raw.indexOf("\r\n\r\n");
  if (end < 0) return false;
  const { status, headers } = parseReply(raw);
  if (method === "HEAD" || status === 204 || status === 304) return true;
  if (headers["transfer-encoding"] === "chunked") return /(?:^|\r\n)0\r\n(?:[^\r\n]+\r\n)*\r\n$/.test(raw.slice(end + 4));
  const length = headers["content-length"];
  return length !== undefined && raw.length >= end + 4 + Number(length);
}

function unchunk(body: string): string {
  let text = "";
  for (let at = 0; at < body.length; ) {
    const line = body.indexOf("\r\n", at);
    const size = parseInt(body.slice(at, line), 16);
    if (line < 0 || Number.isNaN(size) || size === 0) break;
    text += body.slice(line + 2, line + 2 + size);
    at = line + 2 + size + 2;
  }
  return text;
}

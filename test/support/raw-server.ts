// A server that keeps every byte it received and answers what a test tells it to, byte for byte.
import type { AddressInfo, Server, Socket } from "node:net";
import type { TlsOptions } from "node:tls";
import { createServer, createTlsServer } from "./raw-sockets.ts";

/** Called with each request (its head, and what of its body came with it), on the socket that it came on. */
export type Answer = (request: string, socket: Socket) => string | Uint8Array | undefined;

export interface RawServer {
  readonly port: number;
  /** All bytes of all connections, latin-1. */
  readonly received: () => string;
  readonly connections: () => number;
  close(): Promise<void>;
}

/** @param identity undefined for a server without TLS. */
export async function openRawServer(identity: TlsOptions | undefined, answer: Answer): Promise<RawServer> {
  let received = "";
  let connections = 0;
  const sockets = new Set<Socket>();
  const onConnection = (socket: Socket): void => {
    connections += 1;
    sockets.add(socket);
    let pending = "";
    socket.on("error", () => socket.destroy());
    socket.on("close", () => sockets.delete(socket));
    socket.on("data", (chunk: Buffer) => {
      received += chunk.toString("latin1");
      pending += chunk.toString("latin1");
      for (let end = endOfRequest(pending); end > 0; end = endOfRequest(pending)) {
        const request = pending.slice(0, end);
        pending = pending.slice(end);
        const bytes = answer(request, socket);
        if (bytes !== undefined && socket.writable) socket.write(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes);
      }
    });
  };
  const server: Server = identity === undefined ? createServer(onConnection) : createTlsServer({ ...identity, ALPNProtocols: ["http/1.1"] }, onConnection);
  server.on("tlsClientError", () => undefined);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    received: () => received,
    connections: () => connections,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A whole answer with its length. */
export function plainAnswer(body: string, ...headers: readonly string[]): string {
  return ["HTTP/1.1 200 OK", ...headers, `Content-Length: ${Buffer.byteLength(body, "latin1")}`, "", body].join("\r\n");
}

/** An answer cut into pieces that leave one by one. */
export function inPieces(bytes: Uint8Array, size: number): Answer {
  return (_request, socket) => {
    void (async () => {
      for (let at = 0; at < bytes.length; at += size) {
        socket.write(bytes.subarray(at, at + size));
        await new Promise((resolve) => setImmediate(resolve));
      }
    })();
    return undefined;
  };
}

/** 0 while the request at the start is not complete. */
function endOfRequest(text: string): number {
  const head = text.indexOf("\r\n\r\n");
  if (head < 0) return 0;
  const length = /^content-length: *(\d+)/im.exec(text.slice(0, head))?.[1];
  if (/^transfer-encoding:/im.test(text.slice(0, head))) {
    const end = text.indexOf("0\r\n\r\n", head + 4);
    return end < 0 ? 0 : end + 5;
  }
  const end = head + 4 + Number(length ?? 0);
  return text.length < end ? 0 : end;
}

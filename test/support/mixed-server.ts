// One server for every kind of traffic: it reflects, redirects, compresses, speaks WebSocket; beside it one that breaks HTTP, one without TLS, and one at the far end of blind tunnels.
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer as createPlainServer } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { gzipSync } from "node:zlib";
import { WebSocketServer } from "ws";
import { bulkBytes, MIB } from "./bulk-body.ts";
import { createServer as createTcpServer, createTlsServer } from "./raw-sockets.ts";
import { makeSelfSigned } from "./self-signed.ts";

export interface MixedServer {
  /** Host and port, to bind a secret to. */
  readonly host: string;
  /** Another bound host: its answers are no HTTP. */
  readonly broken: string;
  /** HTTP without TLS, and no secret is bound to it. */
  readonly plain: string;
  /** Gives back every byte that it gets. */
  readonly echo: string;
  /** PEM. */
  readonly certificate: string;
  close(): Promise<void>;
}

export const LARGE_BYTES = 2 * MIB;

/** @param value what is admitted, as a Bearer token or a Basic password. */
export async function openMixedServer(value: string): Promise<MixedServer> {
  const { certificate, key } = makeSelfSigned("localhost");
  const identity = { key, cert: certificate };
  const sockets = new Set<Socket>();
  const keep = (socket: Socket): void => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy()).on("close", () => sockets.delete(socket));
  };
  const https = createServer(identity, (request, response) => { serve(request, response, value); });
  const webSockets = new WebSocketServer({ server: https });
  webSockets.on("connection", (socket) => {
    socket.on("error", () => undefined).on("message", (data, isBinary) => { socket.send(data, { binary: isBinary }); });
  });
  const broken = createTlsServer(identity, (socket) => {
    socket.on("error", () => socket.destroy()).once("data", () => socket.end("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello"));
  });
  const plain = createPlainServer((_request, response) => response.end("in the clear"));
  const echo = createTcpServer({ allowHalfOpen: true }, (socket) => socket.pipe(socket));
  const servers = [https, broken, plain, echo];
  for (const server of servers) {
    server.on("connection", keep);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  }
  const [host = "", brokenHost = "", plainHost = "", echoHost = ""] = servers.map((server, index) => `${index < 2 ? "localhost" : "127.0.0.1"}:${(server.address() as AddressInfo).port}`);
  return {
    host,
    broken: brokenHost,
    plain: plainHost,
    echo: echoHost,
    certificate,
    async close() {
      for (const socket of sockets) socket.destroy();
      webSockets.close();
      await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
    },
  };
}

function serve(request: IncomingMessage, response: ServerResponse, value: string): void {
  const { method = "", url = "", headers } = request;
  const basic = Buffer.from((headers.authorization ?? "").replace(/^Basic /, ""), "base64").toString();
  if (headers.authorization !== `Bearer ${value}` && basic !== `me:${value}`) {
    response.writeHead(401).end("who are you?");
    return;
  }
  request.on("error", () => undefined);
  if (url === "/redirect") response.writeHead(302, { location: `/api?key=${value}` }).end();
  else if (url === "/large") response.writeHead(200, { "content-length": LARGE_BYTES }).end(Buffer.concat([bulkBytes(0, MIB), bulkBytes(MIB, MIB)]));
  else if (url === "/gzip") response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync(`before ${value} after`));
  else {
    let bytes = 0;
    request.on("data", (chunk: Buffer) => (bytes += chunk.length)).on("end", () => response.end(`${method} ${url} ${bytes} ${headers.authorization ?? ""}`));
  }
}

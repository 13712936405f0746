// Servers that send and take bodies far larger than any buffer: over HTTPS, for a bound host, and over bare TCP, for the far end of a blind tunnel.
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { gzipSync } from "node:zlib";
import { BLOCK_BYTES, bulkBytes, hasRoom, MIB, readBulk, writeBulk } from "./bulk-body.ts";
import { createServer as createTcpServer } from "./raw-sockets.ts";
import { makeSelfSigned } from "./self-signed.ts";

export interface BulkServer {
  /** The HTTPS server. `GET /down?BYTES`, `GET /gzip?BLOCKS` and `GET /bomb?MEBIBYTES` send, `PUT /up?BYTES_PER_SECOND` takes after a first line, and says what came. */
  readonly host: string;
  /** The TCP server: a line `down BYTES` or `up BYTES_PER_SECOND`, then as above. */
  readonly tunnelled: string;
  /** PEM. */
  readonly certificate: string;
  /** The `Authorization` of the latest request over HTTPS, and the first line of the latest body. Asked for here, since answers are scrubbed. */
  readonly heard: () => Heard;
  close(): Promise<void>;
}

export interface Heard {
  readonly authorization: string | undefined;
  readonly firstLine: string | undefined;
}

export async function openBulkServer(): Promise<BulkServer> {
  const { certificate, key } = makeSelfSigned("localhost");
  let heard: Heard = { authorization: undefined, firstLine: undefined };
  const https = createServer({ key, cert: certificate }, (request, response) => {
    const { authorization } = request.headers;
    heard = { authorization, firstLine: undefined };
    void serve(request, response, (firstLine) => {
      heard = { authorization, firstLine };
    });
  });
  const sockets = new Set<Socket>();
  const tcp = createTcpServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy()).on("close", () => sockets.delete(socket));
    socket.once("data", (line: Buffer) => void converse(socket, line));
  });
  for (const server of [https, tcp]) await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    host: `localhost:${(https.address() as AddressInfo).port}`,
    tunnelled: `127.0.0.1:${(tcp.address() as AddressInfo).port}`,
    certificate,
    heard: () => heard,
    async close() {
      https.closeAllConnections();
      for (const socket of sockets) socket.destroy();
      await Promise.all([https, tcp].map((server) => new Promise((resolve) => server.close(resolve))));
    },
  };
}

async function serve(request: IncomingMessage, response: ServerResponse, onFirstLine: (line: string) => void): Promise<void> {
  const [path = "", amount] = (request.url ?? "").split("?");
  const count = amount === undefined ? undefined : Number(amount);
  request.on("error", () => undefined);
  if (path === "/up") {
    onFirstLine(await takeLine(request));
    response.end(JSON.stringify(await readBulk(request, count)));
    return;
  }
  if (path === "/down") await writeBulk(response.writeHead(200, { "content-length": count }), count ?? 0);
  else {
    // Members of a gzip file follow one another (RFC 1952 section 2.2): one is compressed, and sent again and again.
    const member = gzipSync(path === "/bomb" ? Buffer.alloc(MIB) : bulkBytes(0, BLOCK_BYTES));
    response.writeHead(200, { "content-encoding": "gzip" });
    for (let sent = 0; sent < (count ?? 0) && !response.destroyed; sent += 1) if (!response.write(member)) await hasRoom(response);
  }
  response.end();
}

/** Takes the stream's first line, with which a body may begin, off it. */
async function takeLine(stream: IncomingMessage): Promise<string> {
  let taken = Buffer.alloc(0);
  while (!taken.includes(10)) {
    await new Promise((resolve) => stream.once("readable", resolve));
    const chunk: unknown = stream.read();
    if (Buffer.isBuffer(chunk)) taken = Buffer.concat([taken, chunk]);
  }
  const end = taken.indexOf(10) + 1;
  stream.unshift(taken.subarray(end));
  return taken.toString("latin1", 0, end - 1);
}

async function converse(socket: Socket, first: Buffer): Promise<void> {
  const end = first.indexOf(10) + 1;
  const [verb, amount] = first.toString("latin1", 0, end - 1).split(" ");
  if (verb === "down") {
    await writeBulk(socket, Number(amount));
    socket.end();
    return;
  }
  socket.unshift(first.subarray(end));
  socket.end(JSON.stringify(await readBulk(socket, amount === undefined ? undefined : Number(amount))));
}

// A proxy such as a company has: it asks for credentials, and every name leads it to this machine. It keeps what it was asked for.
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import type { Duplex } from "node:stream";
import { connect, survive } from "./raw-sockets.ts";
import type { TestIdentity } from "./test-ca.ts";

export interface ProxiedRequest {
  readonly method: string;
  readonly target: string;
  readonly isAdmitted: boolean;
}

export interface UserProxy {
  readonly port: number;
  readonly requests: () => readonly ProxiedRequest[];
  close(): Promise<void>;
}

/** @param credential `user:password`. @param identity for a proxy that itself is reached over TLS. @param originPort where every tunnel leads, whatever port was asked for. */
export async function openUserProxy(credential: string, identity?: TestIdentity, originPort?: number): Promise<UserProxy> {
  const expected = `Basic ${Buffer.from(credential).toString("base64")}`;
  const requests: ProxiedRequest[] = [];
  const sockets = new Set<Duplex>();
  const keep = (socket: Duplex): void => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => sockets.delete(socket));
  };
  const admits = (request: IncomingMessage): boolean => {
    const isAdmitted = request.headers["proxy-authorization"] === expected;
    requests.push({ method: request.method ?? "", target: request.url ?? "", isAdmitted });
    return isAdmitted;
  };
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    response.statusCode = admits(request) ? 200 : 407;
    response.end(`proxied ${request.url ?? ""}`);
  };
  const server = identity === undefined ? createServer(answer) : createSecureServer(identity, answer);
  server.on("connection", keep);
  server.on("connect", (request: IncomingMessage, child: Socket) => {
    survive(child);
    if (!admits(request)) {
      child.end("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n");
      return;
    }
    const port = originPort ?? Number((request.url ?? "").split(":").at(-1));
    const origin = connect(port, "127.0.0.1", () => {
      child.write("HTTP/1.1 200 Connection established\r\n\r\n");
      child.pipe(origin).pipe(child);
    });
    keep(origin);
    origin.on("close", () => child.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    requests: () => requests,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

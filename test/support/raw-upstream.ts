// An HTTPS server on this machine that keeps the raw bytes it received, so that a test judges what really arrived.
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { TLSSocket } from "node:tls";
import { makeSelfSigned } from "./self-signed.ts";

export interface RawUpstream {
  readonly port: number;
  /** Its certificate in PEM, for `localhost`. */
  readonly certificate: string;
  /** Everything that came over its connections, in order of arrival. */
  received(): string;
  close(): Promise<void>;
}

/** Answers `GET /` with a line; `/echo` sends back the head that it got, as a body and in a header. */
export async function openRawUpstream(): Promise<RawUpstream> {
  const { certificate, key } = makeSelfSigned("localhost");
  let received = "";
  const server = createServer({ key, cert: certificate }, (request, response) => {
    const head = request.rawHeaders.map((text, index) => (index % 2 === 0 ? `${text}: ` : `${text}\n`)).join("");
    const credential = request.headers.authorization;
    if (credential !== undefined) response.setHeader("x-you-sent", credential);
    request.resume().on("end", () => response.end(request.url === "/echo" ? head : "hello from upstream\n"));
  });
  server.on("secureConnection", (socket: TLSSocket) => {
    socket.prependListener("data", (chunk: Buffer) => (received += chunk.toString("latin1")));
  });
  await new Promise<void>((resolve) => server.listen(0, "localhost", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    certificate,
    received: () => received,
    close: () => new Promise((resolve) => {
      server.closeAllConnections();
      server.close(() => { resolve(); });
    }),
  };
}

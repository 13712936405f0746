// The server of a page on this machine: on loopback alone, with a token of its own, and with bounds for requests that drip in, are long, or are many.
import { randomBytes } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:http";
import { VaultError } from "../../errors.ts";

/** A request that drips in must not outlast the page. */
const REQUEST_MS = 10 * 1000;
const HEAD_BYTES_MAX = 8 * 1024;
const CONNECTIONS_MAX = 16;

/** What a request for the page has to name. */
export interface PageTerms {
  /** `host:port`. */
  readonly authority: string;
  readonly token: string;
}

export interface LoopbackPage {
  /** With the token in its fragment, which browsers send to nobody. */
  readonly url: string;
  readonly close: () => void;
}

/** Whoever opened it closes it. @param hint what to do where no port can be had. @throws VaultError `io` then. */
export async function openLoopbackPage(handle: (request: IncomingMessage, response: ServerResponse, terms: PageTerms) => void, hint: string): Promise<LoopbackPage> {
  const token = randomBytes(32).toString("base64url");
  let authority = "";
  const server = createServer({ maxHeaderSize: HEAD_BYTES_MAX, requestTimeout: REQUEST_MS, headersTimeout: REQUEST_MS, connectionsCheckingInterval: 1000 }, (request, response) => { handle(request, response, { authority, token }); });
  server.maxConnections = CONNECTIONS_MAX;
  server.on("clientError", (_error, socket) => { socket.destroy(); });
  await new Promise<void>((ready, fail) => {
    server.once("error", () => { fail(new VaultError("io", "no port of this machine can be had for the page", hint)); });
    server.listen(0, "127.0.0.1", ready);
  });
  const address = server.address();
  authority = `127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`;
  return {
    url: `http://${authority}/#${token}`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

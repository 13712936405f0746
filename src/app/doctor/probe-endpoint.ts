// Where the doctor's probes lead: a server on this machine under a name that exists nowhere, behind a proxy such as a run has. No secret is involved, and nothing leaves the machine.
import { randomBytes } from "node:crypto";
import { createServer } from "node:https";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { VaultError } from "../../errors.ts";
import type { Grant } from "../../proxy/grants/grant.ts";
import { mintForTrial } from "../../proxy/places/placeholder.ts";
import { makeRunCa } from "../../proxy/tls/run-ca.ts";
import type { Proxy } from "../../proxy/server.ts";
import { openProxy } from "../../proxy/server.ts";
import { Secret } from "../../secret.ts";
import type { Sightings } from "./probe-verdict.ts";

export interface ProbeEndpoint {
  readonly url: string;
  readonly proxy: Proxy;
  /** Stands for a value that was made up for the occasion. */
  readonly grant: Grant;
  /** What was seen since the last call. */
  takeSightings(): Sightings;
  close(): Promise<void>;
}

/** No resolver has an answer for it (RFC 6761 section 6.4): a program that goes past the proxy gets nowhere. */
const HOST = "vault-doctor.invalid";

/** @throws VaultError `io` when no port can be had. */
export async function openProbeEndpoint(): Promise<ProbeEndpoint> {
  const word = randomBytes(16).toString("hex");
  const credentials = new Set([`Bearer ${word}`, `Basic ${Buffer.from(`doctor:${word}`).toString("base64")}`]);
  let seen = nothing();
  const server = await openServer((request, response) => {
    const { authorization } = request.headers;
    seen = { ...seen, requests: seen.requests + 1, credentials: seen.credentials + (credentials.has(authorization ?? "") ? 1 : 0) };
    // Some programs send a credential only when they are asked for one.
    response.writeHead(authorization === undefined ? 401 : 200, authorization === undefined ? { "www-authenticate": 'Basic realm="doctor"' } : {}).end("probe\n");
  });
  const grant: Grant = { name: "DOCTOR", placeholder: mintForTrial(), value: Secret.fromText(word), bindings: [{ host: HOST, port: server.port, wildcard: false }], places: ["basic", "header"], allowPrivate: true };
  try {
    const proxy = await openProxy({
      grants: [grant],
      denyUnmatched: true,
      strict: false,
      roots: [server.certificate],
      enter: (event) => {
        if (event.kind === "refused" && event.code !== "proxy-auth") seen = { ...seen, refusals: [...seen.refusals, event.code] };
      },
      hearStranger: () => {
        seen = { ...seen, refusals: [...seen.refusals, "proxy-auth"] };
      },
      flush: () => undefined,
      isRevoked: () => false,
      resolve: () => Promise.resolve([{ address: "127.0.0.1", family: 4 }]),
      hearHandshake: (outcome) => {
        seen = { ...seen, handshakes: [...seen.handshakes, outcome] };
      },
    });
    return {
      url: `https://${HOST}:${server.port}/`,
      proxy,
      grant,
      takeSightings() {
        const taken = seen;
        seen = nothing();
        return taken;
      },
      async close() {
        await proxy.close();
        await server.close();
      },
    };
  } catch (error) {
    await server.close();
    throw error;
  }
}

function nothing(): Sightings {
  return { handshakes: [], refusals: [], requests: 0, credentials: 0 };
}

interface ProbeServer {
  readonly port: number;
  /** PEM: the root that vouches for it. */
  readonly certificate: string;
  close(): Promise<void>;
}

async function openServer(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<ProbeServer> {
  const ca = makeRunCa([{ host: HOST, port: 443, wildcard: false }]);
  const server = createServer({ SNICallback: (_name, done) => { done(null, ca.contextFor(HOST)); } }, answer);
  const sockets = new Set<Duplex>();
  server.on("connection", (socket: Duplex) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", () => { reject(new VaultError("io", "no port can be had on 127.0.0.1")); });
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new VaultError("io", "no port can be had on 127.0.0.1");
  return {
    port: address.port,
    certificate: ca.certificate,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => { resolve(); });
      }),
  };
}

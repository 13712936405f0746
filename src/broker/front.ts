// The broker's face to the network: HTTP/1.1, where each request carries a proof, and a connection of a run's program is one request that is taken over (RFC 9110, section 7.8).
//
// Not one connection with many streams in it: TCP keeps each connection's pace, none waits for another's lost packet, and what the proxy gets is a socket as it has from a program beside it.
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { createServer } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { Socket } from "node:net";
import { utf8 } from "../bytes.ts";
import { listenErrorCode, systemErrorCode, VaultError } from "../errors.ts";
import type { DidKey } from "../identity/did-key.ts";
import type { ProofVerdict } from "../identity/proof.ts";
import type { Authority } from "../vault/host.ts";
import { findAuthority } from "../vault/host.ts";
import { openAskingPool } from "./asking-pool.ts";
import { ORDER_BYTES_MAX } from "./order.ts";

/** How a program's connection came to its machine's end of the session: see proxy/arrival.ts. */
export type Arrival = { readonly kind: "listener" } | { readonly kind: "proxy" } | { readonly kind: "direct"; readonly authority: Authority };

/** An answer that ends a request. */
export interface Reply {
  readonly status: number;
  readonly body?: Uint8Array | undefined;
  readonly type?: "application/json" | "text/plain; version=0.0.4" | undefined;
}

/** What stands behind the face. Who asks was proven; whether he may, is judged there. */
export interface BrokerService {
  /** Judges a proof for a request, and remembers that it was seen. */
  prove(authorization: string, request: { readonly method: string; readonly target: string; readonly body: Uint8Array }): Promise<ProofVerdict>;
  /** What proofs must repeat. */
  readonly nonce: string;
  /**
   * One of the places that an identity has for what it asks, until it is answered or taken over.
   * @returns what gives it back; `busy` where there is none left; undefined for a stranger, who has no place but among those who have proven nothing.
   */
  admit(did: DidKey): (() => void) | "busy" | undefined;
  claim(did: DidKey, body: Uint8Array): Promise<Reply>;
  openSession(did: DidKey, body: Uint8Array): Promise<Reply>;
  endSession(did: DidKey, session: string, body: Uint8Array): Promise<Reply>;
  /** @returns a taker of the socket; undefined where there is no such session of this identity, `busy` where it has too many connections. */
  findSession(did: DidKey, session: string): Promise<SessionDoor | "busy" | undefined>;
  /** Without a proof: `health`, `ready`, `metrics`. */
  tell(what: "health" | "ready" | "metrics", isLocal: boolean): Promise<Reply>;
}

export interface SessionDoor {
  /** A connection of the program's, from which nothing has been read. */
  admit(socket: Socket, arrival: Arrival): void;
  /** Lines of JSON to the run, until either end closes it. */
  follow(socket: Socket): void;
}

export interface FrontOptions {
  readonly host: string;
  readonly port: number;
  /** PEM. Undefined: plain HTTP, on loopback alone. */
  readonly tls: { readonly certificate: string; readonly key: string } | undefined;
  readonly service: BrokerService;
}

export interface Front {
  readonly port: number;
  close(): Promise<void>;
}

/** What a connection is taken over for. */
export const CONNECTION_PROTOCOL = "vault-connection";
export const EVENTS_PROTOCOL = "vault-events";
export const ARRIVAL_HEADER = "vault-arrival";
/** With each answer: see proof.ts. */
export const NONCE_HEADER = "vault-nonce";

const LOOPBACK = ["127.0.0.1", "::1", "localhost"];
const HEAD_BYTES_MAX = 16 * 1024;
const HEAD_MS = 5_000;
const REQUEST_MS = 15_000;
const IDLE_MS = 15_000;
/** How often it is looked whose time is over. */
const LOOK_MS = 1_000;
/** A machine that is gone without a word is noticed after this, and ten more questions. */
const SILENCE_MS = 30_000;
/** For whoever was refused and stays. */
const REFUSED_MS = 2_000;
const CONNECTIONS_MAX = 20_000;
const SESSION_PATH = /^\/v1\/sessions\/([0-9a-f]{32})(?:\/(connections|events))?$/;

/** @throws VaultError `usage` for plain HTTP elsewhere than on loopback; `busy` where another program listens there, `usage` where it cannot be listened; `io` where the certificate cannot be used. */
export async function openFront({ host, port, tls, service }: FrontOptions): Promise<Front> {
  if (tls === undefined && !LOOPBACK.includes(host)) throw new VaultError("usage", `without TLS, a broker listens on loopback alone, and not on "${host}"`, "--tls-cert FILE --tls-key FILE");
  const sockets = new Set<Socket>();
  const options = { maxHeaderSize: HEAD_BYTES_MAX, headersTimeout: HEAD_MS, requestTimeout: REQUEST_MS, keepAliveTimeout: IDLE_MS, connectionsCheckingInterval: LOOK_MS, insecureHTTPParser: false, noDelay: true };
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    void serve(service, request).then((reply) => { write(response, reply, service.nonce); }, () => { write(response, FAILED, service.nonce); });
  };
  const server = openServer(tls, options, answer);
  server.maxConnections = CONNECTIONS_MAX;
  const asking = openAskingPool();
  server.on("connection", (socket: Socket) => {
    keep(sockets, socket);
    asking.add(socket);
  });
  server.on("secureConnection", (socket: Socket) => { keep(sockets, socket); });
  server.on("upgrade", (request: IncomingMessage, socket: Socket, head: Buffer) => {
    void takeOver(service, request, socket, head, () => { asking.release(socket); }).catch(() => socket.destroy());
  });
  server.on("clientError", (_error, socket) => { socket.destroy(); });
  const bound = await listen(server, host, port);
  return {
    port: bound,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

const FAILED: Reply = { status: 500 };
/** The one answer to whoever may not: it says neither what there is, nor who else may. */
export const REFUSED: Reply = { status: 403 };
const UNPROVEN: Reply = { status: 401 };
const NOT_FOUND: Reply = { status: 404 };
const BUSY: Reply = { status: 429 };

function openServer(tls: FrontOptions["tls"], options: Parameters<typeof createServer>[0] & object, answer: (request: IncomingMessage, response: ServerResponse) => void): Server {
  if (tls === undefined) return createServer(options, answer);
  try {
    return createTlsServer({ ...options, cert: tls.certificate, key: tls.key, minVersion: "TLSv1.3", handshakeTimeout: HEAD_MS }, answer);
  } catch {
    throw new VaultError("usage", "the certificate and the key cannot be used", "--tls-cert takes a PEM file with the chain, --tls-key one with its private key");
  }
}

async function serve(service: BrokerService, request: IncomingMessage): Promise<Reply> {
  const { method = "", url = "" } = request;
  const open = /^\/(health|ready|metrics)$/.exec(url)?.[1];
  if (open !== undefined) {
    request.resume();
    return method === "GET" ? service.tell(open as "health", isLoopback(request.socket.remoteAddress)) : NOT_FOUND;
  }
  const body = await readBody(request);
  if (body === undefined) return { status: 413 };
  const verdict = await service.prove(authorizationOf(request), { method, target: url, body });
  // The time: whoever's clock is off finds out by it.
  if (verdict.kind === "refused") return UNPROVEN;
  const place = service.admit(verdict.proof.did);
  if (place === "busy") return BUSY;
  return answerProven(service, method, url, verdict.proof.did, body).finally(place);
}

async function answerProven(service: BrokerService, method: string, url: string, did: DidKey, body: Uint8Array): Promise<Reply> {
  if (method === "POST" && url === "/v1/claims") return service.claim(did, body);
  if (method === "POST" && url === "/v1/sessions") return service.openSession(did, body);
  const [, session, more] = SESSION_PATH.exec(url) ?? [];
  return method === "DELETE" && session !== undefined && more === undefined ? service.endSession(did, session, body) : NOT_FOUND;
}

async function takeOver(service: BrokerService, request: IncomingMessage, socket: Socket, head: Buffer, onTaken: () => void): Promise<void> {
  socket.on("error", ignore);
  socket.pause();
  const { method = "", url = "", headers } = request;
  const refuse = ({ status }: Reply): void => {
    socket.end(`HTTP/1.1 ${status} Refused\r\nDate: ${new Date().toUTCString()}\r\n${NONCE_HEADER}: ${service.nonce}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
    // HTTP's own times are no longer looked at. Until it closes, what it sends is read, so that it reads the answer.
    socket.resume();
    const timer = setTimeout(() => { socket.destroy(); }, REFUSED_MS);
    socket.once("close", () => { clearTimeout(timer); });
  };
  const [, session, what] = SESSION_PATH.exec(url) ?? [];
  const arrival = parseArrival(headers[ARRIVAL_HEADER]);
  const verdict = await service.prove(authorizationOf(request), { method, target: url, body: new Uint8Array() });
  if (verdict.kind === "refused") {
    refuse(UNPROVEN);
    return;
  }
  // What is announced as a body would become the program's first bytes, or not, as whoever stands between reads it.
  const isBare = headers["content-length"] === undefined && headers["transfer-encoding"] === undefined;
  const isWhole = isBare && method === "GET" && session !== undefined && what !== undefined && headers.upgrade === (what === "events" ? EVENTS_PROTOCOL : CONNECTION_PROTOCOL) && (what === "events" || arrival !== undefined);
  const place = service.admit(verdict.proof.did);
  if (place === "busy") {
    refuse(BUSY);
    return;
  }
  // Of those who are accepted none makes room for a stranger.
  if (place !== undefined) onTaken();
  const door = await (isWhole ? service.findSession(verdict.proof.did, session) : Promise.resolve(undefined)).finally(place);
  if (door === undefined || door === "busy") {
    refuse(door === undefined ? REFUSED : BUSY);
    return;
  }
  // Who did not wait for the answer has told of its end before anybody listened for it.
  if (socket.destroyed) return;
  onTaken();
  socket.setKeepAlive(true, SILENCE_MS);
  socket.write(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${headers.upgrade ?? ""}\r\n\r\n`);
  if (head.length > 0) socket.unshift(head);
  if (what === "events") door.follow(socket);
  else if (arrival !== undefined) door.admit(socket, arrival);
}

/** Of two, whoever stands between could have looked at the other one. */
function authorizationOf({ headersDistinct }: IncomingMessage): string {
  const [first, second] = headersDistinct["authorization"] ?? [];
  return second === undefined ? (first ?? "") : "";
}

/** `listener`, `proxy`, or `direct host:port`. */
export function formatArrival(arrival: Arrival): string {
  return arrival.kind === "direct" ? `direct ${arrival.authority.host}:${arrival.authority.port}` : arrival.kind;
}

function parseArrival(value: string | readonly string[] | undefined): Arrival | undefined {
  if (value === "listener" || value === "proxy") return { kind: value };
  const authority = typeof value === "string" && value.startsWith("direct ") ? findAuthority(value.slice("direct ".length)) : undefined;
  return authority === undefined ? undefined : { kind: "direct", authority };
}

async function readBody(request: IncomingMessage): Promise<Uint8Array | undefined> {
  if (Number(request.headers["content-length"] ?? 0) > ORDER_BYTES_MAX) return undefined;
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > ORDER_BYTES_MAX) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function write(response: ServerResponse, { status, body = new Uint8Array(), type = "application/json" }: Reply, nonce: string): void {
  response.writeHead(status, { [NONCE_HEADER]: nonce, "Content-Length": body.length, "Cache-Control": "no-store", ...(body.length > 0 ? { "Content-Type": type } : {}) });
  response.end(body);
}

/** A body in JSON. */
export function replyWith(status: number, value: object): Reply {
  return { status, body: utf8(JSON.stringify(value)) };
}

function keep(sockets: Set<Socket>, socket: Socket): void {
  sockets.add(socket);
  socket.on("error", ignore);
  socket.once("close", () => sockets.delete(socket));
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", (error) => {
      const code = listenErrorCode(error);
      const hint = code === "busy" ? "another program listens there: end it, or take another port with --listen HOST:PORT" : "--listen takes an address of this machine, and a port that this user may have";
      reject(new VaultError(code, `the broker cannot listen on ${host}:${port} (${systemErrorCode(error) ?? "unknown error"})`, hint));
    });
    server.listen(port, host, () => {
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : port);
    });
  });
}

function isLoopback(address: string | undefined): boolean {
  return address !== undefined && /^(?:::ffff:)?127\.|^::1$/.test(address);
}

function ignore(): void {
  // A broken socket is cleaned up by its close.
}

// A run's side of the wire to a broker: requests with proofs, and connections that become the program's own.
import type { ClientRequest, IncomingMessage } from "node:http";
import { request as requestPlain } from "node:http";
import { request as requestTls } from "node:https";
import type { Socket } from "node:net";
import { VaultError } from "../errors.ts";
import type { IdentityKey } from "../identity/identity-key.ts";
import { makeProof } from "../identity/proof.ts";
import type { Arrival } from "./front.ts";
import { ARRIVAL_HEADER, CONNECTION_PROTOCOL, EVENTS_PROTOCOL, formatArrival } from "./front.ts";
import { ANSWER_BYTES_MAX } from "./order.ts";
import { openProofTerms } from "./proof-terms.ts";

/** `http://127.0.0.1:7998` or `https://broker.example:7998`: what proofs are bound to, as it is typed. */
export type BrokerOrigin = string & { readonly __brand: "BrokerOrigin" };

export interface BrokerAnswer {
  readonly status: number;
  readonly body: Uint8Array;
}

export interface BrokerClient {
  readonly origin: BrokerOrigin;
  /** @throws VaultError `store-unavailable` where no answer comes; `not-accepted` for 401 and 403. */
  ask(method: "POST" | "DELETE", target: string, body: Uint8Array): Promise<BrokerAnswer>;
  /** A connection of the program's own at the session's proxy. @throws VaultError as `ask`. */
  connect(session: string, arrival: Arrival): Promise<Socket>;
  /** The broker's end of the session, as lines of JSON. @throws VaultError as `ask`. */
  follow(session: string): Promise<Socket>;
}

const ANSWER_MS = 20_000;

type Taken = { readonly kind: "taken"; readonly socket: Socket } | { readonly kind: "refused" | "stale"; readonly status: number };

/** @throws VaultError `usage` for what is no broker's address; plain HTTP goes to this machine alone. */
export function parseBrokerOrigin(text: string): BrokerOrigin {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isBare = url !== undefined && (url.protocol === "https:" || url.protocol === "http:") && url.pathname === "/" && url.search === "" && url.hash === "" && url.username === "" && url.password === "";
  if (!isBare) throw new VaultError("usage", "a broker's address is like https://broker.example:7998", "--broker URL");
  if (url.protocol === "http:" && !["127.0.0.1", "[::1]", "localhost"].includes(url.hostname)) throw new VaultError("usage", `to "${url.host}" it is https:// alone: plain HTTP goes to this machine only`, "write the broker's address with https://");
  return url.origin as BrokerOrigin;
}

/**
 * @param roots PEM certificates that the broker's own is verified by: the whole list.
 * @param now milliseconds since 1970, by this machine's clock.
 */
export function openBrokerClient(origin: BrokerOrigin, key: IdentityKey, roots: readonly string[], now: () => number): BrokerClient {
  const { protocol, hostname, port } = new URL(origin);
  const isTls = protocol === "https:";
  const place = { host: hostname.replace(/^\[|\]$/g, ""), port: port === "" ? (isTls ? 443 : 80) : Number(port) };
  const terms = openProofTerms(now);
  let ticket: Buffer | undefined;

  const send = (method: string, target: string, body: Uint8Array, headers: Readonly<Record<string, string>>): ClientRequest => {
    const authorization = makeProof(key, { audience: origin, method, target, body, nonce: terms.nonce() }, terms.now());
    const options = { ...place, method, path: target, headers: { ...headers, Authorization: authorization, ...(body.length > 0 ? { "Content-Length": String(body.length), "Content-Type": "application/json" } : {}) }, agent: false as const };
    const request = isTls ? requestTls({ ...options, ca: [...roots], rejectUnauthorized: true, minVersion: "TLSv1.3", ...(ticket === undefined ? {} : { session: ticket }) }) : requestPlain(options);
    request.once("socket", (socket) => {
      socket.setNoDelay(true);
      socket.on("session", (session: Buffer) => { ticket = session; });
    });
    return request;
  };
  const takeOver = async (target: string, headers: Readonly<Record<string, string>>): Promise<Socket> => {
    const first = await tryTakeOver(target, headers);
    const taken = first.kind === "stale" ? await tryTakeOver(target, headers) : first;
    if (taken.kind === "taken") return taken.socket;
    throw taken.status === 403 ? gone(origin) : refused(origin, taken.status);
  };
  const tryTakeOver = (target: string, headers: Readonly<Record<string, string>>): Promise<Taken> =>
    new Promise((resolve, reject) => {
      const used = terms.nonce();
      const request = send("GET", target, new Uint8Array(), { ...headers, Connection: "Upgrade" });
      const timer = setTimeout(() => { request.destroy(); }, ANSWER_MS);
      request.once("upgrade", (response, socket: Socket, head) => {
        clearTimeout(timer);
        terms.hear(response.headers, used);
        if (head.length > 0) socket.unshift(head);
        resolve({ kind: "taken", socket });
      });
      request.once("response", (response) => {
        clearTimeout(timer);
        response.resume();
        const { statusCode: status = 0 } = response;
        resolve({ kind: terms.hear(response.headers, used) && status === 401 ? "stale" : "refused", status });
      });
      request.once("error", (error) => {
        clearTimeout(timer);
        reject(unreachable(origin, error));
      });
      request.end();
    });
  const askOnce = (method: string, target: string, body: Uint8Array): Promise<BrokerAnswer & { readonly isStale: boolean }> =>
    new Promise((resolve, reject) => {
      const used = terms.nonce();
      const request = send(method, target, body, {});
      const timer = setTimeout(() => { request.destroy(); }, ANSWER_MS);
      const fail = (error: unknown): void => {
        clearTimeout(timer);
        reject(unreachable(origin, error));
      };
      request.once("error", fail);
      request.once("response", (response) => {
        const isStale = terms.hear(response.headers, used);
        readAnswer(response).then((answer) => {
          clearTimeout(timer);
          resolve({ status: response.statusCode ?? 0, body: answer, isStale });
        }, fail);
      });
      request.end(body);
    });

  return {
    origin,
    async ask(method, target, body) {
      let answer = await askOnce(method, target, body);
      // Once more, as the broker wants it now.
      if (answer.status === 401 && answer.isStale) answer = await askOnce(method, target, body);
      if (answer.status === 403 && method === "DELETE") throw gone(origin);
      if (answer.status === 401 || answer.status === 403) throw refused(origin, answer.status);
      return answer;
    },
    connect: (session, arrival) => takeOver(`/v1/sessions/${session}/connections`, { Upgrade: CONNECTION_PROTOCOL, [ARRIVAL_HEADER]: formatArrival(arrival) }),
    follow: (session) => takeOver(`/v1/sessions/${session}/events`, { Upgrade: EVENTS_PROTOCOL }),
  };
}

async function readAnswer(response: IncomingMessage): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > ANSWER_BYTES_MAX) throw new Error("its answer is too large");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Of a session that there was. */
function gone(origin: BrokerOrigin): VaultError {
  return new VaultError("not-accepted", `the broker at ${origin} has ended this run's session`, "it was started anew, its vault was locked, or the identity was revoked: start the run again");
}

function refused(origin: BrokerOrigin, status: number): VaultError {
  if (status === 401) return new VaultError("not-accepted", `the broker at ${origin} does not take this identity's proof: its clock is another, or it is known by another name`, "use the address that the broker calls itself by");
  if (status === 429) return new VaultError("busy", `this identity has too many connections at the broker at ${origin}`);
  if (status !== 403) return new VaultError("store-unavailable", `the broker at ${origin} has failed (status ${status})`, "its own log says why");
  return new VaultError("not-accepted", `the broker at ${origin} has not accepted this identity`, "to ask for it: vault identity claim --broker URL --identity HANDLE; then, at the broker's machine: vault identity accept HANDLE");
}

/** Certificates are told of in words; of the rest, the system's code. */
function unreachable(origin: BrokerOrigin, error: unknown): VaultError {
  const code = error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "no answer";
  const isCertificate = /^(?:CERT_|DEPTH_|SELF_|UNABLE_|ERR_TLS_CERT|ERR_SSL|HOSTNAME_)/.test(code);
  return new VaultError("store-unavailable", isCertificate ? `the certificate of the broker at ${origin} is not trusted (${code})` : `the broker at ${origin} cannot be reached (${code})`, isCertificate ? "--broker-ca FILE takes a PEM file with its root" : "see whether it runs: vault serve");
}

// The user's own proxy, a company's say, on the way outwards: connections go through it by CONNECT (RFC 9110 section 9.3.6), and its credentials go to it alone.
import { request as startRequest } from "node:http";
import { connect as connectTcp, isIP } from "node:net";
import type { Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { SecureContext } from "node:tls";
import { systemErrorCode } from "../../errors.ts";
import type { Authority } from "../../vault/host.ts";
import { formatAuthority } from "../../vault/host.ts";
import { makeRefusal, RefusalError } from "../grants/refusal.ts";

export interface NextProxy {
  /** Whether the way to the proxy itself is TLS. */
  readonly isTls: boolean;
  readonly host: string;
  readonly port: number;
  /** For `Proxy-Authorization`. */
  readonly authorization: string | undefined;
}

/** Undefined where the way to the authority is direct. */
export type FindNextProxy = (scheme: "http" | "https", authority: Authority) => NextProxy | undefined;

/** What holds for every connection outwards. */
export interface OutwardRules {
  /** The roots of upstream servers, and nothing else is trusted. */
  readonly trust: () => SecureContext;
  /** Hears of each socket as soon as there is one: it may not outlive the run, not even while it is still connecting. */
  readonly keep: (socket: Socket) => void;
}

const CONNECT_TIMEOUT_MS = 30_000;

/**
 * A connection to the proxy itself, for requests that name their whole URL. A wrong setting of the user's is no attack: where the proxy is, a private address most often, is not judged.
 *
 * @throws RefusalError `upstream-unreachable`.
 */
export function dialNextProxy(next: NextProxy, authority: Authority, { trust, keep }: OutwardRules): Promise<Socket> {
  const { host, port } = next;
  const socket = next.isTls
    ? connectTls({ host, port, secureContext: trust(), rejectUnauthorized: true, servername: isIP(host) === 0 ? host : "", ALPNProtocols: ["http/1.1"] })
    : connectTcp({ host, port, noDelay: true, allowHalfOpen: true });
  keep(socket);
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => socket.destroy(new Error("timeout")), CONNECT_TIMEOUT_MS);
    const onFailure = (error?: Error): void => {
      clearTimeout(timer);
      reject(unreachable(authority, `your own proxy ${formatAuthority({ host, port })} cannot be reached (${systemErrorCode(error) ?? "closed"})`));
    };
    socket.once("error", onFailure);
    socket.once("close", onFailure);
    socket.once(next.isTls ? "secureConnect" : "connect", () => {
      clearTimeout(timer);
      // The error listener stays: between two owners nothing may crash the run.
      socket.off("close", onFailure);
      resolve(socket);
    });
  });
}

/**
 * A connection to the authority through the proxy, which resolves its name.
 *
 * @throws RefusalError `upstream-unreachable`, with the proxy's status and never with its words: it may repeat what it was sent.
 */
export async function tunnelThrough(next: NextProxy, authority: Authority, rules: OutwardRules): Promise<Socket> {
  const socket = await dialNextProxy(next, authority, rules);
  const where = formatAuthority(authority);
  return new Promise((resolve, reject) => {
    const fail = (why: string): void => {
      socket.destroy();
      reject(unreachable(authority, why));
    };
    const headers = { host: where, ...(next.authorization === undefined ? {} : { "proxy-authorization": next.authorization }) };
    const request = startRequest({ createConnection: () => socket, method: "CONNECT", path: where, headers, timeout: CONNECT_TIMEOUT_MS });
    request.once("connect", (answer, _socket, head: Buffer) => {
      const status = answer.statusCode ?? 0;
      if (status < 200 || status > 299) {
        fail(`your own proxy answered ${status}${status === 407 ? "; HTTPS_PROXY takes its credentials: http://user:password@host:port" : ""}`);
        return;
      }
      socket.setTimeout(0);
      if (head.length > 0) socket.unshift(head);
      resolve(socket);
    });
    request.once("response", () => {
      fail("your own proxy answers no CONNECT");
    });
    request.once("timeout", () => {
      fail("your own proxy does not answer");
    });
    request.on("error", () => {
      fail("the connection to your own proxy broke");
    });
    request.end();
  });
}

function unreachable(authority: Authority, why: string): RefusalError {
  return new RefusalError(makeRefusal("upstream-unreachable", `no connection to ${formatAuthority(authority)}; ${why}`));
}

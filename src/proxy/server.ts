// The run's proxy: a port on loopback that asks for the run's token. CONNECT is intercepted for bound hosts and tunnelled blind for others.
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { VaultError } from "../errors.ts";
import type { Authority } from "../vault/host.ts";
import { findAuthority, formatAuthority } from "../vault/host.ts";
import type { DialRules, Resolve } from "./dial.ts";
import { dialTunnel, resolveBySystem } from "./dial.ts";
import type { ProxyEvent } from "./event.ts";
import type { Exchange, Expectation } from "./exchange.ts";
import { openExchange } from "./exchange.ts";
import type { Grant } from "./grant.ts";
import { makeHttpSide } from "./http-side.ts";
import type { Handshake } from "./intercept.ts";
import { openInterceptor } from "./intercept.ts";
import { isBoundTo } from "./policy.ts";
import { makeProxyAccess, PROXY_USER } from "./proxy-access.ts";
import type { FindNextProxy } from "./next-proxy.ts";
import { answerRefusal, writeRefusal } from "./refusal-answer.ts";
import type { Refusal } from "./refusal.ts";
import { makeRefusal, RefusalError, refuseUnmatched, refuseUntunnelled, refuseUnwritten } from "./refusal.ts";
import type { AbsoluteTarget } from "./request-head.ts";
import { findAbsoluteTarget } from "./request-head.ts";
import { makeRunCa } from "./run-ca.ts";
import { grantsNaming, makeRunRules } from "./run-rules.ts";
import { joinSockets } from "./tunnel.ts";
import { openUpstream } from "./upstream.ts";
import { openUpstreamTrust } from "./upstream-trust.ts";

export interface ProxyOptions {
  readonly grants: readonly Grant[];
  /** Refuses hosts that no secret is bound to, instead of tunnelling. */
  readonly denyUnmatched: boolean;
  /** Refuses a placeholder where it may not act, instead of passing it on. */
  readonly strict: boolean;
  /** PEM certificates that upstream verification trusts: the whole list. */
  readonly roots: readonly string[];
  /** Writes to the audit log; resolves when written. After a rejection nothing goes out. */
  record(event: ProxyEvent): Promise<void>;
  /** Cheap: asked before each substitution. True after `vault lock`. */
  isRevoked(): boolean;
  /** The user's own proxy for a host, where there is one. */
  readonly findNextProxy?: FindNextProxy;
  /** How names become addresses; the system's way by default. */
  readonly resolve?: Resolve;
  /** Hears how the child took the run's certificate, once for each connection to a bound host. */
  readonly hearHandshake?: (outcome: Handshake) => void;
  /** Limits on the child's patience; tests pass small ones. */
  readonly headMs?: number;
  readonly bodyIdleMs?: number;
}

export interface Proxy {
  readonly port: number;
  /** `http://vault:<token>@127.0.0.1:<port>`: as good as the run's secrets, for this run's child only. */
  readonly url: string;
  /** PEM. */
  readonly caCertificate: string;
  /** Ends the listener and every connection; the token is worth nothing afterwards. */
  close(): Promise<void>;
}

const LOOPBACK = "127.0.0.1";
const CONNECTIONS_MAX = 1_000;
const HEAD_MS = 30_000;
const BODY_IDLE_MS = 120_000;
/** Whoever knocks without the token must not fill the audit log. */
const AUDITED_STRANGERS_MAX = 100;

/** @throws VaultError `io` when no port can be had. */
export async function openProxy(options: ProxyOptions): Promise<Proxy> {
  const { grants, denyUnmatched, headMs = HEAD_MS, bodyIdleMs = BODY_IDLE_MS } = options;
  const ca = await makeRunCa(grants.flatMap(({ bindings }) => bindings));
  const access = makeProxyAccess();
  const rules = makeRunRules({ grants, strict: options.strict, record: (event) => options.record(event), isRevoked: () => options.isRevoked(), bodyIdleMs });
  let port = 0;
  let isClosed = false;
  const sockets = new Set<Duplex>();
  const keep = (socket: Duplex): void => {
    sockets.add(socket);
    socket.on("error", ignore);
    socket.once("close", () => sockets.delete(socket));
    if (isClosed) socket.destroy();
  };
  const dialRules: DialRules = { resolve: options.resolve ?? resolveBySystem, ownPort: () => port, findNextProxy: options.findNextProxy ?? (() => undefined), trust: openUpstreamTrust(options.roots), keep };
  const upstream = openUpstream(dialRules);
  let strangers = 0;

  /** Writes the entry and returns the request's id. A refusal stands whether or not its entry can be written. */
  const recordRefusal = (refusal: Refusal, authority: Authority | undefined, method: string | null): string => {
    const request = rules.nextRequestId();
    if (refusal.code === "proxy-auth") strangers += 1;
    if (refusal.code !== "proxy-auth" || strangers <= AUDITED_STRANGERS_MAX) {
      rules.record({ kind: "refused", request, authority: authority === undefined ? null : formatAuthority(authority), method, secrets: refusal.secrets, code: refusal.code }).catch(ignore);
    }
    return request;
  };
  const isDenied = (authority: Authority): boolean => denyUnmatched && !grants.some((grant) => isBoundTo(grant, authority));

  const interceptor = openInterceptor({
    ca,
    headMs,
    serve: (authority, request, response, expectation) => openExchange(request, response, { scheme: "https", authority, expectation }, rules, upstream),
    onMalformed: (authority, refusal) => recordRefusal(refusal, authority, null),
    hearHandshake: options.hearHandshake ?? ignore,
  });

  /**
   * Requests without CONNECT. One for an `https://` host that a secret is bound to is judged just like one that came through its tunnel: axios before 1.17 and others of its kind send such. What they say
   * crosses loopback as it is, which costs no secret: the child holds placeholders, and what comes back is scrubbed. For other hosts the TLS is the child's own business, and stays so.
   */
  const serveAbsolute = (request: IncomingMessage, response: ServerResponse, expectation: Expectation): Exchange | undefined => {
    const target = findAbsoluteTarget(request.url ?? "");
    const refusal = findAbsoluteRefusal(request, target);
    if (refusal === undefined && target !== undefined) return openExchange(request, response, { ...target, expectation }, rules, upstream);
    const answered = refusal ?? malformedTarget();
    answerRefusal(response, answered, recordRefusal(answered, target?.authority, request.method ?? null), true);
    return undefined;
  };
  /** A page in a browser that tries the port learns nothing, not even whether its guess at the token was good. */
  const findAbsoluteRefusal = (request: IncomingMessage, target: AbsoluteTarget | undefined): Refusal | undefined => {
    if (request.url?.startsWith("/") === true) return malformedTarget();
    if (!access.admits(request.headers["proxy-authorization"])) return unauthorised();
    if (target === undefined) return malformedTarget();
    if (isDenied(target.authority)) return refuseUnmatched(target.authority);
    return target.scheme === "https" && grantsNaming(grants, target.authority).length === 0 ? refuseUntunnelled(target.authority) : undefined;
  };

  const connect = async (request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> => {
    const refuse = (refusal: Refusal, authority?: Authority): void => {
      writeRefusal(socket, refusal, recordRefusal(refusal, authority, "CONNECT"));
    };
    if (!access.admits(request.headers["proxy-authorization"])) {
      refuse(unauthorised());
      return;
    }
    const authority = findAuthority(request.url ?? "");
    if (authority === undefined) {
      refuse(makeRefusal("bad-request", "CONNECT takes a host and a port"));
      return;
    }
    if (isDenied(authority)) {
      refuse(refuseUnmatched(authority), authority);
      return;
    }
    if (head.length > 0) socket.unshift(head);
    if (grantsNaming(grants, authority).length > 0) {
      socket.write("HTTP/1.1 200 Connection Established\r\n\r\n");
      interceptor.accept(socket, authority, (refusal) => recordRefusal(refusal, authority, null));
      return;
    }
    try {
      await rules.record({ kind: "tunnelled", request: rules.nextRequestId(), authority: formatAuthority(authority) });
    } catch {
      refuse(refuseUnwritten([]), authority);
      return;
    }
    try {
      const server = await dialTunnel(authority, true, dialRules);
      if (socket.destroyed) {
        server.destroy();
        return;
      }
      socket.write("HTTP/1.1 200 Connection Established\r\n\r\n");
      await joinSockets(socket, server);
    } catch (error) {
      refuse(error instanceof RefusalError ? error.refusal : makeRefusal("upstream-unreachable", `no connection to ${formatAuthority(authority)}`), authority);
    }
  };

  const server = makeHttpSide({ headMs, serve: serveAbsolute, servesSwitches: false, onMalformed: (refusal) => recordRefusal(refusal, undefined, null) });
  server.maxConnections = CONNECTIONS_MAX;
  server.on("connection", keep);
  server.on("connect", (request, socket: Duplex, head) => {
    connect(request, socket, head).catch(() => socket.destroy());
  });
  port = await listen(server);

  return {
    port,
    url: `http://${PROXY_USER}:${access.token}@${LOOPBACK}:${port}`,
    caCertificate: ca.certificate,
    async close() {
      isClosed = true;
      const closed = new Promise<void>((resolve) => server.close(() => { resolve(); }));
      interceptor.close();
      for (const socket of sockets) socket.destroy();
      await Promise.all([closed, upstream.close()]);
    },
  };
}

function unauthorised(): Refusal {
  return makeRefusal("proxy-auth", "this proxy belongs to a vault run, and asks for the run's token");
}

function malformedTarget(): Refusal {
  return makeRefusal("bad-request", "this is a proxy: ask it for http://host/path, or CONNECT");
}

/** @returns the port, of the system's choosing. */
function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", () => {
      reject(new VaultError("io", `the proxy cannot listen on ${LOOPBACK}`));
    });
    server.listen(0, LOOPBACK, () => {
      const address = server.address();
      if (typeof address === "object" && address !== null) resolve(address.port);
      else reject(new VaultError("io", "the proxy has no port"));
    });
  });
}

function ignore(): void {
  // A refusal stands whether or not its entry can be written; a broken socket is cleaned up by its close.
}

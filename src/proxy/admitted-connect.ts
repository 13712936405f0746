// What becomes of a connection whose CONNECT is admitted: intercepted where a secret is bound to the host and the port, tunnelled blind to other hosts, and at other ports of a bound host what is spoken there decides.
import type { Duplex } from "node:stream";
import type { Authority } from "../vault/host.ts";
import { formatAuthority } from "../vault/host.ts";
import { openExchange } from "./exchange.ts";
import type { Grant } from "./grants/grant.ts";
import type { Refusal } from "./grants/refusal.ts";
import { makeRefusal, RefusalError, refuseUnwritten } from "./grants/refusal.ts";
import { ChildConnection } from "./http1/child-connection.ts";
import type { ConnectionWatch } from "./http1/connection-watch.ts";
import { isBoundTo } from "./judge/policy.ts";
import type { Route } from "./judge/route.ts";
import { makeRoute } from "./judge/route.ts";
import type { RunRules } from "./judge/run-rules.ts";
import type { Interceptor } from "./tls/intercept.ts";
import { decideByFirstBytes } from "./undecided.ts";
import type { DialRules } from "./upstream/dial.ts";
import { dialTunnel, dialVerified } from "./upstream/dial.ts";
import { joinSockets } from "./upstream/tunnel.ts";
import type { Upstream } from "./upstream/upstream.ts";

export interface AdmittedConnectOptions {
  readonly grants: readonly Grant[];
  readonly rules: RunRules;
  readonly upstream: Upstream;
  readonly dialRules: DialRules;
  readonly interceptor: Interceptor;
  readonly connections: ConnectionWatch;
  readonly headMs: number;
  /** Writes the entry, and returns the request's id. */
  readonly recordRefusal: (refusal: Refusal, authority: Authority, method: string | null) => string;
}

/** Answers the CONNECT. Rejects with the refusal that is to be the answer. */
export type AdmittedConnect = (socket: Duplex, authority: Authority) => Promise<void>;

const ESTABLISHED = "HTTP/1.1 200 Connection Established\r\n\r\n";

export function openAdmittedConnect({ grants, rules, upstream, dialRules, interceptor, connections, headMs, recordRefusal }: AdmittedConnectOptions): AdmittedConnect {
  /** @throws where it cannot be written: nothing is passed on then. */
  const recordTunnel = (authority: Authority): void => {
    rules.enter({ kind: "tunnelled", request: rules.nextRequestId(), authority: formatAuthority(authority) });
    rules.flush();
  };
  /** Requests from here on, and all of them for the host that the connection leads to. */
  const serveOn = (socket: Duplex, route: Route): void => {
    connections.watch(new ChildConnection(socket, {
      headMs,
      servesSwitches: true,
      serve: (request, response) => openExchange(request, response, route, rules, upstream),
      onMalformed: (refusal) => recordRefusal(refusal, route.authority, null),
    }));
    socket.resume();
  };
  const intercept = (socket: Duplex, { authority }: Route, open: (secure: Duplex) => void): void => {
    interceptor.accept(socket, authority, { open, onMalformed: (refusal) => recordRefusal(refusal, authority, null) });
  };
  /** Another server may live there, that speaks whatever it likes. No secret goes to it. */
  const decide = (socket: Duplex, route: Route): void => {
    const { authority } = route;
    const further = { permit: () => { recordTunnel(authority); }, onRefusal: (refusal: Refusal) => recordRefusal(refusal, authority, "CONNECT"), headMs };
    const asSecure = (secure: Duplex): void => {
      decideByFirstBytes(secure, { ...further, asHttp: (inner) => { serveOn(inner, route); }, asTls: undefined, dial: () => dialVerified(authority, true, dialRules, { protocols: [] }) });
    };
    decideByFirstBytes(socket, {
      ...further,
      asHttp: (plain) => { serveOn(plain, makeRoute({ scheme: "http", authority }, grants)); },
      asTls: (greeted) => { intercept(greeted, route, asSecure); },
      dial: () => dialTunnel(authority, true, dialRules),
    });
  };
  const tunnel = async (socket: Duplex, authority: Authority): Promise<void> => {
    try {
      recordTunnel(authority);
    } catch {
      throw new RefusalError(refuseUnwritten([]));
    }
    const server = await dialTunnel(authority, true, dialRules).catch((error: unknown) => {
      throw error instanceof RefusalError ? error : new RefusalError(makeRefusal("upstream-unreachable", `no connection to ${formatAuthority(authority)}`));
    });
    if (socket.destroyed) {
      server.destroy();
      return;
    }
    socket.write(ESTABLISHED);
    await joinSockets(socket, server);
  };
  return async (socket, authority) => {
    const route = makeRoute({ scheme: "https", authority }, grants);
    if (route.naming.length === 0) {
      await tunnel(socket, authority);
      return;
    }
    socket.write(ESTABLISHED);
    if (route.naming.some((grant) => isBoundTo(grant, authority))) intercept(socket, route, (secure) => { serveOn(secure, route); });
    else decide(socket, route);
  };
}

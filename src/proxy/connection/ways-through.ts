// What a connection of the child's to a host can become, once it is settled where it leads: requests that are judged, TLS that is looked into, a blind tunnel.
import type { Duplex } from "node:stream";
import type { Authority } from "../../vault/host.ts";
import { formatAuthority } from "../../vault/host.ts";
import { openExchange } from "../exchange/exchange.ts";
import type { Grant } from "../grants/grant.ts";
import type { Refusal } from "../grants/refusal.ts";
import { makeRefusal, RefusalError, refuseUnwritten } from "../grants/refusal.ts";
import { ChildConnection } from "../http1/child-connection.ts";
import type { ConnectionWatch } from "../http1/connection-watch.ts";
import { findPeer } from "./loopback-peer.ts";
import type { Route } from "../judge/route.ts";
import { makeRoute } from "../judge/route.ts";
import type { RunRules } from "../judge/run-rules.ts";
import type { Interceptor } from "../tls/intercept.ts";
import type { WaysOn } from "./undecided.ts";
import { decideByFirstBytes } from "./undecided.ts";
import type { DialRules } from "../upstream/dial.ts";
import { dialTunnel, dialVerified } from "../upstream/dial.ts";
import { joinSockets } from "../upstream/tunnel.ts";
import type { Upstream } from "../upstream/upstream.ts";

export interface WaysThroughOptions {
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

/** Each takes over a connection from which nothing has been read. */
export interface WaysThrough {
  /** HTTP without TLS, which no secret goes over. */
  readonly servePlain: (socket: Duplex, authority: Authority) => void;
  /** TLS with a host that a secret is bound to at this port: HTTP in it, and nothing else. */
  readonly serveSecure: (socket: Duplex, route: Route) => void;
  /** TLS at another port of such a host: another server may live there, that speaks whatever it likes within. */
  readonly lookInto: (socket: Duplex, route: Route) => void;
  /** Whatever is spoken at such a port, whoever speaks first. */
  readonly decide: (socket: Duplex, route: Route) => void;
  /** @param onOpen called before anything is passed on. @throws RefusalError */
  readonly tunnel: (socket: Duplex, authority: Authority, onOpen: () => void) => Promise<void>;
}

export function openWaysThrough({ grants, rules, upstream, dialRules, interceptor, connections, headMs, recordRefusal }: WaysThroughOptions): WaysThrough {
  /** @throws where it cannot be written: nothing is passed on then. */
  const recordTunnel = (authority: Authority): void => {
    rules.enter({ kind: "tunnelled", request: rules.nextRequestId(), authority: formatAuthority(authority) });
    rules.flush();
  };
  /** Requests from here on, and all of them for the host that the connection leads to. */
  const serveOn = (socket: Duplex, route: Route): void => {
    const peer = findPeer(socket);
    connections.watch(new ChildConnection(socket, {
      headMs,
      servesSwitches: true,
      serve: (request, response) => openExchange(request, response, route, rules, upstream, peer),
      onMalformed: (refusal) => recordRefusal(refusal, route.authority, null),
    }));
    socket.resume();
  };
  const intercept = (socket: Duplex, { authority }: Route, open: (secure: Duplex) => void): void => {
    interceptor.accept(socket, authority, { open, onMalformed: (refusal) => recordRefusal(refusal, authority, null) });
  };
  const servePlain = (socket: Duplex, authority: Authority): void => {
    serveOn(socket, makeRoute({ scheme: "http", authority }, grants));
  };
  const further = (authority: Authority): Pick<WaysOn, "permit" | "onRefusal" | "headMs"> => ({ permit: () => { recordTunnel(authority); }, onRefusal: (refusal) => recordRefusal(refusal, authority, "CONNECT"), headMs });
  const lookInto = (socket: Duplex, route: Route): void => {
    const { authority } = route;
    intercept(socket, route, (secure) => {
      decideByFirstBytes(secure, { ...further(authority), asHttp: (inner) => { serveOn(inner, route); }, asTls: undefined, dial: () => dialVerified(authority, true, dialRules, { protocols: [] }) });
    });
  };
  return {
    servePlain,
    lookInto,
    serveSecure(socket, route) {
      intercept(socket, route, (secure) => { serveOn(secure, route); });
    },
    decide(socket, route) {
      const { authority } = route;
      decideByFirstBytes(socket, {
        ...further(authority),
        asHttp: (plain) => { servePlain(plain, authority); },
        asTls: (greeted) => { lookInto(greeted, route); },
        dial: () => dialTunnel(authority, dialRules),
      });
    },
    async tunnel(socket, authority, onOpen) {
      try {
        recordTunnel(authority);
      } catch {
        throw new RefusalError(refuseUnwritten([]));
      }
      const server = await dialTunnel(authority, dialRules).catch((error: unknown) => {
        throw error instanceof RefusalError ? error : new RefusalError(makeRefusal("upstream-unreachable", `no connection to ${formatAuthority(authority)}`));
      });
      if (socket.destroyed) {
        server.destroy();
        return;
      }
      onOpen();
      await joinSockets(socket, server);
    },
  };
}

// Whoever comes to the run's port: asked for the run's token, and only then heard. And what the run's program says behind its wall, where nobody else is.
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Authority } from "../vault/host.ts";
import { formatAuthority } from "../vault/host.ts";
import { ChildConnection } from "./http1/child-connection.ts";
import type { ConnectionUse } from "./http1/child-connection.ts";
import type { ChildRequest } from "./http1/child-request.ts";
import type { ChildResponse } from "./http1/child-response.ts";
import { KEEP_ALIVE_SECONDS } from "./http1/child-response.ts";
import { openConnectionWatch } from "./http1/connection-watch.ts";
import type { DialRules } from "./upstream/dial.ts";
import { resolveBySystem } from "./upstream/dial.ts";
import { admitConnect } from "./admitted-connect.ts";
import type { Arrival } from "./arrival.ts";
import type { DirectOptions } from "./direct-connection.ts";
import { serveDirect } from "./direct-connection.ts";
import type { Exchange } from "./exchange.ts";
import { openExchange } from "./exchange.ts";
import { raiseHeapLimit } from "./heap-limit.ts";
import { openInterceptor } from "./tls/intercept.ts";
import { isBoundTo } from "./judge/policy.ts";
import type { ProxyAccess } from "./proxy-access.ts";
import type { ProxyOptions } from "./proxy-options.ts";
import type { RawHead } from "./http1/raw-head.ts";
import { valuesOf } from "./http1/raw-head.ts";
import { answerRefusal, writeRefusal } from "./http1/refusal-answer.ts";
import type { Refusal } from "./grants/refusal.ts";
import { makeRefusal, RefusalError, refuseUnmatched, refuseUntunnelled } from "./grants/refusal.ts";
import type { AbsoluteTarget } from "./http1/request-head.ts";
import { findAbsoluteTarget, findConnectTarget } from "./http1/request-head.ts";
import { makeRoute } from "./judge/route.ts";
import type { RunCa } from "./tls/run-ca.ts";
import { grantsNaming, makeRunRules } from "./judge/run-rules.ts";
import type { Guest } from "./guest.ts";
import { receiveGuest } from "./guest.ts";
import { openStrangerRecord } from "./stranger-record.ts";
import { openUpstream } from "./upstream/upstream.ts";
import { openUpstreamTrust } from "./tls/upstream-trust.ts";
import { findPeer } from "./loopback-peer.ts";
import { serveWish } from "./wish.ts";
import { WISH_HOST } from "./judge/run-gate.ts";
import { openWaysThrough } from "./ways-through.ts";

export interface Reception {
  /** Takes over a connection from which nothing has been read. */
  readonly accept: (socket: Socket, arrival: Arrival) => void;
  readonly close: () => Promise<void>;
}

interface ReceptionOptions extends ProxyOptions {
  readonly ca: RunCa;
  readonly access: ProxyAccess;
  /** The port that connections come to. */
  readonly ownPort: () => number;
  /** Is told of every socket, to end it with the run. */
  readonly keep: (socket: Duplex) => void;
  /** Is told of each socket on which the token was shown. */
  readonly onToken: (socket: Duplex) => void;
}

const HEAD_MS = 30_000;
/** From the connection on, for whoever has not shown the token. */
const STRANGER_HEAD_MS = 3_000;
const BODY_IDLE_MS = 120_000;

export function makeReception(options: ReceptionOptions): Reception {
  const { grants, denyUnmatched, ca, access, ownPort, keep, onToken, headMs = HEAD_MS, bodyIdleMs = BODY_IDLE_MS } = options;
  const restoreHeapLimit = raiseHeapLimit();
  const rules = makeRunRules({ grants, strict: options.strict, isStray: options.isStray ?? (() => false), enter: (event) => { options.enter(event); }, flush: () => { options.flush(); }, isRevoked: () => options.isRevoked(), bodyIdleMs, heldBytesMax: options.heldBytesMax, gate: options.gate });
  const isBound = (authority: Authority): boolean => grants.some((grant) => isBoundTo(grant, authority));
  const trust = "context" in options.roots ? options.roots : openUpstreamTrust(options.roots);
  const dialRules: DialRules = { resolve: options.resolve ?? resolveBySystem, ownPort, findNextProxy: options.findNextProxy ?? (() => undefined), trust: trust.context, keep, ...(options.isWalled === true ? { mayReachThisMachine: isBound } : {}), ...(options.isElsewhere === true ? { mayReachPrivate: isBound } : {}) };
  const upstream = openUpstream(dialRules);
  const strangers = openStrangerRecord((event) => {
    rules.enter(event);
  });

  /** Writes the entry and returns the request's id. A refusal stands whether or not its entry can be written. */
  const recordRefusal = (refusal: Refusal, authority: Authority | undefined, method: string | null): string => {
    const request = rules.nextRequestId();
    rules.enter({ kind: "refused", request, authority: authority === undefined ? null : formatAuthority(authority), method, secrets: refusal.secrets, code: refusal.code, text: refusal.text, remedy: refusal.remedy });
    return request;
  };
  const recordStranger = (refusal: Refusal, method: string | null, request = rules.nextRequestId()): string => {
    strangers.refused(refusal, request, method);
    return request;
  };
  const guests = new Set<Guest>();
  /** The first of several counts, as it does with Node's own server. */
  const isAdmitted = (head: RawHead, { isFamiliar }: Guest): boolean => isFamiliar || access.admits(valuesOf(head, "proxy-authorization")[0]);
  /** A browser keeps no password for a proxy: what the run's own processes ask for where no secret goes needs none. The kernel says whose they are. */
  const isOwnAndUnbound = ({ remotePort, localPort }: Socket, authority: Authority | undefined): boolean => {
    if (authority === undefined || options.isOwnProcess === undefined || grantsNaming(grants, authority).length > 0) return false;
    return remotePort !== undefined && localPort !== undefined && options.isOwnProcess({ peerPort: remotePort, ownPort: localPort });
  };
  const isDenied = (authority: Authority): boolean => denyUnmatched && !grants.some((grant) => isBoundTo(grant, authority));

  const strangerMs = Math.min(STRANGER_HEAD_MS, headMs);
  const connections = openConnectionWatch(strangerMs);
  const interceptor = openInterceptor({ ca, headMs, hearHandshake: options.hearHandshake ?? ignore });
  const ways = openWaysThrough({ grants, rules, upstream, dialRules, interceptor, connections, headMs, recordRefusal });
  const direct: DirectOptions = { grants, ways, isDenied, headMs, recordRefusal };

  /**
   * Requests without CONNECT. One for an `https://` host that a secret is bound to is judged just like one that came through its tunnel: axios before 1.17 and others of its kind send such. What they say
   * crosses loopback as it is, which costs no secret: the child holds placeholders, and what comes back is scrubbed. For other hosts the TLS is the child's own business, and stays so.
   */
  const serveAbsolute = (request: ChildRequest, response: ChildResponse, guest: Guest): Exchange | undefined => {
    const { head } = request;
    // A page in a browser that tries the port learns nothing, not even whether its guess at the token was good.
    const target = findAbsoluteTarget(head.url);
    const stranger = head.url.startsWith("/") ? malformedTarget() : isAdmitted(head, guest) || isOwnAndUnbound(guest.socket, target?.authority) ? undefined : unauthorised();
    if (stranger === undefined) guest.showToken();
    if (stranger === undefined && target?.scheme === "http" && target.authority.host === WISH_HOST) {
      serveWish(request, response, options.hearWish, findPeer(guest.socket));
      return undefined;
    }
    const refusal = stranger ?? findAbsoluteRefusal(target);
    if (refusal === undefined && target !== undefined) return openExchange(request, response, makeRoute(target, grants), rules, upstream, findPeer(guest.socket));
    const answered = refusal ?? malformedTarget();
    if (answered.code === "proxy-auth") options.hearStranger?.();
    // git and others of libcurl's ask without a credential first: the connection stays, for them to ask again.
    const isFirstTry = answered.code === "proxy-auth" && !head.names.includes("proxy-authorization");
    if (!isFirstTry) response.endConnection();
    answerRefusal(response, answered, stranger === undefined ? recordRefusal(answered, target?.authority, head.method) : isFirstTry ? guest.hold(answered, head.method, rules.nextRequestId()) : recordStranger(answered, head.method));
    return undefined;
  };
  const findAbsoluteRefusal = (target: AbsoluteTarget | undefined): Refusal | undefined => {
    if (target === undefined) return malformedTarget();
    if (isDenied(target.authority)) return refuseUnmatched(target.authority);
    return target.scheme === "https" && grantsNaming(grants, target.authority).length === 0 ? refuseUntunnelled(target.authority) : undefined;
  };

  const connect = async (head: RawHead, socket: Duplex): Promise<void> => {
    const refuse = (refusal: Refusal, authority?: Authority): void => {
      writeRefusal(socket, refusal, recordRefusal(refusal, authority, "CONNECT"));
    };
    const authority = findConnectTarget(head.url);
    if (authority === undefined) {
      refuse(makeRefusal("bad-request", "CONNECT takes a host and a port"));
      return;
    }
    if (isDenied(authority)) {
      refuse(refuseUnmatched(authority), authority);
      return;
    }
    await admitConnect(socket, authority, grants, ways).catch((error: unknown) => {
      if (!(error instanceof RefusalError)) throw error;
      refuse(error.refusal, authority);
    });
  };

  /** How a connection is used depends on whether the token was shown on it: without, all that comes has to come soon, and nothing of it is told of one by one. */
  const useOf = (guest: Guest): ConnectionUse => ({
    get headMs() {
      return guest.hasToken() ? headMs : guest.leftMs();
    },
    get idleMs() {
      return guest.hasToken() ? KEEP_ALIVE_SECONDS * 1000 : guest.leftMs();
    },
    serve: (request, response) => serveAbsolute(request, response, guest),
    servesSwitches: false,
    connect(head, takeOver) {
      if (!isAdmitted(head, guest) && !isOwnAndUnbound(guest.socket, findConnectTarget(head.url))) return false;
      guest.showToken();
      const socket = takeOver();
      connect(head, socket).catch(() => socket.destroy());
      return true;
    },
    onMalformed: (refusal) => (guest.hasToken() ? recordRefusal(refusal, undefined, null) : recordStranger(refusal, null)),
  });
  return {
    accept(socket, arrival) {
      if (arrival.kind === "direct") {
        serveDirect(socket, arrival.authority, direct).catch(() => socket.destroy());
        return;
      }
      const guest = receiveGuest(socket, { isFamiliar: arrival.kind === "proxy", strangerMs, tell: recordStranger, onToken: () => { onToken(socket); } });
      guests.add(guest);
      socket.once("close", () => {
        guest.leave();
        guests.delete(guest);
      });
      connections.watch(new ChildConnection(socket, useOf(guest)));
      socket.resume();
    },
    async close() {
      connections.close();
      for (const guest of guests) guest.leave();
      strangers.close();
      try {
        rules.flush();
      } catch {
        // A refusal stands whether or not its entry can be written.
      }
      restoreHeapLimit();
      await upstream.close();
    },
  };
}

function unauthorised(): Refusal {
  return makeRefusal("proxy-auth", "this proxy belongs to a vault run, and asks for the run's token", [], "it stands in the proxy variables; a program that is started without them needs a run of its own: vault run -s NAME -- CMD");
}

function malformedTarget(): Refusal {
  return makeRefusal("bad-request", "this is a proxy: ask it for http://host/path, or CONNECT");
}

function ignore(): void {
  // A refusal stands whether or not its entry can be written.
}

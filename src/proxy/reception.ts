// Whoever comes to the run's port: asked for the run's token, and only then heard. And what the run's program says behind its wall, where nobody else is.
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Authority } from "../vault/host.ts";
import { formatAuthority } from "../vault/host.ts";
import { ChildConnection } from "./http1/child-connection.ts";
import type { ConnectionUse } from "./http1/child-connection.ts";
import { KEEP_ALIVE_SECONDS } from "./http1/child-response.ts";
import { openConnectionWatch } from "./http1/connection-watch.ts";
import type { DialRules } from "./upstream/dial.ts";
import { resolveBySystem } from "./upstream/dial.ts";
import type { Arrival } from "./arrival.ts";
import type { DirectOptions } from "./connection/direct-connection.ts";
import { serveDirect } from "./connection/direct-connection.ts";
import { openInterceptor } from "./tls/intercept.ts";
import { isBoundTo } from "./judge/policy.ts";
import type { ProxyAccess } from "./port/proxy-access.ts";
import { openPortRequests } from "./port/port-requests.ts";
import type { ProxyOptions } from "./proxy-options.ts";
import type { Refusal } from "./grants/refusal.ts";
import type { RunCa } from "./tls/run-ca.ts";
import { makeRunRules } from "./judge/run-rules.ts";
import type { Guest } from "./port/guest.ts";
import { receiveGuest } from "./port/guest.ts";
import { openStrangerRecord } from "./port/stranger-record.ts";
import { openUpstream } from "./upstream/upstream.ts";
import { openUpstreamTrust } from "./tls/upstream-trust.ts";
import { openWaysThrough } from "./connection/ways-through.ts";

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
  const { grants, denyUnmatched, ca, ownPort, keep, onToken, headMs = HEAD_MS, bodyIdleMs = BODY_IDLE_MS } = options;
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
  const isDenied = (authority: Authority): boolean => denyUnmatched && !isBound(authority);

  const strangerMs = Math.min(STRANGER_HEAD_MS, headMs);
  const connections = openConnectionWatch(strangerMs);
  const interceptor = openInterceptor({ ca, headMs, hearHandshake: options.hearHandshake ?? ignore });
  const ways = openWaysThrough({ grants, rules, upstream, dialRules, interceptor, connections, headMs, recordRefusal });
  const direct: DirectOptions = { grants, ways, isDenied, headMs, recordRefusal };
  const requests = openPortRequests({ ...options, rules, upstream, ways, isDenied, recordRefusal, recordStranger });

  /** How a connection is used depends on whether the token was shown on it: without, all that comes has to come soon, and nothing of it is told of one by one. */
  const useOf = (guest: Guest): ConnectionUse => ({
    get headMs() {
      return guest.hasToken() ? headMs : guest.leftMs();
    },
    get idleMs() {
      return guest.hasToken() ? KEEP_ALIVE_SECONDS * 1000 : guest.leftMs();
    },
    serve: (request, response) => requests.serve(request, response, guest),
    servesSwitches: false,
    connect: (head, takeOver) => requests.connect(head, guest, takeOver),
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
      await upstream.close();
    },
  };
}

function ignore(): void {
  // A refusal stands whether or not its entry can be written.
}

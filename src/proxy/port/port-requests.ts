// What is asked for at the run's port: requests with an absolute target, and CONNECT. First whether the run's token is shown, and then what becomes of it.
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Authority } from "../../vault/host.ts";
import { admitConnect } from "../connection/admitted-connect.ts";
import type { Exchange } from "../exchange/exchange.ts";
import { openExchange } from "../exchange/exchange.ts";
import type { Grant } from "../grants/grant.ts";
import type { Refusal } from "../grants/refusal.ts";
import { makeRefusal, RefusalError, refuseUnmatched, refuseUntunnelled } from "../grants/refusal.ts";
import type { Guest } from "./guest.ts";
import type { ChildRequest } from "../http1/child-request.ts";
import type { ChildResponse } from "../http1/child-response.ts";
import type { RawHead } from "../http1/raw-head.ts";
import { valuesOf } from "../http1/raw-head.ts";
import { answerRefusal, writeRefusal } from "../http1/refusal-answer.ts";
import type { AbsoluteTarget } from "../http1/request-head.ts";
import { findAbsoluteTarget, findConnectTarget } from "../http1/request-head.ts";
import { makeRoute } from "../judge/route.ts";
import { WISH_HOST } from "../judge/run-gate.ts";
import type { RunRules } from "../judge/run-rules.ts";
import { grantsNaming } from "../judge/run-rules.ts";
import { findPeer } from "../connection/loopback-peer.ts";
import type { ProxyAccess } from "./proxy-access.ts";
import type { Upstream } from "../upstream/upstream.ts";
import type { WaysThrough } from "../connection/ways-through.ts";
import type { HearWish } from "./wish.ts";
import { serveWish } from "./wish.ts";

export interface PortRequests {
  /**
   * Requests without CONNECT. One for an `https://` host that a secret is bound to is judged just like one that came through its tunnel: axios before 1.17 and others of its kind send such. What they say
   * crosses loopback as it is, which costs no secret: the child holds placeholders, and what comes back is scrubbed. For other hosts the TLS is the child's own business, and stays so.
   *
   * @returns undefined for a request that was answered here.
   */
  readonly serve: (request: ChildRequest, response: ChildResponse, guest: Guest) => Exchange | undefined;
  /** @param takeOver gives the connection, from which nothing more is read. @returns false for whoever has not shown the token: nothing was done then. */
  readonly connect: (head: RawHead, guest: Guest, takeOver: () => Duplex) => boolean;
}

/** What the run hears of those who ask, and says of them. */
export interface PortListener {
  /** Hears what the program asks its person for. */
  readonly hearWish?: HearWish | undefined;
  /** Whether a connection on loopback, which shows no token, is one of the run's own processes: it may go where no secret does. */
  readonly isOwnProcess?: (connection: { readonly peerPort: number; readonly ownPort: number }) => boolean;
  /** Hears of each request without the run's token, at once: `enter` hears of many of them together, of some later, and not of those that the token follows. */
  readonly hearStranger?: () => void;
}

export interface PortRequestsOptions extends PortListener {
  readonly grants: readonly Grant[];
  readonly access: ProxyAccess;
  readonly rules: RunRules;
  readonly upstream: Upstream;
  readonly ways: WaysThrough;
  readonly isDenied: (authority: Authority) => boolean;
  /** Writes the entry, and returns the request's id. */
  readonly recordRefusal: (refusal: Refusal, authority: Authority | undefined, method: string | null) => string;
  /** The same of requests without the token, of which only some are written. */
  readonly recordStranger: (refusal: Refusal, method: string | null) => string;
}

export function openPortRequests({ grants, access, rules, upstream, ways, isDenied, recordRefusal, recordStranger, hearWish, hearStranger, isOwnProcess }: PortRequestsOptions): PortRequests {
  /** The first of several counts, as it does with Node's own server. */
  const showsToken = (head: RawHead, { isFamiliar }: Guest): boolean => isFamiliar || access.admits(valuesOf(head, "proxy-authorization")[0]);
  /** A browser keeps no password for a proxy: what the run's own processes ask for where no secret goes needs none. The kernel says whose they are. */
  const isOwnAndUnbound = ({ remotePort, localPort }: Socket, authority: Authority | undefined): boolean => {
    if (authority === undefined || isOwnProcess === undefined || grantsNaming(grants, authority).length > 0) return false;
    return remotePort !== undefined && localPort !== undefined && isOwnProcess({ peerPort: remotePort, ownPort: localPort });
  };
  const mayAsk = (head: RawHead, guest: Guest, authority: Authority | undefined): boolean => showsToken(head, guest) || isOwnAndUnbound(guest.socket, authority);

  const refuseTarget = (target: AbsoluteTarget): Refusal | undefined => {
    if (isDenied(target.authority)) return refuseUnmatched(target.authority);
    return target.scheme === "https" && grantsNaming(grants, target.authority).length === 0 ? refuseUntunnelled(target.authority) : undefined;
  };
  const answerStranger = (refusal: Refusal, { head }: ChildRequest, response: ChildResponse, guest: Guest): void => {
    if (refusal.code === "proxy-auth") hearStranger?.();
    // git and others of libcurl's ask without a credential first: the connection stays, for them to ask again.
    const isFirstTry = refusal.code === "proxy-auth" && !head.names.includes("proxy-authorization");
    if (!isFirstTry) response.endConnection();
    answerRefusal(response, refusal, isFirstTry ? guest.hold(refusal, head.method, rules.nextRequestId()) : recordStranger(refusal, head.method));
  };
  const connect = async (head: RawHead, socket: Duplex): Promise<void> => {
    const authority = findConnectTarget(head.url);
    const refuse = (refusal: Refusal): void => {
      writeRefusal(socket, refusal, recordRefusal(refusal, authority, "CONNECT"));
    };
    if (authority === undefined) {
      refuse(makeRefusal("bad-request", "CONNECT takes a host and a port"));
      return;
    }
    if (isDenied(authority)) {
      refuse(refuseUnmatched(authority));
      return;
    }
    await admitConnect(socket, authority, grants, ways).catch((error: unknown) => {
      if (!(error instanceof RefusalError)) throw error;
      refuse(error.refusal);
    });
  };

  return {
    serve(request, response, guest) {
      const { head } = request;
      const target = findAbsoluteTarget(head.url);
      // A page in a browser that tries the port learns nothing, not even whether its guess at the token was good.
      const stranger = head.url.startsWith("/") ? malformedTarget() : mayAsk(head, guest, target?.authority) ? undefined : unauthorised();
      if (stranger !== undefined) {
        answerStranger(stranger, request, response, guest);
        return undefined;
      }
      guest.showToken();
      if (target?.scheme === "http" && target.authority.host === WISH_HOST) {
        serveWish(request, response, hearWish, findPeer(guest.socket));
        return undefined;
      }
      const refusal = target === undefined ? malformedTarget() : refuseTarget(target);
      if (target !== undefined && refusal === undefined) return openExchange(request, response, makeRoute(target, grants), rules, upstream, findPeer(guest.socket));
      response.endConnection();
      answerRefusal(response, refusal ?? malformedTarget(), recordRefusal(refusal ?? malformedTarget(), target?.authority, head.method));
      return undefined;
    },
    connect(head, guest, takeOver) {
      if (!mayAsk(head, guest, findConnectTarget(head.url))) return false;
      guest.showToken();
      const socket = takeOver();
      connect(head, socket).catch(() => socket.destroy());
      return true;
    },
  };
}

function unauthorised(): Refusal {
  return makeRefusal("proxy-auth", "this proxy belongs to a vault run, and asks for the run's token", [], "it stands in the proxy variables; a program that is started without them needs a run of its own: vault run -s NAME -- CMD");
}

function malformedTarget(): Refusal {
  return makeRefusal("bad-request", "this is a proxy: ask it for http://host/path, or CONNECT");
}

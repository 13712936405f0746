// One request of the child's and its answer: judge, write the audit entry, send on, relay.
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Transform } from "node:stream";
import type { Authority } from "../vault/host.ts";
import { formatAuthority } from "../vault/host.ts";
import { relayAnswer } from "./answer.ts";
import type { Grant } from "./grant.ts";
import { askForReadable } from "./negotiation.ts";
import type { Inert } from "./policy.ts";
import { decide } from "./policy.ts";
import { answerRefusal } from "./refusal-answer.ts";
import type { Refusal } from "./refusal.ts";
import { makeRefusal, refuseLocked, refuseMisplaced, refusePrivate } from "./refusal.ts";
import type { RequestHead, Scheme } from "./request-head.ts";
import { parseRequestHead } from "./request-head.ts";
import type { RunRules } from "./run-rules.ts";
import { grantsNaming, mayBePrivate } from "./run-rules.ts";
import { substitute } from "./substitute.ts";
import type { AnswerListener, Upstream } from "./upstream.ts";

/** Where the child's connection leads, settled before the request was read. */
export interface Route {
  readonly scheme: Scheme;
  readonly authority: Authority;
  /** The child waits for `100 Continue` before it sends its body. */
  readonly expectsContinue: boolean;
}

export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Ends the exchange from outside: the request turned out malformed, or stood still. The connection is closed after it. */
  refuse(refusal: Refusal): void;
}

/** After an early answer, the rest of a request's body is read and dropped for so long, so that the child gets to read the answer. */
const DRAIN_MS = 5_000;

/** Starts an exchange. It never rejects and never throws: every failure is an answer, or the end of the child's connection. */
export function openExchange(request: IncomingMessage, response: ServerResponse, route: Route, rules: RunRules, upstream: Upstream): Exchange {
  const { authority, scheme } = route;
  const [id, method, where] = [rules.nextRequestId(), request.method ?? "", formatAuthority(authority)];
  let listener: AnswerListener | undefined;
  let isRefused = false;
  response.sendDate = false;
  request.on("error", ignore);
  response.on("error", ignore);
  response.once("finish", () => {
    drain(request);
  });

  const refuse = (refusal: Refusal, isLast = false): void => {
    if (isRefused) return;
    isRefused = true;
    rules
      .record({ kind: "refused", request: id, authority: where, method, secrets: refusal.secrets, code: refusal.code })
      .catch(ignore)
      .then(() => {
        answerRefusal(response, refusal, id, isLast);
      }, ignore);
  };
  const recordInert = async (inert: readonly Inert[]): Promise<void> => {
    for (const spot of new Set(inert.map((item) => item.spot))) {
      const secrets = namesOf(inert.filter((item) => item.spot === spot).map(({ grant }) => grant));
      await rules.record({ kind: "inert", request: id, authority: where, method, secrets, spot });
    }
  };

  const start = async (): Promise<void> => {
    const parsed = parseRequestHead({ method, url: request.url ?? "", httpVersion: request.httpVersion, rawHeaders: request.rawHeaders }, scheme, authority);
    if (parsed.kind === "refuse") {
      refuse(parsed.refusal, parsed.refusal.code !== "misdirected");
      return;
    }
    const { head } = parsed;
    // Over plain HTTP an Upgrade is left out, as any server may (RFC 9110 section 7.8).
    if (head.upgrade !== undefined && scheme === "https") {
      refuse(makeRefusal("upgrade", `${where} takes secrets, and no other protocol is spoken with it here`));
      return;
    }
    const decision = decide(head, { scheme, authority, recognise: rules.recognise, strict: rules.strict });
    if (decision.kind === "refuse") {
      refuse(decision.refusal);
      return;
    }
    const used = decision.edits.flatMap(({ occurrences }) => occurrences.map(({ grant }) => grant));
    if (used.length > 0 && rules.isRevoked()) {
      refuse(refuseLocked(namesOf(used), authority));
      return;
    }
    try {
      if (decision.inert.length > 0) await recordInert(decision.inert);
      if (used.length > 0) await rules.record({ kind: "substituted", request: id, authority: where, method, secrets: namesOf(used) });
    } catch {
      refuse(refuseUnwritten(namesOf(used)));
      return;
    }
    // The child may have gone meanwhile, or its body turned out malformed.
    if (isRefused || response.destroyed) return;
    send(head, substitute(head.headers, decision.edits), used);
  };

  const send = (head: RequestHead, headers: readonly string[], used: readonly Grant[]): void => {
    const naming = grantsNaming(rules.grants, authority);
    const isBound = naming.length > 0;
    const scrub = isBound ? rules.scrubber.openAnswer() : undefined;
    listener = relayAnswer(response, {
      method,
      scrub,
      onRefusal: (refusal) => {
        refuse(refusal.code === "private-address" ? refusePrivate(namesOf(used.length > 0 ? used : naming), authority) : refusal);
      },
    });
    if (scrub !== undefined) {
      response.once("close", () => {
        if (scrub.met.size > 0) rules.record({ kind: "scrubbed", request: id, authority: where, method, secrets: [...scrub.met] }).catch(ignore);
      });
    }
    if (route.expectsContinue) response.writeContinue();
    upstream.send(
      {
        scheme,
        authority,
        mayBePrivate: !isBound || mayBePrivate(authority, used, naming),
        method,
        path: head.target,
        headers: ["host", head.host, ...(isBound ? askForReadable(headers) : headers)],
        body: head.bodyBytes === undefined ? undefined : openBody(),
      },
      listener,
    );
  };

  const openBody = (): Transform => {
    const body = rules.bodyWatch.open((grant) => {
      if (rules.strict) {
        fail(refuseMisplaced(grant, authority));
        return false;
      }
      recordInert([{ grant, spot: "body" }]).catch(() => {
        fail(refuseUnwritten([grant.name]));
      });
      return true;
    });
    body.on("error", ignore);
    watchIdle(request, body, rules.bodyIdleMs, () => {
      fail(makeRefusal("timeout", "the request's body stood still for too long"), true);
    });
    return request.pipe(body);
  };

  /** Refuses, and stops what is under way upstream. */
  const fail = (refusal: Refusal, isLast = false): void => {
    if (isLast) response.shouldKeepAlive = false;
    if (listener === undefined) refuse(refusal, isLast);
    else listener.onFailure(refusal);
  };

  start().catch(() => {
    response.destroy();
  });
  return {
    request,
    response,
    refuse: (refusal) => {
      fail(refusal, true);
    },
  };
}

function refuseUnwritten(secrets: readonly string[]): Refusal {
  return makeRefusal("audit", "the audit log cannot be written, and nothing goes out without an entry", secrets);
}

/** Calls back once when a body has made no progress for the whole time although there was room for more. */
function watchIdle(request: IncomingMessage, body: Transform, idleMs: number, onIdle: () => void): void {
  let before = request.socket.bytesRead;
  const timer = setInterval(() => {
    const now = request.socket.bytesRead;
    if (request.complete || request.destroyed) clearInterval(timer);
    else if (now === before && !body.writableNeedDrain) {
      clearInterval(timer);
      onIdle();
    }
    before = now;
  }, idleMs).unref();
  request.once("close", () => {
    clearInterval(timer);
  });
}

/** Drops what is left of a body, within reason. */
function drain(request: IncomingMessage): void {
  if (request.complete) return;
  request.unpipe();
  request.resume();
  const timer = setTimeout(() => {
    request.destroy();
  }, DRAIN_MS).unref();
  request.once("close", () => {
    clearTimeout(timer);
  });
}

function namesOf(grants: readonly Grant[]): string[] {
  return [...new Set(grants.map(({ name }) => name))];
}

function ignore(): void {
  // The failure has shown elsewhere, or there is nobody left to tell.
}

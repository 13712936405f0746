// One request of the child's and its answer: judge, write the audit entry, send on, relay.
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Authority } from "../vault/host.ts";
import { formatAuthority } from "../vault/host.ts";
import { relayAnswer } from "./answer.ts";
import { openPassage, readWhole } from "./body-passage.ts";
import { planBody, reframe } from "./body-policy.ts";
import { makeExchangeLog, namesOf } from "./exchange-log.ts";
import type { Grant } from "./grant.ts";
import { askForReadable } from "./negotiation.ts";
import { decide } from "./policy.ts";
import { answerRefusal } from "./refusal-answer.ts";
import type { Refusal } from "./refusal.ts";
import { makeRefusal, refuseLocked, refusePrivate, refuseUnwritten } from "./refusal.ts";
import type { Scheme } from "./request-head.ts";
import { parseRequestHead } from "./request-head.ts";
import type { RunRules } from "./run-rules.ts";
import { grantsNaming, mayBePrivate } from "./run-rules.ts";
import { drain } from "./stalled-body.ts";
import { substitute, substituteTarget } from "./substitute.ts";
import type { AnswerListener, Upstream, UpstreamRequest } from "./upstream.ts";
import { findHandshakeKey } from "./websocket.ts";

/** Where the child's connection leads, settled before the request was read. */
export interface Route {
  readonly scheme: Scheme;
  readonly authority: Authority;
  readonly expectation: Expectation;
}

/** What the child waits for: an answer; `100 Continue` before it sends its body; `101 Switching Protocols`; something that nobody here knows. */
export type Expectation = "answer" | "continue" | "switch" | "unknown";

export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Ends the exchange from outside: the request turned out malformed, or stood still. The connection is closed after it. */
  refuse(refusal: Refusal): void;
}

/** Up to this length a body is read whole before it goes on, and keeps a Content-Length. A longer one with secrets goes on in chunks as it comes. */
const WHOLE_BODY_BYTES_MAX = 65_536;

/** Starts an exchange. It never rejects and never throws: every failure is an answer, or the end of the child's connection. */
export function openExchange(request: IncomingMessage, response: ServerResponse, route: Route, rules: RunRules, upstream: Upstream): Exchange {
  const { authority, scheme } = route;
  const [id, method] = [rules.nextRequestId(), request.method ?? ""];
  const log = makeExchangeLog(rules.record, id, authority, method);
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
    if (isLast) response.shouldKeepAlive = false;
    log
      .refused(refusal)
      .catch(ignore)
      .then(() => {
        answerRefusal(response, refusal, id, isLast);
      }, ignore);
  };
  const isOver = (): boolean => isRefused || response.destroyed;

  const start = async (): Promise<void> => {
    const parsed = parseRequestHead({ method, url: request.url ?? "", httpVersion: request.httpVersion, rawHeaders: request.rawHeaders }, scheme, authority, rules.grants);
    if (parsed.kind === "refuse") {
      refuse(parsed.refusal, parsed.refusal.code !== "misdirected");
      return;
    }
    const { head } = parsed;
    if (route.expectation === "unknown") {
      refuse(makeRefusal("expectation", "a request may expect 100-continue, and nothing else is known here; leave the Expect header out"), true);
      return;
    }
    // Over plain HTTP an Upgrade is left out, as any server may (RFC 9110 section 7.8).
    const handshakeKey = route.expectation === "switch" ? findHandshakeKey(head) : undefined;
    if (head.upgrade !== undefined && scheme === "https" && handshakeKey === undefined) {
      refuse(makeRefusal("upgrade", `${formatAuthority(authority)} takes secrets, and no protocol but HTTP/1.1 and WebSocket is spoken with it here`));
      return;
    }
    const decision = decide(head, { scheme, authority, recognise: rules.recognise, strict: rules.strict });
    if (decision.kind === "refuse") {
      refuse(decision.refusal);
      return;
    }
    const { used } = decision;
    const plan = planBody(head, scheme, authority, rules.grants);
    if (plan.kind === "refuse") {
      refuse(plan.refusal);
      return;
    }
    if (used.length > 0 && rules.isRevoked()) {
      refuse(refuseLocked(namesOf(used), authority));
      return;
    }
    try {
      if (decision.inert.length > 0) await log.inert(decision.inert);
      if (used.length > 0) await log.substituted(used);
    } catch {
      refuse(refuseUnwritten(namesOf(used)));
      return;
    }
    // The child may have gone meanwhile, or its body turned out malformed.
    if (isOver()) return;
    const acted = new Set(used);
    const body = head.bodyBytes === undefined ? undefined : openPassage(request, { authority, plan, acted, rules, log, isOver, onRefusal: fail });
    if (body !== undefined && route.expectation === "continue") response.writeContinue();
    let headers: readonly string[] = substitute(head.headers, decision.edits);
    let [whole, mayYetAct]: [Buffer | undefined, readonly Grant[]] = [undefined, []];
    if (body !== undefined && plan.kind === "edit") {
      // A chunked body has no length to go by.
      if ((head.bodyBytes ?? Infinity) <= WHOLE_BODY_BYTES_MAX) whole = await readWhole(body);
      // Which of them it holds is not known when the connection is made: each must be allowed to go where that leads.
      else mayYetAct = plan.grants;
      headers = reframe(headers, whole?.length);
    }
    if (isOver()) return;
    send({ path: substituteTarget(head.target, decision.target), headers: ["host", head.host, ...headers], body: whole ?? body }, [...acted, ...mayYetAct], handshakeKey);
  };

  const send = (message: Pick<UpstreamRequest, "path" | "headers" | "body">, used: readonly Grant[], handshakeKey: string | undefined): void => {
    const naming = grantsNaming(rules.grants, authority);
    const isBound = naming.length > 0;
    const scrub = isBound ? rules.scrubber.openAnswer() : undefined;
    listener = relayAnswer(response, {
      method,
      scrub,
      handshakeKey,
      onRefusal: (refusal) => {
        refuse(refusal.code === "private-address" ? refusePrivate(namesOf(used.length > 0 ? used : naming), authority) : refusal);
      },
    });
    if (scrub !== undefined) {
      response.once("close", () => {
        if (scrub.met.size > 0) log.scrubbed(scrub.met).catch(ignore);
      });
    }
    upstream.send(
      {
        scheme,
        authority,
        mayBePrivate: !isBound || mayBePrivate(authority, used, naming),
        method,
        ...message,
        headers: isBound ? askForReadable(message.headers) : message.headers,
        isHandshake: handshakeKey !== undefined,
      },
      listener,
    );
  };

  /** Refuses, and stops what is under way upstream. */
  const fail = (refusal: Refusal, isLast = false): void => {
    if (listener === undefined) refuse(refusal, isLast);
    else {
      if (isLast) response.shouldKeepAlive = false;
      listener.onFailure(refusal);
    }
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

function ignore(): void {
  // The failure has shown elsewhere, or there is nobody left to tell.
}

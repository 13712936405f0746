// One request of the child's and its answer: judge, write the audit entry, send on, relay.
import type { Authority } from "../vault/host.ts";
import { formatAuthority } from "../vault/host.ts";
import { relayAnswer } from "./answer.ts";
import { openPassage, passWhole, readWhole } from "./body-passage.ts";
import type { BodyPlan } from "./body-policy.ts";
import { planBody, reframe } from "./body-policy.ts";
import type { ChildRequest, RequestBody } from "./child-request.ts";
import type { ChildResponse } from "./child-response.ts";
import { makeExchangeLog, namesOf } from "./exchange-log.ts";
import type { Grant } from "./grant.ts";
import { askForReadable } from "./negotiation.ts";
import { decide } from "./policy.ts";
import { answerRefusal } from "./refusal-answer.ts";
import type { Refusal } from "./refusal.ts";
import { makeRefusal, RefusalError, refuseLocked, refusePrivate, refuseUnwritten } from "./refusal.ts";
import type { Scheme } from "./request-head.ts";
import { parseRequestHead } from "./request-head.ts";
import type { RunRules } from "./run-rules.ts";
import { grantsNaming, mayBePrivate } from "./run-rules.ts";
import { substitute, substituteTarget } from "./substitute.ts";
import type { AnswerListener, Upstream, UpstreamRequest } from "./upstream.ts";
import { findHandshakeKey } from "./websocket.ts";

/** Where the child's connection leads, settled before the request was read. */
export interface Route {
  readonly scheme: Scheme;
  readonly authority: Authority;
}

export interface Exchange {
  /** Ends the exchange from outside: the request turned out malformed. The connection is closed after it. */
  refuse(refusal: Refusal): void;
}

/** On which terms a request goes on. */
interface SendTerms {
  /** The secrets that are in it. */
  readonly used: readonly Grant[];
  /** Those that may yet come into it as well. */
  readonly mayAct: readonly Grant[];
  /** Whether the audit log has to have heard of it. */
  readonly isRecorded: boolean;
  /** Of a WebSocket. */
  readonly handshakeKey?: string | undefined;
}

interface BodyTerms extends Pick<SendTerms, "used" | "isRecorded"> {
  readonly plan: BodyPlan;
  /** Null where the framing does not say. */
  readonly bodyBytes: number | null | undefined;
}

/** Up to this length a body is read whole before it goes on, and keeps a Content-Length. A longer one with secrets goes on in chunks as it comes. */
const WHOLE_BODY_BYTES_MAX = 65_536;

/** Starts an exchange. It never rejects and never throws: every failure is an answer, or the end of the child's connection. */
export function openExchange(request: ChildRequest, response: ChildResponse, { scheme, authority }: Route, rules: RunRules, upstream: Upstream): Exchange {
  const [id, method] = [rules.nextRequestId(), request.head.method];
  const log = makeExchangeLog(rules.enter, id, authority, method);
  let listener: AnswerListener | undefined;
  let isRefused = false;

  const refuse = (refusal: Refusal, isLast = false): void => {
    if (isRefused) return;
    isRefused = true;
    if (isLast) response.endConnection();
    log.refused(refusal);
    answerRefusal(response, refusal, id);
  };
  const isOver = (): boolean => isRefused || response.isOver;

  const start = (): void => {
    const parsed = parseRequestHead(request.head, scheme, authority, rules.grants);
    if (parsed.kind === "refuse") {
      refuse(parsed.refusal, parsed.refusal.code !== "misdirected");
      return;
    }
    const { head } = parsed;
    if (request.expectation === "unknown") {
      refuse(makeRefusal("expectation", "a request may expect 100-continue, and nothing else is known here; leave the Expect header out"), true);
      return;
    }
    // Over plain HTTP an Upgrade is left out, as any server may (RFC 9110 section 7.8).
    const handshakeKey = request.expectation === "switch" ? findHandshakeKey(head) : undefined;
    if (head.upgrade !== undefined && scheme === "https" && handshakeKey === undefined) {
      refuse(makeRefusal("upgrade", `${formatAuthority(authority)} takes secrets, and no protocol but HTTP/1.1 and WebSocket is spoken with it here`));
      return;
    }
    const decision = decide(head, { scheme, authority, recognise: rules.recognise, strict: rules.strict });
    if (decision.kind === "refuse") {
      refuse(decision.refusal);
      return;
    }
    const { used, inert } = decision;
    const plan = planBody(head, scheme, authority, rules.grants);
    if (plan.kind === "refuse") {
      refuse(plan.refusal);
      return;
    }
    if (used.length > 0 && rules.isRevoked()) {
      refuse(refuseLocked(namesOf(used), authority));
      return;
    }
    // Whether these are written shows before anything goes out: `permit`.
    if (inert.length > 0) log.inert(inert);
    if (used.length > 0) log.substituted(used);
    const isRecorded = inert.length + used.length > 0;
    const message = { path: substituteTarget(head.target, decision.target), headers: ["host", head.host, ...substitute(head.headers, decision.edits)] };
    const terms = { used, mayAct: used, isRecorded, handshakeKey };
    switch (request.body.kind) {
      case "none":
        send({ ...message, body: undefined }, terms);
        return;
      case "whole":
        sendWhole(message, request.body.bytes, plan, terms);
        return;
      case "stream":
        sendBody(message, request.body.stream, { plan, used, isRecorded, bodyBytes: head.bodyBytes }).catch(() => { response.destroy(); });
    }
  };

  const sendWhole = (message: Pick<UpstreamRequest, "path" | "headers">, bytes: Uint8Array, plan: BodyPlan, terms: SendTerms): void => {
    const acted = new Set(terms.used);
    const body = passWhole(bytes, { authority, plan, acted, rules, log, isOver, onRefusal: fail });
    if (body === undefined) return;
    const used = [...acted];
    send({ ...message, headers: reframe(message.headers, body.length), body }, { ...terms, used, mayAct: used });
  };

  const sendBody = async (message: Pick<UpstreamRequest, "path" | "headers">, body: RequestBody, { plan, used, isRecorded, bodyBytes }: BodyTerms): Promise<void> => {
    const acted = new Set(used);
    const passage = openPassage(body, { authority, plan, acted, rules, log, isOver, onRefusal: fail });
    if (request.expectation === "continue") response.askForBody();
    if (plan.kind !== "edit") {
      send({ ...message, body: passage }, { used, mayAct: used, isRecorded });
      return;
    }
    // A chunked body has no length to go by.
    const whole = (bodyBytes ?? Infinity) <= WHOLE_BODY_BYTES_MAX ? await readWhole(passage) : undefined;
    if (isOver()) return;
    // Which of them a longer one holds is not known when the connection is made: each must be allowed to go where that leads.
    const mayAct = whole === undefined ? [...used, ...plan.grants] : [...acted];
    send({ ...message, headers: reframe(message.headers, whole?.length), body: whole ?? passage }, { used: [...acted], mayAct, isRecorded });
  };

  const send = (message: Pick<UpstreamRequest, "path" | "headers" | "body">, { used, mayAct, isRecorded, handshakeKey }: SendTerms): void => {
    const naming = grantsNaming(rules.grants, authority);
    const isBound = naming.length > 0;
    const scrub = isBound ? rules.scrubber.openAnswer() : undefined;
    listener = relayAnswer(response, {
      method,
      scrub,
      handshakeKey,
      onOver: () => {
        if (scrub !== undefined && scrub.met.size > 0) log.scrubbed(scrub.met);
      },
      onRefusal: (refusal) => {
        refuse(refusal.code === "private-address" ? refusePrivate(namesOf(mayAct.length > 0 ? mayAct : naming), authority) : refusal);
      },
    });
    upstream.send(
      {
        scheme,
        authority,
        mayBePrivate: !isBound || mayBePrivate(authority, mayAct, naming),
        method,
        path: message.path,
        headers: isBound ? askForReadable(message.headers) : message.headers,
        body: message.body,
        isHandshake: handshakeKey !== undefined,
        permit: () => { permit(used, isRecorded); },
      },
      listener,
    );
  };

  /** The last word before the first byte goes out: the connection may have been long in coming. @throws RefusalError */
  const permit = (used: readonly Grant[], isRecorded: boolean): void => {
    try {
      if (isRecorded) rules.flush();
    } catch {
      throw new RefusalError(refuseUnwritten(namesOf(used)));
    }
    if (used.length > 0 && rules.isRevoked()) throw new RefusalError(refuseLocked(namesOf(used), authority));
  };

  /** Refuses, and stops what is under way upstream. */
  const fail = (refusal: Refusal, isLast = false): void => {
    if (listener === undefined) refuse(refusal, isLast);
    else {
      if (isLast) response.endConnection();
      listener.onFailure(refusal);
    }
  };

  try {
    start();
  } catch {
    response.destroy();
  }
  return {
    refuse: (refusal) => {
      fail(refusal, true);
    },
  };
}

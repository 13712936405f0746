// One request of the child's and its answer: judge, write the audit entry, send on, relay.
import { AnswerRelay } from "./answer.ts";
import type { BodyPassage } from "./body-passage.ts";
import { holdWhole, openPassage, passWhole, readWhole } from "./body-passage.ts";
import type { BodyPlan } from "./judge/body-policy.ts";
import { reframe } from "./judge/body-policy.ts";
import { isBoundTo } from "./judge/policy.ts";
import type { ChildBody, ChildRequest, RequestBody } from "./http1/child-request.ts";
import type { ChildResponse } from "./http1/child-response.ts";
import type { HeldShare } from "./http1/held-bytes.ts";
import { ExchangeLog, namesOf } from "./exchange-log.ts";
import type { GateStep } from "./gate-passage.ts";
import { GatePassage, SHOWN_BODY_BYTES_MAX } from "./gate-passage.ts";
import type { Grant } from "./grants/grant.ts";
import { judgeRequest } from "./judge/judgement.ts";
import { askForReadable } from "./scrub/negotiation.ts";
import { answerByItself, answerRefusal } from "./http1/refusal-answer.ts";
import { findAsked, ownTokenOf } from "./judge/own-token.ts";
import type { Refusal } from "./grants/refusal.ts";
import { RefusalError, refuseHeldBodies, refuseKeyGrant, refuseLocked, refuseNoValue, refusePrivate, refuseUnwritten } from "./grants/refusal.ts";
import type { Route } from "./judge/route.ts";
import { findEnded } from "./judge/rules/judge-rules.ts";
import type { LoopbackPeer } from "./judge/run-gate.ts";
import type { RunRules } from "./judge/run-rules.ts";
import { mayBePrivate } from "./judge/run-rules.ts";
import { mayGrantKey, signAnew } from "./places/aws-signing.ts";
import { substitute, substituteTarget } from "./places/substitute.ts";
import { RepeatOnce } from "./repeat-once.ts";
import type { AnswerListener, Upstream, UpstreamRequest } from "./upstream/upstream.ts";

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
  /** Of a WebSocket. */
  readonly handshakeKey: string | undefined;
  /** The request once more, with the values that are there then. Undefined where its body is not held whole; it gives undefined where it has been refused meanwhile. */
  readonly again: (() => Message | undefined) | undefined;
}

/** What of a request goes up but its method, which stays. */
type Message = Pick<UpstreamRequest, "path" | "headers" | "body">;

/** Path and headers with the values of the moment, before a body. Made at one place, and not by a spread: V8 would make a new hidden class for each request. */
type WriteMessage = (body: Message["body"]) => Message;

/** Up to this length a body is read whole before it goes on, and keeps a Content-Length. A longer one with secrets goes on in chunks as it comes. */
const WHOLE_BODY_BYTES_MAX = 65_536;

const NO_BYTES = new Uint8Array();

/**
 * Starts an exchange. It never rejects and never throws: every failure is an answer, or the end of the child's connection.
 *
 * @param peer the child's end of its connection.
 */
export function openExchange(request: ChildRequest, response: ChildResponse, route: Route, rules: RunRules, upstream: Upstream, peer?: LoopbackPeer): Exchange {
  const exchange = new StartedExchange(request, response, route, rules, upstream, peer);
  try {
    exchange.start();
  } catch {
    response.destroy();
  }
  return exchange;
}

class StartedExchange implements Exchange {
  readonly #request: ChildRequest;
  readonly #response: ChildResponse;
  readonly #route: Route;
  readonly #rules: RunRules;
  readonly #upstream: Upstream;
  readonly #id: string;
  readonly #log: ExchangeLog;
  readonly #peer: LoopbackPeer | undefined;
  /** Of a request that a rule has asked for, or counted. */
  #gates: GatePassage | undefined;
  #body: ChildBody;
  #listener: AnswerListener | undefined;
  #isRefused = false;
  /** Whether values that are made have been asked for. */
  #hasPrepared = false;
  /** Of a body that had to be there whole. */
  #share: HeldShare | undefined;
  /** Whether the audit log has to have heard of it before it goes out. */
  #isRecorded = false;

  constructor(request: ChildRequest, response: ChildResponse, route: Route, rules: RunRules, upstream: Upstream, peer: LoopbackPeer | undefined) {
    this.#request = request;
    this.#body = request.body;
    this.#response = response;
    this.#route = route;
    this.#rules = rules;
    this.#upstream = upstream;
    this.#id = rules.nextRequestId();
    this.#log = new ExchangeLog(rules.enter, this.#id, route.authorityText, request.head.method);
    this.#peer = peer;
  }

  start(): void {
    const [rules, log, body] = [this.#rules, this.#log, this.#body];
    const judged = judgeRequest({ head: this.#request.head, expectation: this.#request.expectation, body: body.kind === "whole" ? body.bytes : body.kind === "none" ? NO_BYTES : undefined }, this.#route, rules);
    if (judged.kind === "load") {
      void judged.load().then(() => {
        if (!this.#isOver()) this.start();
      }).catch(() => { this.#response.destroy(); });
      return;
    }
    if (judged.kind === "refuse") {
      // What was refused a while ago may be allowed again.
      const follow = rules.hasLiving ? rules.grants.filter(({ name, living }) => living?.isMade === false && judged.refusal.secrets.includes(name)) : [];
      if (this.#isSettled(follow)) this.#refuse(judged.refusal, judged.isLast);
      return;
    }
    const { head, decision, plan, handshakeKey, byToken, signing, passed, wholeBytesMax } = judged;
    if (wholeBytesMax !== undefined && body.kind === "stream") {
      const crowded = refuseHeldBodies(this.#route.authority, signing === undefined ? undefined : "aws-json");
      this.#hold(body.stream, wholeBytesMax, crowded).catch(() => { this.#response.destroy(); });
      return;
    }
    const asked = body.kind === "whole" ? findAsked(byToken, body.bytes) : undefined;
    if (asked !== undefined) {
      this.#share?.free();
      answerByItself(this.#response, ownTokenOf(asked));
      return;
    }
    const { used, inert } = decision;
    const gated = passed.gates.length === 0 ? undefined : { gates: passed.gates, head, authority: this.#route.authority, authorityText: this.#route.authorityText, body, acting: plan.kind === "edit" ? [...used, ...plan.grants] : used };
    if (gated !== undefined && !this.#hasPassed(this.#openGates().ask(gated))) return;
    if (signing !== undefined && mayGrantKey(signing, body.kind === "whole" ? body.bytes : undefined)) {
      this.#refuse(refuseKeyGrant(signing.grant, this.#route.authority));
      return;
    }
    if (used.length > 0 && rules.isRevoked()) {
      this.#refuse(refuseLocked(namesOf(used), this.#route.authority));
      return;
    }
    if (rules.hasLiving && !this.#isPrepared(used, plan)) return;
    if (signing !== undefined && signAnew(signing, undefined) === undefined) {
      this.#refuse(refuseNoValue(used, this.#route.authority));
      return;
    }
    if (gated !== undefined && !this.#hasPassed(this.#openGates().meter(gated))) return;
    // Whether these are written shows before anything goes out: `#permit`.
    if (inert.length > 0) log.inert(inert);
    if (used.length > 0) log.substituted(used, passed.by);
    this.#isRecorded = inert.length + used.length > 0;
    const write: WriteMessage = signing === undefined
      ? (sent) => ({ path: substituteTarget(head.target, decision.target), headers: substitute(head, decision.edits), body: sent })
      : (sent) => ({ path: head.target, headers: signAnew(signing, body.kind === "whole" ? body.bytes : undefined) ?? ["host", head.host], body: sent });
    switch (body.kind) {
      case "none":
        this.#send(write(undefined), { used, mayAct: used, handshakeKey, again: () => write(undefined) });
        return;
      case "whole":
        this.#sendWhole(write, body.bytes, used, plan);
        return;
      case "stream":
        this.#sendStream(write, body.stream, used, plan, head.bodyBytes).catch(() => { this.#response.destroy(); });
    }
  }

  refuse(refusal: Refusal): void {
    this.#fail(refusal, true);
  }

  /** Reads the body whole, and judges the request anew with it. */
  async #hold(stream: RequestBody, bytesMax: number, crowded: Refusal): Promise<void> {
    if (this.#request.expectation === "continue") this.#response.askForBody();
    const share = this.#rules.openShare();
    this.#share = share;
    this.#response.whenGone(() => { share.free(); });
    const bytes = await holdWhole(stream, { bytesMax, idleMs: this.#rules.bodyIdleMs, share, crowded }, (refusal) => { this.#fail(refusal, true); });
    if (this.#isOver()) return;
    this.#body = { kind: "whole", bytes };
    this.start();
  }

  #openGates(): GatePassage {
    return (this.#gates ??= new GatePassage(this.#rules.gate, this.#log, this.#peer));
  }

  /** Whether it may go on. Where somebody has to be asked, or a use to be counted, the request is judged anew when that is done. */
  #hasPassed(step: GateStep): boolean {
    switch (step.kind) {
      case "passed":
        return true;
      case "refuse":
        this.#refuse(step.refusal);
        return false;
      case "hold":
        if (this.#body.kind === "stream") this.#hold(this.#body.stream, SHOWN_BODY_BYTES_MAX, refuseHeldBodies(this.#route.authority, undefined)).catch(() => { this.#response.destroy(); });
        return false;
      case "wait":
        this.#response.whenGone(() => {
          this.#share?.free();
          this.#gates?.abandon();
        });
        step.done.then((refusal) => {
          if (this.#isOver()) return;
          if (refusal === undefined) this.start();
          else this.#refuse(this.#rules.isRevoked() ? refuseLocked(refusal.secrets, this.#route.authority) : refusal);
        }).catch(() => { this.#response.destroy(); });
        return false;
    }
  }

  /** Whether each value that goes out is there. Where one has to be asked for first, the request is judged anew when it has come. */
  #isPrepared(used: readonly Grant[], plan: BodyPlan): boolean {
    if (used.length === 0 && plan.kind !== "edit") return true;
    if (!this.#isSettled(plan.kind === "edit" ? [...used, ...plan.grants] : used)) return false;
    // Also where there was nothing to ask for: a secret that an earlier request has learned to be gone stays gone.
    if (!used.some(isMissing)) return true;
    this.#refuse(refuseNoValue(used.filter(isMissing), this.#route.authority));
    return false;
  }

  /** Where a value has to be asked for, that is done once, and the request judged anew. */
  #isSettled(grants: readonly Grant[]): boolean {
    if (this.#hasPrepared || !grants.some(isDue)) return true;
    this.#hasPrepared = true;
    void Promise.all(grants.filter(isDue).flatMap(({ living }) => living?.prepare() ?? [])).then(() => {
      if (!this.#isOver()) this.start();
    }).catch(() => { this.#response.destroy(); });
    return false;
  }

  #refuse(refusal: Refusal, isLast = false): void {
    if (this.#isRefused) return;
    this.#isRefused = true;
    this.#share?.free();
    this.#gates?.abandon();
    if (isLast) this.#response.endConnection();
    if (this.#listener === undefined) this.#log.unsent();
    this.#log.refused(refusal);
    answerRefusal(this.#response, refusal, this.#id);
  }

  /** Refuses, and stops what is under way upstream. */
  #fail(refusal: Refusal, isLast: boolean): void {
    if (this.#listener === undefined) this.#refuse(refusal, isLast);
    else {
      if (isLast) this.#response.endConnection();
      this.#listener.onFailure(refusal);
    }
  }

  #isOver(): boolean {
    return this.#isRefused || this.#response.isOver;
  }

  #passageOf(plan: BodyPlan, acted: Set<Grant>): BodyPassage {
    return {
      authority: this.#route.authority,
      plan,
      acted,
      rules: this.#rules,
      log: this.#log,
      isOver: () => this.#isOver(),
      onRefusal: (refusal, isLast) => {
        this.#fail(refusal, isLast);
      },
    };
  }

  #sendWhole(write: WriteMessage, bytes: Uint8Array, used: readonly Grant[], plan: BodyPlan): void {
    const acted = new Set<Grant>();
    const pass = (): Message | undefined => {
      acted.clear();
      for (const grant of used) acted.add(grant);
      const body = passWhole(bytes, this.#passageOf(plan, acted));
      if (body === undefined) return undefined;
      const { path, headers } = write(body);
      return { path, headers: reframe(headers, body.length), body };
    };
    const message = pass();
    if (message !== undefined) this.#send(message, { used: [...acted], mayAct: [...acted], handshakeKey: undefined, again: pass });
  }

  /** @param bodyBytes null where the framing does not say. */
  async #sendStream(write: WriteMessage, stream: RequestBody, used: readonly Grant[], plan: BodyPlan, bodyBytes: number | null | undefined): Promise<void> {
    const acted = new Set(used);
    const passage = openPassage(stream, this.#passageOf(plan, acted));
    if (this.#request.expectation === "continue") this.#response.askForBody();
    // One that may have to be sent again is held, too.
    const isHeld = plan.kind === "edit" || used.some(({ living }) => living?.isMade === true);
    if (!isHeld) {
      this.#send(write(passage), { used, mayAct: used, handshakeKey: undefined, again: undefined });
      return;
    }
    // A chunked body has no length to go by.
    const whole = (bodyBytes ?? Infinity) <= WHOLE_BODY_BYTES_MAX ? await readWhole(passage) : undefined;
    if (this.#isOver()) {
      this.#log.unsent();
      return;
    }
    // Which of them a longer one holds is not known when the connection is made: each must be allowed to go where that leads.
    const mayAct = whole === undefined && plan.kind === "edit" ? [...used, ...plan.grants] : [...acted];
    const frame = (body: Uint8Array | undefined): Message => {
      const message = write(body ?? passage);
      return plan.kind === "edit" ? { path: message.path, headers: reframe(message.headers, body?.length), body: message.body } : message;
    };
    // A value that changes and stands in the body stands there for good.
    const isFixed = [...acted].some((grant) => grant.living?.isMade === true && !used.includes(grant));
    this.#send(frame(whole), { used: [...acted], mayAct, handshakeKey: undefined, again: whole === undefined || isFixed ? undefined : () => frame(whole) });
  }

  #send(message: Message, { used, mayAct, handshakeKey, again }: SendTerms): void {
    const [{ scheme, authority, naming }, { method }] = [this.#route, this.#request.head];
    const isBound = naming.length > 0;
    const scrub = isBound ? this.#rules.scrubberOf(naming)?.openAnswer() : undefined;
    const listener = new AnswerRelay(this.#response, {
      method,
      scrub,
      handshakeKey,
      onHeaders: used.some(({ signs }) => signs !== undefined) ? (headers) => { this.#rules.awsClock.hear(authority.host, headers); } : undefined,
      onOver: (hasLeft) => {
        this.#share?.free();
        if (!hasLeft) this.#log.unsent();
        if (scrub !== undefined && scrub.met.size > 0) this.#log.scrubbed(scrub.met);
      },
      onRefusal: (refusal) => {
        this.#refuse(refusal.code === "private-address" ? refusePrivate(namesOf(mayAct.length > 0 ? mayAct : naming), authority) : refusal);
      },
    });
    this.#listener = listener;
    const send = ({ path, headers, body }: Message, to: AnswerListener): void => {
      this.#upstream.send(
        {
          scheme,
          authority,
          mayBePrivate: !isBound || mayBePrivate(authority, mayAct, naming),
          method,
          path,
          headers: scrub === undefined ? headers : askForReadable(headers),
          body,
          isHandshake: handshakeKey !== undefined,
          permit: () => { this.#permit(used); },
        },
        to,
      );
    };
    send(message, this.#rules.hasMade && handshakeKey === undefined ? this.#repeating(listener, used, this.#gates === undefined ? again : undefined, send) : listener);
  }

  /** The relay itself where no value of the request changes. What was approved, or counted, goes out once. */
  #repeating(relay: AnswerListener, used: readonly Grant[], again: (() => Message | undefined) | undefined, send: (message: Message, to: AnswerListener) => void): AnswerListener {
    const sent = used.flatMap(({ living }) => (living?.isMade === true ? [{ living, generation: living.generation() }] : []));
    if (sent.length === 0) return relay;
    // Rules that have changed since have not judged it.
    const rules = new Map(used.map((grant) => [grant, grant.rules]));
    return new RepeatOnce(relay, {
      renew: async () => !this.#rules.isRevoked() && (await Promise.all(sent.map(({ living, generation }) => living.renewRefused(generation)))).includes(true),
      note: () => {
        for (const { living, generation } of sent) living.noteRefused(generation);
      },
      resend: again === undefined ? undefined : (to) => {
        const missing = used.filter((grant) => isMissing(grant) || !isBoundTo(grant, this.#route.authority) || grant.rules !== rules.get(grant));
        if (missing.length > 0) {
          relay.onFailure(refuseNoValue(missing, this.#route.authority));
          return;
        }
        this.#log.substituted(used);
        const message = again();
        if (message !== undefined) send(message, to);
      },
    });
  }

  /** The last word before the first byte goes out: the connection may have been long in coming. @throws RefusalError */
  #permit(used: readonly Grant[]): void {
    const [{ authority }, rules] = [this.#route, this.#rules];
    try {
      if (this.#isRecorded) rules.flush();
    } catch {
      throw new RefusalError(refuseUnwritten(namesOf(used)));
    }
    if (used.length > 0 && rules.isRevoked()) throw new RefusalError(refuseLocked(namesOf(used), authority));
    const ended = used.some((grant) => grant.rules !== undefined) ? findEnded(used, authority, Date.now()) : undefined;
    if (ended !== undefined) throw new RefusalError(ended);
  }
}

/** Whether its value has to be asked for first. */
function isDue({ living }: Grant): boolean {
  return living?.isDue() === true;
}

/** Whether it has no value that may be used. */
function isMissing({ living }: Grant): boolean {
  return living?.isGood() === false;
}

// One request of the child's until it goes on or is refused: judged, asked about, its values fetched, the audit entry made.
import { holdWhole } from "./body-passage.ts";
import { ExchangeLog, namesOf } from "./exchange-log.ts";
import type { GateStep } from "./gate-passage.ts";
import { GatePassage, SHOWN_BODY_BYTES_MAX } from "./gate-passage.ts";
import type { Grant } from "../grants/grant.ts";
import { isDue, isMissing } from "../grants/living-value.ts";
import type { Refusal } from "../grants/refusal.ts";
import { refuseHeldBodies, refuseKeyGrant, refuseLocked, refuseNoValue } from "../grants/refusal.ts";
import type { ChildBody, ChildRequest, RequestBody } from "../http1/child-request.ts";
import type { ChildResponse } from "../http1/child-response.ts";
import type { HeldShare } from "../http1/held-bytes.ts";
import { answerByItself, answerRefusal } from "../http1/refusal-answer.ts";
import type { BodyPlan } from "../judge/body-policy.ts";
import { judgeRequest } from "../judge/judgement.ts";
import { findAsked, ownTokenOf } from "../judge/own-token.ts";
import type { Route } from "../judge/route.ts";
import type { LoopbackPeer } from "../judge/run-gate.ts";
import type { RunRules } from "../judge/run-rules.ts";
import { OutgoingRequest } from "./outgoing-request.ts";
import { mayGrantKey, signAnew } from "../places/aws-signing.ts";
import type { Upstream } from "../upstream/upstream.ts";

export interface Exchange {
  /** Ends the exchange from outside: the request turned out malformed. The connection is closed after it. */
  refuse(refusal: Refusal): void;
}

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
  /** Once it goes on. */
  #outgoing: OutgoingRequest | undefined;
  #isRefused = false;
  /** Whether values that are made have been asked for. */
  #hasPrepared = false;
  /** Of a body that had to be there whole. */
  #share: HeldShare | undefined;

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
    const { head, decision, plan, byToken, closed, signing, passed, wholeBytesMax } = judged;
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
    if (closed !== undefined) {
      this.#refuse(closed);
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
    // Whether these are written shows before anything goes out.
    if (inert.length > 0) log.inert(inert);
    if (used.length > 0) log.substituted(used, passed.by);
    this.#outgoing = new OutgoingRequest(judged, body, {
      expectation: this.#request.expectation,
      response: this.#response,
      route: this.#route,
      rules,
      upstream: this.#upstream,
      log,
      share: this.#share,
      mayRepeat: this.#gates === undefined,
      isOver: () => this.#isOver(),
      onRefusal: (refusal, isLast) => { this.#refuse(refusal, isLast); },
    });
    this.#outgoing.send();
  }

  /** What is under way upstream is stopped. */
  refuse(refusal: Refusal): void {
    if (this.#outgoing === undefined) this.#refuse(refusal, true);
    else this.#outgoing.fail(refusal, true);
  }

  /** Reads the body whole, and judges the request anew with it. */
  async #hold(stream: RequestBody, bytesMax: number, crowded: Refusal): Promise<void> {
    if (this.#request.expectation === "continue") this.#response.askForBody();
    const share = this.#rules.openShare();
    this.#share = share;
    this.#response.whenGone(() => { share.free(); });
    const bytes = await holdWhole(stream, { bytesMax, idleMs: this.#rules.bodyIdleMs, share, crowded }, (refusal) => { this.refuse(refusal); });
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
    if (this.#outgoing?.isSent !== true) this.#log.unsent();
    this.#log.refused(refusal);
    answerRefusal(this.#response, refusal, this.#id);
  }

  #isOver(): boolean {
    return this.#isRefused || this.#response.isOver;
  }
}

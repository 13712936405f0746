// A judged request on its way up: written with the values of the moment, sent, its answer relayed, and sent once more where a value has changed meanwhile.
import { AnswerRelay } from "./answer.ts";
import type { BodyPassage } from "./body-passage.ts";
import { openPassage, passWhole, readWhole } from "./body-passage.ts";
import type { ExchangeLog } from "./exchange-log.ts";
import { namesOf } from "./exchange-log.ts";
import type { Grant } from "../grants/grant.ts";
import { isMissing } from "../grants/living-value.ts";
import type { Refusal } from "../grants/refusal.ts";
import { RefusalError, refuseLocked, refuseNoValue, refusePrivate, refuseUnwritten } from "../grants/refusal.ts";
import type { ChildBody, Expectation, RequestBody } from "../http1/child-request.ts";
import type { ChildResponse } from "../http1/child-response.ts";
import type { HeldShare } from "../http1/held-bytes.ts";
import { reframe } from "../judge/body-policy.ts";
import type { Forward } from "../judge/judgement.ts";
import { isBoundTo } from "../judge/policy.ts";
import type { Route } from "../judge/route.ts";
import { findEnded } from "../judge/rules/judge-rules.ts";
import type { RunRules } from "../judge/run-rules.ts";
import { mayBePrivate } from "../judge/run-rules.ts";
import { signAnew } from "../places/aws-signing.ts";
import { substitute, substituteTarget } from "../places/substitute.ts";
import { RepeatOnce } from "./repeat-once.ts";
import { askForReadable } from "../scrub/negotiation.ts";
import { findWantedPart } from "./wanted-part.ts";
import type { AnswerListener, Upstream, UpstreamRequest } from "../upstream/upstream.ts";

/** The exchange that a request goes out from. */
export interface OutgoingContext {
  readonly expectation: Expectation;
  readonly response: ChildResponse;
  readonly route: Route;
  readonly rules: RunRules;
  readonly upstream: Upstream;
  readonly log: ExchangeLog;
  /** Of a body that is held whole: freed with the end of the answer. */
  readonly share: HeldShare | undefined;
  /** False for one that was approved, or counted: that goes out once. */
  readonly mayRepeat: boolean;
  /** Whether nobody waits for an answer any more. */
  readonly isOver: () => boolean;
  /** The child is to get this refusal as its answer. @param isLast closes its connection. */
  readonly onRefusal: (refusal: Refusal, isLast: boolean) => void;
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

/** Up to this length a body is read whole before it goes on, and keeps a Content-Length. A longer one with secrets goes on in chunks as it comes. */
const WHOLE_BODY_BYTES_MAX = 65_536;

export class OutgoingRequest {
  readonly #judged: Forward;
  readonly #body: ChildBody;
  readonly #context: OutgoingContext;
  #relay: AnswerRelay | undefined;

  /** @param body as far as it has come. */
  constructor(judged: Forward, body: ChildBody, context: OutgoingContext) {
    this.#judged = judged;
    this.#body = body;
    this.#context = context;
  }

  /** Whether it has been handed on: what becomes of it is then the relay's to tell. */
  get isSent(): boolean {
    return this.#relay !== undefined;
  }

  send(): void {
    const [{ decision: { used }, handshakeKey }, body] = [this.#judged, this.#body];
    switch (body.kind) {
      case "none":
        this.#send(this.#write(undefined), { used, mayAct: used, handshakeKey, again: () => this.#write(undefined) });
        return;
      case "whole":
        this.#sendWhole(body.bytes);
        return;
      case "stream":
        this.#sendStream(body.stream).catch(() => { this.#context.response.destroy(); });
    }
  }

  /** Refuses it, and stops what is under way upstream. @param isLast closes the child's connection. */
  fail(refusal: Refusal, isLast: boolean): void {
    if (this.#relay === undefined) {
      this.#context.onRefusal(refusal, isLast);
      return;
    }
    if (isLast) this.#context.response.endConnection();
    this.#relay.onFailure(refusal);
  }

  /** Path and headers with the values of the moment, before a body. Made at one place, and not by a spread: V8 would make a new hidden class for each request. */
  #write(sent: Message["body"]): Message {
    const { head, decision, signing } = this.#judged;
    if (signing === undefined) return { path: substituteTarget(head.target, decision.target), headers: substitute(head, decision.edits), body: sent };
    return { path: head.target, headers: signAnew(signing, this.#body.kind === "whole" ? this.#body.bytes : undefined) ?? ["host", head.host], body: sent };
  }

  #passageOf(acted: Set<Grant>): BodyPassage {
    const { route, rules, log, isOver } = this.#context;
    return {
      authority: route.authority,
      plan: this.#judged.plan,
      acted,
      rules,
      log,
      isOver,
      onRefusal: (refusal, isLast) => { this.fail(refusal, isLast); },
    };
  }

  #sendWhole(bytes: Uint8Array): void {
    const acted = new Set<Grant>();
    const pass = (): Message | undefined => {
      acted.clear();
      for (const grant of this.#judged.decision.used) acted.add(grant);
      const body = passWhole(bytes, this.#passageOf(acted));
      if (body === undefined) return undefined;
      const { path, headers } = this.#write(body);
      return { path, headers: reframe(headers, body.length), body };
    };
    const message = pass();
    if (message !== undefined) this.#send(message, { used: [...acted], mayAct: [...acted], handshakeKey: undefined, again: pass });
  }

  async #sendStream(stream: RequestBody): Promise<void> {
    const { head, decision: { used }, plan } = this.#judged;
    const { expectation, response, log, isOver } = this.#context;
    const acted = new Set(used);
    const passage = openPassage(stream, this.#passageOf(acted));
    if (expectation === "continue") response.askForBody();
    // One that may have to be sent again is held, too.
    const isHeld = plan.kind === "edit" || used.some(({ living }) => living?.isMade === true);
    if (!isHeld) {
      this.#send(this.#write(passage), { used, mayAct: used, handshakeKey: undefined, again: undefined });
      return;
    }
    // A chunked body has no length to go by.
    const whole = (head.bodyBytes ?? Infinity) <= WHOLE_BODY_BYTES_MAX ? await readWhole(passage) : undefined;
    if (isOver()) {
      log.unsent();
      return;
    }
    // Which of them a longer one holds is not known when the connection is made: each must be allowed to go where that leads.
    const mayAct = whole === undefined && plan.kind === "edit" ? [...used, ...plan.grants] : [...acted];
    const frame = (body: Uint8Array | undefined): Message => {
      const message = this.#write(body ?? passage);
      return plan.kind === "edit" ? { path: message.path, headers: reframe(message.headers, body?.length), body: message.body } : message;
    };
    // A value that changes and stands in the body stands there for good.
    const isFixed = [...acted].some((grant) => grant.living?.isMade === true && !used.includes(grant));
    this.#send(frame(whole), { used: [...acted], mayAct, handshakeKey: undefined, again: whole === undefined || isFixed ? undefined : () => frame(whole) });
  }

  #send(message: Message, { used, mayAct, handshakeKey, again }: SendTerms): void {
    const { response, route: { scheme, authority, naming }, rules, upstream, log, share, mayRepeat, onRefusal } = this.#context;
    const { method, headers: asked } = this.#judged.head;
    const isBound = naming.length > 0;
    const scrub = isBound ? rules.scrubberOf(naming)?.openAnswer() : undefined;
    const relay = new AnswerRelay(response, {
      method,
      scrub,
      wanted: scrub === undefined ? undefined : findWantedPart(method, asked),
      handshakeKey,
      onHeaders: used.some(({ signs }) => signs !== undefined) ? (headers) => { rules.awsClock.hear(authority.host, headers); } : undefined,
      onOver: (hasLeft) => {
        share?.free();
        if (!hasLeft) log.unsent();
        if (scrub !== undefined && scrub.met.size > 0) log.scrubbed(scrub.met);
      },
      onRefusal: (refusal) => {
        onRefusal(refusal.code === "private-address" ? refusePrivate(namesOf(mayAct.length > 0 ? mayAct : naming), authority) : refusal, false);
      },
    });
    this.#relay = relay;
    const send = ({ path, headers, body }: Message, to: AnswerListener): void => {
      upstream.send(
        {
          scheme,
          authority,
          mayBePrivate: !isBound || mayBePrivate(authority, mayAct, naming),
          method,
          path,
          headers: scrub === undefined ? headers : askForReadable(method, headers),
          body,
          isHandshake: handshakeKey !== undefined,
          permit: () => { this.#permit(used); },
        },
        to,
      );
    };
    send(message, rules.hasMade && handshakeKey === undefined ? this.#repeating(relay, used, mayRepeat ? again : undefined, send) : relay);
  }

  /** The relay itself where no value of the request changes. */
  #repeating(relay: AnswerListener, used: readonly Grant[], again: (() => Message | undefined) | undefined, send: (message: Message, to: AnswerListener) => void): AnswerListener {
    const { route: { authority }, rules, log } = this.#context;
    const sent = used.flatMap(({ living }) => (living?.isMade === true ? [{ living, generation: living.generation() }] : []));
    if (sent.length === 0) return relay;
    // Rules that have changed since have not judged it.
    const judgedBy = new Map(used.map((grant) => [grant, grant.rules]));
    return new RepeatOnce(relay, {
      renew: async () => !rules.isRevoked() && (await Promise.all(sent.map(({ living, generation }) => living.renewRefused(generation)))).includes(true),
      note: () => {
        for (const { living, generation } of sent) living.noteRefused(generation);
      },
      resend: again === undefined ? undefined : (to) => {
        const missing = used.filter((grant) => isMissing(grant) || !isBoundTo(grant, authority) || grant.rules !== judgedBy.get(grant));
        if (missing.length > 0) {
          relay.onFailure(refuseNoValue(missing, authority));
          return;
        }
        log.substituted(used);
        const message = again();
        if (message !== undefined) send(message, to);
      },
    });
  }

  /** The last word before the first byte goes out: the connection may have been long in coming. @throws RefusalError */
  #permit(used: readonly Grant[]): void {
    const { route: { authority }, rules } = this.#context;
    const { used: named, inert } = this.#judged.decision;
    try {
      // What the head holds has been entered, and perhaps not written as yet.
      if (named.length + inert.length > 0) rules.flush();
    } catch {
      throw new RefusalError(refuseUnwritten(namesOf(used)));
    }
    if (used.length > 0 && rules.isRevoked()) throw new RefusalError(refuseLocked(namesOf(used), authority));
    const ended = used.some((grant) => grant.rules !== undefined) ? findEnded(used, authority, Date.now()) : undefined;
    if (ended !== undefined) throw new RefusalError(ended);
  }
}

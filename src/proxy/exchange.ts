// One request of the child's and its answer: judge, write the audit entry, send on, relay.
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Transform } from "node:stream";
import type { Authority } from "../vault/host.ts";
import { formatAuthority } from "../vault/host.ts";
import { relayAnswer } from "./answer.ts";
import type { BodyPlan } from "./body-policy.ts";
import { judgeInBody, planBody, reframe } from "./body-policy.ts";
import type { Grant } from "./grant.ts";
import { askForReadable } from "./negotiation.ts";
import type { Inert } from "./policy.ts";
import { decide } from "./policy.ts";
import { answerRefusal } from "./refusal-answer.ts";
import type { Refusal } from "./refusal.ts";
import { makeRefusal, refuseLocked, refusePrivate } from "./refusal.ts";
import type { Fate } from "./request-body.ts";
import type { RequestHead, Scheme } from "./request-head.ts";
import { parseRequestHead } from "./request-head.ts";
import type { RunRules } from "./run-rules.ts";
import { grantsNaming, mayBePrivate } from "./run-rules.ts";
import { drain, watchIdle } from "./stalled-body.ts";
import { substitute, substituteTarget, valueInBody } from "./substitute.ts";
import type { AnswerListener, Upstream, UpstreamRequest } from "./upstream.ts";

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

/** Up to this length a body is read whole before it goes on, and keeps a Content-Length. A longer one with secrets goes on in chunks as it comes. */
const WHOLE_BODY_BYTES_MAX = 65_536;

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
  const isOver = (): boolean => isRefused || response.destroyed;
  const recordInert = async (inert: readonly Inert[]): Promise<void> => {
    for (const spot of new Set(inert.map((item) => item.spot))) {
      const secrets = namesOf(inert.filter((item) => item.spot === spot).map(({ grant }) => grant));
      await rules.record({ kind: "inert", request: id, authority: where, method, secrets, spot });
    }
  };

  const recordSubstituted = (used: readonly Grant[]): Promise<void> => rules.record({ kind: "substituted", request: id, authority: where, method, secrets: namesOf(used) });

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
      if (decision.inert.length > 0) await recordInert(decision.inert);
      if (used.length > 0) await recordSubstituted(used);
    } catch {
      refuse(refuseUnwritten(namesOf(used)));
      return;
    }
    // The child may have gone meanwhile, or its body turned out malformed.
    if (isOver()) return;
    const acted = new Set(used);
    const body = head.bodyBytes === undefined ? undefined : openBody(plan, acted);
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
    send(head, substituteTarget(head.target, decision.target), headers, whole ?? body, [...acted, ...mayYetAct]);
  };

  const send = (head: RequestHead, path: string, headers: readonly string[], body: UpstreamRequest["body"], used: readonly Grant[]): void => {
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
    upstream.send(
      {
        scheme,
        authority,
        mayBePrivate: !isBound || mayBePrivate(authority, used, naming),
        method,
        path,
        headers: ["host", head.host, ...(isBound ? askForReadable(headers) : headers)],
        body,
      },
      listener,
    );
  };

  /** @param acted grows by the secrets that the body gets. */
  const openBody = (plan: BodyPlan, acted: Set<Grant>): Transform => {
    const inert = new Set<Grant>();
    const onPlaceholder = async (grant: Grant): Promise<Fate> => {
      const verdict = judgeInBody(grant, plan, authority, acted, rules.strict);
      if (verdict.kind === "refuse") return stop(verdict.refusal);
      if (verdict.kind === "act" && rules.isRevoked()) return stop(refuseLocked([grant.name], authority));
      try {
        if (verdict.kind === "act") await recordSubstituted([grant]);
        else if (!inert.has(grant)) await recordInert([{ grant, spot: "body" }]);
      } catch {
        return stop(refuseUnwritten([grant.name]));
      }
      if (isOver()) return { kind: "stop" };
      (verdict.kind === "act" ? acted : inert).add(grant);
      return verdict.kind === "act" ? { kind: "replace", bytes: valueInBody(grant, verdict.body) } : { kind: "pass" };
    };
    const stop = (refusal: Refusal): Fate => {
      fail(refusal);
      return { kind: "stop" };
    };
    const body = rules.bodyWatch.open(onPlaceholder);
    body.on("error", ignore);
    watchIdle(request, body, rules.bodyIdleMs, () => {
      fail(makeRefusal("timeout", "the request's body stood still for too long"), true);
    });
    if (route.expectsContinue) response.writeContinue();
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

async function readWhole(body: Transform): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  body.on("data", (chunk: Uint8Array) => chunks.push(chunk));
  await once(body, "end");
  return Buffer.concat(chunks);
}

function namesOf(grants: readonly Grant[]): string[] {
  return [...new Set(grants.map(({ name }) => name))];
}

function ignore(): void {
  // The failure has shown elsewhere, or there is nobody left to tell.
}

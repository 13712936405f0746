// What one request still has to pass: the person that a rule has it asked for, and the counts of its secrets' uses. What was approved is the request to the byte; one that has changed is asked for anew.
import { createHash } from "node:crypto";
import type { Authority } from "../../vault/host.ts";
import type { ChildBody } from "../http1/child-request.ts";
import type { RequestHead } from "../http1/request-head.ts";
import type { ExchangeLog } from "./exchange-log.ts";
import type { GatingRule } from "../grants/gate-refusal.ts";
import { refuseAskedNobody, refuseByPerson, refuseCrowded, refuseSpent, refuseUnanswered } from "../grants/gate-refusal.ts";
import type { Grant } from "../grants/grant.ts";
import type { Refusal } from "../grants/refusal.ts";
import { refuseAsking } from "../grants/rule-refusal.ts";
import type { Gate } from "../judge/rules/judge-rules.ts";
import { pathsShown } from "../judge/rules/second-path.ts";
import type { AskedBody, AskVerdict, LoopbackPeer, MeterVerdict, RunGate } from "../judge/run-gate.ts";

/** The longest body that is held for a person to read. A longer one, or one of unknown length, is asked for before it is read. */
export const SHOWN_BODY_BYTES_MAX = 1024 * 1024;
/** What a person who does not answer is told to have had; the agent has the same. */
const WAIT_SECONDS = 120;

/** A request as it would go out now. */
export interface GatedRequest {
  readonly gates: readonly Gate[];
  readonly head: RequestHead;
  readonly authority: Authority;
  readonly authorityText: string;
  readonly body: ChildBody;
  /** The secrets that are, or may be, in it. */
  readonly acting: readonly Grant[];
}

export type GateStep =
  | { readonly kind: "passed" }
  | { readonly kind: "refuse"; readonly refusal: Refusal }
  /** Its body has to be there first, and is no longer than may be held. */
  | { readonly kind: "hold" }
  /** Resolves to why it may not go on, or to undefined: it is to be judged anew then. */
  | { readonly kind: "wait"; readonly done: Promise<Refusal | undefined> };

const PASSED: GateStep = { kind: "passed" };

export class GatePassage {
  readonly #gate: RunGate | undefined;
  readonly #log: ExchangeLog;
  readonly #peer: LoopbackPeer | undefined;
  readonly #gone = new AbortController();
  /** The request, and the rules, that somebody has said yes to. */
  #allowed: string | undefined;
  /** The counts that a use was taken of. */
  #counted: string | undefined;

  /** @param gate undefined where nobody can be asked, and nothing counted. */
  constructor(gate: RunGate | undefined, log: ExchangeLog, peer: LoopbackPeer | undefined) {
    this.#gate = gate;
    this.#log = log;
    this.#peer = peer;
  }

  /** Nobody waits any more. */
  abandon(): void {
    this.#gone.abort();
  }

  /** Whether whoever has to be asked has said yes to just this. */
  ask(request: GatedRequest): GateStep {
    const gates = request.gates.filter(({ kind }) => kind === "ask");
    const [first] = gates;
    if (first === undefined) return PASSED;
    if (this.#gate === undefined) return { kind: "refuse", refusal: refuseAsking(first.grant, request.authority, first.layer, first.rule) };
    const { body, head } = request;
    if (body.kind === "stream" && typeof head.bodyBytes === "number" && head.bodyBytes <= SHOWN_BODY_BYTES_MAX) return { kind: "hold" };
    const digest = digestOf(request);
    const asked = JSON.stringify([digest, ...gates.map(textOf)]);
    if (this.#allowed === asked) return PASSED;
    const terms = { gates, method: head.method, host: request.authorityText, target: pathsShown(head), body: describeBody(request), digest, peer: this.#peer, signal: this.#gone.signal };
    const rules = gates.map(ruleOf);
    return { kind: "wait", done: this.#ask(this.#gate, terms, rules, request.authority).then((refusal) => {
      if (refusal === undefined) this.#allowed = asked;
      return refusal;
    }) };
  }

  /** Whether a use was taken of each count. The last thing before it goes out: what was taken is not given back. */
  meter(request: Pick<GatedRequest, "gates" | "authority">): GateStep {
    const gates = request.gates.filter(({ kind }) => kind === "metered");
    const [first] = gates;
    if (first === undefined) return PASSED;
    if (this.#gate === undefined) return { kind: "refuse", refusal: refuseAsking(first.grant, request.authority, first.layer, first.rule) };
    const asked = JSON.stringify(gates.map(textOf));
    if (this.#counted === asked) return PASSED;
    return { kind: "wait", done: this.#gate.meter(gates, this.#gone.signal).then((verdict) => {
      if (verdict.kind === "counted") this.#counted = asked;
      return refusalOfCount(verdict, request.authority);
    }) };
  }

  async #ask(gate: RunGate, terms: Omit<Parameters<RunGate["ask"]>[0], "onHeld">, rules: readonly GatingRule[], authority: Authority): Promise<Refusal | undefined> {
    const about = { secrets: [...new Set(rules.map(({ name }) => name))], rules: rules.map(({ name, rule }) => `${name}: ${rule}`) };
    const verdict = await gate.ask({ ...terms, onHeld: () => { this.#log.held(about); } });
    if (!this.#gone.signal.aborted) this.#log.answered(about, verdict);
    return refusalOf(verdict, rules, authority);
  }
}

function refusalOf(verdict: AskVerdict, rules: readonly GatingRule[], authority: Authority): Refusal | undefined {
  switch (verdict.kind) {
    case "allowed":
      return undefined;
    case "denied":
      return refuseByPerson(rules, authority, verdict.reason);
    case "unanswered":
      return refuseUnanswered(rules, authority, WAIT_SECONDS);
    case "crowded":
      return refuseCrowded(rules, authority);
    case "ended":
      return refuseAskedNobody(rules, authority);
  }
}

function refusalOfCount(verdict: MeterVerdict, authority: Authority): Refusal | undefined {
  switch (verdict.kind) {
    case "counted":
      return undefined;
    case "spent":
      return refuseSpent(ruleOf(verdict.gate), authority, verdict.retryMs);
    case "uncounted":
      return refuseAskedNobody([ruleOf(verdict.gate)], authority);
  }
}

function describeBody({ body, head }: GatedRequest): AskedBody {
  switch (body.kind) {
    case "none":
      return { kind: "none" };
    case "whole":
      return body.bytes.length <= SHOWN_BODY_BYTES_MAX ? { kind: "held", bytes: body.bytes } : { kind: "unread", length: body.bytes.length, isHashed: true };
    case "stream":
      return { kind: "unread", length: head.bodyBytes ?? null, isHashed: false };
  }
}

/** Over all that the request is: a text that has only one reading. Of a body that is not here, that it is not. */
function digestOf({ head, authorityText, body, acting }: GatedRequest): string {
  const hash = createHash("sha256");
  const sum = body.kind === "whole" ? createHash("sha256").update(body.bytes).digest("hex") : body.kind;
  hash.update(JSON.stringify([head.method, authorityText, head.host, head.target, head.headers, head.upgrade ?? "", body.kind === "stream" ? (head.bodyBytes ?? "chunked") : "", sum, acting.map(({ name }) => name).sort()]));
  return hash.digest("hex");
}

function textOf({ grant, layer, rule }: Gate): readonly string[] {
  return [grant.name, layer.by ?? "", rule];
}

function ruleOf({ grant, layer, rule }: Gate): GatingRule {
  return { name: grant.name, rule, by: layer.by ?? grant.narrowedBy };
}

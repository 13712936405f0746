// The body of one request on its way up: each placeholder in it is judged, entered into the audit log, and only then acts or passes.
import { once } from "node:events";
import type { Transform } from "node:stream";
import { PassThrough } from "node:stream";
import type { Authority } from "../../vault/host.ts";
import type { BodyKind } from "../places/body-kind.ts";
import type { BodyPlan } from "../judge/body-policy.ts";
import { judgeInBody } from "../judge/body-policy.ts";
import type { RequestBody } from "../http1/child-request.ts";
import type { HeldShare } from "../http1/held-bytes.ts";
import type { ExchangeLog } from "./exchange-log.ts";
import type { Grant } from "../grants/grant.ts";
import { isMissing } from "../grants/living-value.ts";
import type { Refusal } from "../grants/refusal.ts";
import { makeRefusal, refuseLocked, refuseNoValue, refuseUnwritten } from "../grants/refusal.ts";
import type { Fate, OnPlaceholder } from "../places/request-body.ts";
import type { RunRules } from "../judge/run-rules.ts";
import { watchIdle } from "../http1/stalled-body.ts";
import { valueInBody } from "../places/substitute.ts";

export interface BodyPassage {
  readonly authority: Authority;
  readonly plan: BodyPlan;
  /** The secrets that go out with the request. Grows by those that the body gets. */
  readonly acted: Set<Grant>;
  readonly rules: RunRules;
  readonly log: ExchangeLog;
  readonly isOver: () => boolean;
  /** @param isLast closes the child's connection. */
  readonly onRefusal: (refusal: Refusal, isLast: boolean) => void;
}

/** A body that is all there, as the server is to get it; undefined where it is refused. */
export function passWhole(body: Uint8Array, passage: BodyPassage): Uint8Array | undefined {
  return passage.rules.bodyWatch.pass(body, kindOf(passage.plan), judgeBy(passage));
}

/** The body as the server is to get it. After a refusal it neither goes on nor ends. */
export function openPassage(source: RequestBody, passage: BodyPassage): Transform {
  const { rules, onRefusal } = passage;
  const body = rules.bodyWatch.open(kindOf(passage.plan), judgeBy(passage));
  body.on("error", () => body.destroy());
  watchIdle(source, body, rules.bodyIdleMs, () => {
    onRefusal(makeRefusal("timeout", "the request's body stood still for too long"), true);
  });
  return source.pipe(body);
}

function kindOf(plan: BodyPlan): BodyKind | undefined {
  return plan.kind === "edit" ? plan.body : undefined;
}

function judgeBy({ authority, plan, acted, rules, log, isOver, onRefusal }: BodyPassage): OnPlaceholder {
  const inert = new Set<Grant>();
  const stop = (refusal: Refusal): Fate => {
    onRefusal(refusal, false);
    return { kind: "stop" };
  };
  return (grant, isWhole) => {
    const verdict = judgeInBody(grant, plan, authority, acted, isWhole, rules.strict);
    if (verdict.kind === "refuse") return stop(verdict.refusal);
    if (verdict.kind === "act" && rules.isRevoked()) return stop(refuseLocked([grant.name], authority));
    if (verdict.kind === "act" && isMissing(grant)) return stop(refuseNoValue([grant], authority));
    try {
      if (verdict.kind === "act") log.substituted([grant]);
      else if (!inert.has(grant)) log.inert([{ grant, spot: "body" }]);
      rules.flush();
    } catch {
      return stop(refuseUnwritten([grant.name]));
    }
    if (isOver()) return { kind: "stop" };
    (verdict.kind === "act" ? acted : inert).add(grant);
    return verdict.kind === "act" ? { kind: "replace", bytes: valueInBody(grant, verdict.body) } : { kind: "pass" };
  };
}

/** Never resolves for a body that does not end. */
export async function readWhole(body: Transform): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  body.on("data", (chunk: Uint8Array) => chunks.push(chunk));
  await once(body, "end");
  return Buffer.concat(chunks);
}

export interface HoldTerms {
  readonly bytesMax: number;
  readonly idleMs: number;
  /** What counts it among those of other requests. */
  readonly share: HeldShare;
  /** There is no room for it as yet. */
  readonly crowded: Refusal;
}

/** All of a body, as it comes. Never resolves for one that does not end, stands still, is longer or finds no room: that is refused. */
export async function holdWhole(source: RequestBody, { bytesMax, idleMs, share, crowded }: HoldTerms, onRefusal: (refusal: Refusal) => void): Promise<Uint8Array> {
  const body = new PassThrough();
  watchIdle(source, body, idleMs, () => { onRefusal(makeRefusal("timeout", "the request's body stood still for too long")); });
  const chunks: Uint8Array[] = [];
  let length = 0;
  source.pipe(body).on("data", (chunk: Uint8Array) => {
    length += chunk.length;
    chunks.push(chunk);
    const isLong = length > bytesMax;
    if (!isLong && share.take(chunk.length)) return;
    source.unpipe(body);
    body.pause();
    chunks.length = 0;
    onRefusal(isLong ? makeRefusal("bad-request", `what becomes of this request hangs on its body, which is longer than ${bytesMax} bytes`) : crowded);
  });
  await once(body, "end");
  return Buffer.concat(chunks);
}

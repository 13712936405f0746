// What a program asks its person for that no request shows: a secret that the run was not given, or a host that one is not bound to. It asks the proxy itself, by a name that leads nowhere else (RFC 6761).
import type { ChildRequest } from "../http1/child-request.ts";
import type { ChildResponse } from "../http1/child-response.ts";
import { answerByItself } from "../http1/refusal-answer.ts";
import type { AskVerdict, LoopbackPeer } from "../judge/run-gate.ts";

const WHAT_MAX = 256;
const WHY_MAX = 500;

export interface Wish {
  /** Both in the program's words. */
  readonly what: string;
  readonly why: string;
  readonly peer: LoopbackPeer | undefined;
  /** The child has hung up. */
  readonly signal: AbortSignal;
}

/** Never rejects. */
export type HearWish = (wish: Wish) => Promise<AskVerdict>;

/** Answers in JSON, when somebody has. A yes gives the program nothing by itself: the person does. */
export function serveWish(request: ChildRequest, response: ChildResponse, hear: HearWish | undefined, peer: LoopbackPeer | undefined): void {
  const { what, why } = findWish(request.head.url);
  if (what === undefined || hear === undefined) {
    answerByItself(response, JSON.stringify({ answer: "no", reason: hear === undefined ? "nobody can be asked here" : "say what it is for: /?for=NAME&why=TEXT" }));
    return;
  }
  const gone = new AbortController();
  response.whenGone(() => { gone.abort(); });
  hear({ what, why, peer, signal: gone.signal }).then((verdict) => {
    if (!response.isOver) answerByItself(response, JSON.stringify(encodeVerdict(verdict)));
  }).catch(() => { response.destroy(); });
}

function findWish(url: string): { readonly what: string | undefined; readonly why: string } {
  const query = new URLSearchParams(url.slice(url.indexOf("?") + 1));
  const what = query.get("for") ?? "";
  return { what: what === "" || what.length > WHAT_MAX ? undefined : what, why: (query.get("why") ?? "").slice(0, WHY_MAX) };
}

function encodeVerdict(verdict: AskVerdict): { readonly answer: "yes" | "no" | "none"; readonly reason: string } {
  switch (verdict.kind) {
    case "allowed":
      return { answer: "yes", reason: "" };
    case "denied":
      return { answer: "no", reason: verdict.reason };
    case "unanswered":
      return { answer: "none", reason: "nobody answered in time" };
    case "crowded":
      return { answer: "none", reason: "too much waits for an answer already" };
    case "ended":
      return { answer: "none", reason: "nobody can be asked: no agent holds the vault's key" };
  }
}

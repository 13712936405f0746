// Answers for what waits, by a page on this machine: a server on loopback that lives until it is closed.
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { isVisitorOutside } from "../../app/approvals/page-visitor.ts";
import type { Approvals, WaitingRequest } from "../../app/approvals/waiting.ts";
import type { WaitingClaims } from "../../app/broker/waiting-claims.ts";
import { VaultError } from "../../errors.ts";
import { claimCard } from "../output/identity-lines.ts";
import { bodyLines, waitingLines } from "../output/waiting-lines.ts";
import { APPROVE_PAGE, APPROVE_PAGE_POLICY } from "./approve-page.ts";
import { findClaimOrder, findOrder, judgeApproveRequest } from "./approve-request.ts";
import type { LoopbackPage } from "./loopback-page.ts";
import { openLoopbackPage } from "./loopback-page.ts";
import { answerPage } from "./page-answer.ts";

export interface Shown {
  readonly approvals: Approvals;
  /** Undefined where nobody can tell a program's connection from a person's. */
  readonly claims: WaitingClaims | undefined;
}

/** Whoever opened it closes it. @throws VaultError `io` where no port can be had. */
export function openApproveServer(shown: Shown): Promise<LoopbackPage> {
  /** A connection that stays was looked at when it came; an answer is looked at each time. */
  const outside = new WeakSet<Socket>();
  const isOutside = (socket: Socket, isAnswer: boolean): boolean => {
    if (!isAnswer && outside.has(socket)) return true;
    const { remotePort, localPort } = socket;
    if (remotePort === undefined || localPort === undefined || !isVisitorOutside({ peerPort: remotePort, ownPort: localPort })) return false;
    outside.add(socket);
    return true;
  };
  return openLoopbackPage((request, response, terms) => {
    const verdict = judgeApproveRequest(request, terms);
    if (verdict.kind === "page") {
      end(response, 200, APPROVE_PAGE, "text/html; charset=utf-8");
      return;
    }
    if (verdict.kind === "refused" || !isOutside(request.socket, verdict.kind === "answer" || verdict.kind === "claim")) {
      request.resume();
      end(response, verdict.kind === "refused" ? verdict.status : 403);
      return;
    }
    answer(shown, verdict.kind, request).then((reply) => { end(response, reply === undefined ? 400 : 200, JSON.stringify(reply ?? {}), "application/json"); }, () => { response.destroy(); });
  }, "approve in the terminal: leave out --browser");
}

async function answer({ approvals, claims }: Shown, kind: "list" | "look" | "answer" | "claim", request: IncomingMessage): Promise<unknown> {
  const text = await readText(request);
  if (kind === "list") return [...(await approvals.list()).map(describe), ...((await claims?.list()) ?? []).map(claimCard)];
  if (kind === "claim") return answerClaim(claims, text);
  const order = findOrder(text);
  if (order === undefined) return undefined;
  if (kind === "look") {
    const found = await approvals.look(order.id);
    return { lines: found?.request.digest === order.digest ? bodyLines(found) : ["it waits no more"] };
  }
  if (order.answer === undefined) return undefined;
  const seen = (await approvals.list()).find(({ id, request: { digest } }) => id === order.id && digest === order.digest);
  return { isSettled: seen !== undefined && (await approvals.answer(seen, order.answer)) };
}

/** The person hears why it could not be done: the vault is locked, say. */
async function answerClaim(claims: WaitingClaims | undefined, text: string): Promise<unknown> {
  const order = findClaimOrder(text);
  if (order === undefined || claims === undefined) return undefined;
  try {
    return { isSettled: await claims.answer(order, order.answer) };
  } catch (error) {
    if (error instanceof VaultError) return { trouble: error.hint === undefined ? error.message : `${error.message} (${error.hint})` };
    throw error;
  }
}

function describe(waiting: WaitingRequest): Record<string, unknown> {
  const { id, request: { digest, kind, body } } = waiting;
  return { id, digest, isWish: kind === "wish", hasBody: body.kind !== "none", lines: waitingLines(waiting) };
}

async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}

function end(response: ServerResponse, status: number, body = "", type = "text/plain"): void {
  answerPage(response, APPROVE_PAGE_POLICY, status, body, { "content-type": type });
}

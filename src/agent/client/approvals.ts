// Approvals and rates, as the processes see them that ask the agent.
import { VaultError } from "../../errors.ts";
import type { Door, PersonsAnswer } from "../approvals/answer.ts";
import type { Waiting } from "../approvals/queue.ts";
import type { BucketUse } from "../approvals/rate-bucket.ts";
import type { AgentClient } from "./client.ts";

/** Takes one from each bucket, or nothing from any. @returns how long until there is one in each, in milliseconds; 0 where it was taken. @throws VaultError `io` where that cannot be written down; `locked`. */
export async function takeUses(agent: AgentClient, uses: readonly BucketUse[]): Promise<number> {
  const reply = await agent.ask({ op: "take", uses });
  if (reply.kind !== "rated") throw misplaced();
  return reply.waitMs;
}

/** What waits, the oldest first, without the bodies. The client has announced itself as a person's (`announce`). @throws VaultError `inside-run`; `locked`. */
export async function listWaiting(agent: AgentClient): Promise<readonly Waiting[]> {
  const reply = await agent.ask({ op: "waiting" });
  if (reply.kind !== "waiting") throw misplaced();
  return reply.waiting;
}

/** One that waits, with its body where that can be shown. @throws as `listWaiting`. */
export async function lookAt(agent: AgentClient, id: string): Promise<Waiting | undefined> {
  const reply = await agent.ask({ op: "look", id });
  if (reply.kind !== "waiting") throw misplaced();
  return reply.waiting[0];
}

/** @param seen the request that the person was shown. @returns false where it does not wait any more. @throws as `listWaiting`. */
export async function settle(agent: AgentClient, { id, request }: Pick<Waiting, "id" | "request">, answer: PersonsAnswer, by: Door): Promise<boolean> {
  const reply = await agent.ask({ op: "settle", id, digest: request.digest, answer, by });
  if (reply.kind !== "settled") throw misplaced();
  return reply.isSettled;
}

export function misplaced(): VaultError {
  return new VaultError("locked", "the agent has answered something else", "vault lock; vault unlock");
}

// The requests of one run that wait, as the run sees them.
import type { Decision } from "../approvals/answer.ts";
import type { HeldRequest } from "../approvals/held-request.ts";
import { misplaced } from "./approvals.ts";
import type { AgentClient } from "./client.ts";

/** A person takes seconds; a tenth of one is not felt. Nothing is asked where nothing waits. */
const POLL_MS = 100;

export interface HeldRequests {
  /**
   * Resolves when it is decided, or when the signal says that nobody waits for it any more. With `ended` where the agent has gone.
   *
   * @param onHeld called with its id where a person has to be asked.
   */
  hold(request: HeldRequest, signal: AbortSignal, onHeld: (id: string) => void): Promise<Decision>;
}

/** @param agent a connection that was made before the run's program was started, and that nobody else holds requests on. It stays the caller's to close: with it, nothing waits any more. */
export function openHeldRequests(agent: Pick<AgentClient, "ask">): HeldRequests {
  const waiting = new Map<string, (decision: Decision) => void>();
  let isPolling = false;

  const poll = async (): Promise<void> => {
    try {
      while (waiting.size > 0) {
        await new Promise((resolve) => setTimeout(resolve, POLL_MS));
        const reply = await agent.ask({ op: "decisions" });
        if (reply.kind !== "decisions") throw misplaced();
        for (const { id, decision } of reply.decided) finish(id, decision);
      }
    } catch {
      for (const id of [...waiting.keys()]) finish(id, { kind: "ended" });
    } finally {
      isPolling = false;
    }
  };
  const finish = (id: string, decision: Decision): void => {
    const resolve = waiting.get(id);
    waiting.delete(id);
    resolve?.(decision);
  };
  const begin = async (request: HeldRequest): Promise<{ readonly decision: Decision } | { readonly id: string }> => {
    const reply = await agent.ask({ op: "hold", request });
    if (reply.kind !== "held" && reply.kind !== "decided") throw misplaced();
    return reply;
  };

  return {
    async hold(request, signal, onHeld) {
      const begun = await begin(request).catch(() => ({ decision: { kind: "ended" } as const }));
      if ("decision" in begun) return begun.decision;
      const { id } = begun;
      const withdraw = (): void => {
        if (!waiting.has(id)) return;
        finish(id, { kind: "unanswered" });
        agent.ask({ op: "withdraw", id }).catch(() => undefined);
      };
      const decision = new Promise<Decision>((resolve) => { waiting.set(id, resolve); });
      if (signal.aborted) withdraw();
      signal.addEventListener("abort", withdraw, { once: true });
      if (waiting.has(id)) onHeld(id);
      if (!isPolling && waiting.size > 0) {
        isPolling = true;
        void poll();
      }
      try {
        return await decision;
      } finally {
        signal.removeEventListener("abort", withdraw);
      }
    },
  };
}

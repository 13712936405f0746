// What waits for a person, and the person's answer: at the agent, from outside of any run.
import { existsSync } from "node:fs";
import type { Door, PersonsAnswer } from "../../agent/approvals/answer.ts";
import type { Waiting } from "../../agent/approvals/queue.ts";
import { listWaiting, lookAt, settle } from "../../agent/client/approvals.ts";
import type { AgentClient } from "../../agent/client/client.ts";
import { connectAgent } from "../../agent/client/connect.ts";
import { VaultError } from "../../errors.ts";
import { findEnclosingRun, isBehindWall, missingVault } from "../keys/inside-run.ts";
import type { Surroundings } from "../surroundings.ts";

/** One that waits, as it is shown. What is in it the program has chosen, but for secrets, rules and the names of programs. */
export type WaitingRequest = Waiting;
/** What a person says to it, and through which door. */
export type Answer = PersonsAnswer;
export type AnswerDoor = Door;

/** Asks about one that waits at the run's own terminal. Undefined: it is left to others, or the signal says that it is decided. */
export type AskHere = (notice: Pick<WaitingRequest, "id" | "request">, signal: AbortSignal) => Promise<Answer | undefined>;

export interface Approvals {
  /** The oldest first, without the bodies. */
  readonly list: () => Promise<readonly WaitingRequest[]>;
  /** With the body, where that can be shown. Undefined where it does not wait any more. */
  readonly look: (id: string) => Promise<WaitingRequest | undefined>;
  /** @param seen what the person was shown: the answer is for that, and for nothing that has taken its place. @returns false where it does not wait any more. */
  readonly answer: (seen: Pick<WaitingRequest, "id" | "request">, answer: Answer) => Promise<boolean>;
  readonly close: () => void;
}

/**
 * Whoever opened it closes it.
 *
 * @param act what was asked for, as it is typed: `approve`.
 * @throws VaultError `inside-run` for a program in a run; `no-vault` behind the wall. Each of the methods may reject with the first, by what the agent sees of this process, with the second where there is neither vault nor agent, and as `connectAgent`.
 */
export async function openApprovals(surroundings: Surroundings, act: string, door: AnswerDoor): Promise<Approvals> {
  if (isBehindWall()) throw missingVault(surroundings);
  const run = await findEnclosingRun(surroundings);
  if (run !== undefined) {
    const how = run.by === "above" ? `process ${run.pid}, a vault run, is above this one` : "this environment is that of a vault run";
    throw new VaultError("inside-run", `vault ${act} is for the person who started the run, and not for its program (${how})`, "type it in a terminal outside the run");
  }
  const link = openLink(surroundings);
  return {
    list: () => link.use((agent) => listWaiting(agent), []),
    look: (id) => link.use((agent) => lookAt(agent, id), undefined),
    answer: (seen, given) => link.use((agent) => settle(agent, seen, given, door), false),
    close: link.close,
  };
}

/** Agents come and go with unlocking and runs: where none is, nothing waits; and where no vault is either, nothing ever will. */
function openLink({ paths }: Surroundings): { readonly use: <T>(work: (agent: AgentClient) => Promise<T>, otherwise: T) => Promise<T>; readonly close: () => void } {
  let agent: AgentClient | undefined;
  return {
    async use(work, otherwise) {
      if (agent === undefined) {
        agent = await connectAgent(paths.agent);
        agent?.announce();
      }
      if (agent === undefined && paths.engine === undefined && !existsSync(paths.vaultFile)) throw missingVault({ paths });
      if (agent === undefined) return otherwise;
      try {
        return await work(agent);
      } catch (error) {
        if (!(error instanceof VaultError) || error.code !== "locked") throw error;
        agent.close();
        agent = undefined;
        return otherwise;
      }
    },
    close() {
      agent?.close();
    },
  };
}

/**
 * Answers one, by its id.
 *
 * @returns it as it was.
 * @throws VaultError `not-found` where none such waits; as `openApprovals`.
 */
export async function answerById(surroundings: Surroundings, act: string, id: string, answer: Answer): Promise<WaitingRequest> {
  const approvals = await openApprovals(surroundings, act, "command");
  try {
    const seen = (await approvals.list()).find((one) => one.id === id);
    if (seen === undefined || !(await approvals.answer(seen, answer))) throw new VaultError("not-found", "no such request waits: it was answered, has gone, or has waited too long", "to see what waits: vault approve");
    return seen;
  } finally {
    approvals.close();
  }
}

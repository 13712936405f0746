// The agent as a witness of the audit log: told how far it has come, it knows when something was cut off. Whatever fails here stops nothing: without an agent there is one witness less.
import { setTimeout as sleep } from "node:timers/promises";
import { AgentClient } from "../../agent/client/client.ts";
import { connectAgent } from "../../agent/client/connect.ts";
import { MAIN_PART } from "../../agent/messages/part-head.ts";
import type { AgentPaths } from "../../agent/wire/paths.ts";
import type { ChainHead } from "../../audit/entry.ts";
import { equalBytes } from "../../bytes.ts";
import type { KeyHolder } from "../../vault/key-holder.ts";
import type { Surroundings } from "../surroundings.ts";

/** An agent that is there answers in a millisecond. */
const CLOSE_MS = 500;

/** Tells the newest head of the main log to the agent, where the holder is one. */
export async function tellLogHead(holder: KeyHolder, head: ChainHead): Promise<void> {
  if (holder instanceof AgentClient) await holder.remember([{ part: MAIN_PART, ...head }]).catch(() => undefined);
}

/** How far parts of the log had come, as far as somebody was told; nothing for those that nobody knows of. */
export type Recall = (parts: readonly string[]) => Promise<ReadonlyMap<string, ChainHead>>;

/** Asks the agent that holds this vault's key; where none does, or it has ended, nobody knows anything. */
export async function withRecall<T>({ paths }: Pick<Surroundings, "paths">, vaultId: Uint8Array, use: (recall: Recall) => Promise<T>): Promise<T> {
  const agent = await connectAgent(paths.agent).catch(() => undefined);
  try {
    return await use(async (parts) => {
      const heads = agent !== undefined && equalBytes(agent.vaultId, vaultId) ? await agent.recall(parts).catch(() => []) : [];
      return new Map(heads.map(({ part, sequence, hash }) => [part, { sequence, hash }]));
    });
  } finally {
    agent?.close();
  }
}

export interface HeadReport {
  /** @param part `MAIN_PART`, or a run's id. The newest of each part counts. */
  tell(part: string, head: ChainHead): void;
  /** Waits until what was told has arrived, but not for long. */
  close(): Promise<void>;
}

/** A connection of its own by which a run tells how far its log has come, and waits for nothing. */
export function openHeadReport(paths: AgentPaths): HeadReport {
  const untold = new Map<string, ChainHead>();
  const connected = connectAgent(paths).catch(() => undefined);
  let telling: Promise<void> | undefined;
  const tellAll = async (): Promise<void> => {
    const agent = await connected;
    while (untold.size > 0) {
      const heads = [...untold].map(([part, head]) => ({ part, ...head }));
      untold.clear();
      await agent?.remember(heads).catch(() => undefined);
    }
  };
  return {
    tell(part, head) {
      untold.set(part, head);
      telling ??= tellAll().finally(() => { telling = undefined; });
    },
    async close() {
      await Promise.race([telling, sleep(CLOSE_MS, undefined, { ref: false })]);
      void connected.then((agent) => agent?.close());
    },
  };
}

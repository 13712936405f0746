// lock: the key is forgotten at once, in every process, whatever a program in a run has done to the user's files.
import { setTimeout as sleep } from "node:timers/promises";
import type { AgentClient } from "../../agent/client/client.ts";
import { connectAgent } from "../../agent/client/connect.ts";
import { realmOf } from "../../agent/presence/presence.ts";
import type { Present } from "../../agent/presence/roll-call.ts";
import { awaitWithdrawal, callProcess, findPresent, killAgents } from "../../agent/presence/roll-call.ts";
import { equalBytes } from "../../bytes.ts";
import { VaultError } from "../../errors.ts";
import { readVault } from "../../store/vault-store.ts";
import type { Surroundings } from "../surroundings.ts";
import { appendAudited } from "./change-vault.ts";
import { isBehindWall, missingVault } from "./inside-run.ts";
import { changeLockMark, LOCK_SEEN_MS } from "./lock-mark.ts";
import { LOCK_SIGNAL } from "./lock-watch.ts";

/** A run answers within milliseconds; on a machine that is busy with other things, within this. */
const ANSWER_MS = 5000;
const STORE_MS = 5000;
/** A program can invent runs without number. */
const NAMED_MAX = 20;

export interface LockOutcome {
  /** Whether an agent held the key. */
  readonly wasUnlocked: boolean;
  /** Runs that have not confirmed that they let no secret out any more. */
  readonly unreached: readonly Present[];
}

/**
 * Forgets the key: when this returns, the agent is gone, and every run that is not in the outcome refuses. The user is told of those that are.
 *
 * @throws VaultError `busy` where something that is no agent of ours stands in its place; `io`. Everything else is locked then as well. `no-vault` behind the wall, where nothing of it can be reached.
 */
export async function lockVault(surroundings: Surroundings): Promise<LockOutcome> {
  if (isBehindWall()) throw missingVault(surroundings);
  // One failure must not keep the others from being tried: a full disk, say, the agent from forgetting.
  const [called, marked, agent] = await Promise.allSettled([callRuns(surroundings, 0), changeMark(surroundings), lockAgent(surroundings)]);
  // Again: a run that began meanwhile may have had its secrets from the agent.
  const unreached = await callRuns(surroundings, ANSWER_MS);
  tellOf(surroundings, unreached);
  for (const step of [called, marked, agent]) if (step.status === "rejected") throw step.reason;
  return { wasUnlocked: agent.status === "fulfilled" && agent.value, unreached };
}

/** @returns those that have not answered when the time is over. */
async function callRuns({ paths }: Surroundings, timeoutMs: number): Promise<Present[]> {
  const called = findPresent("run", realmOf(paths.dataFolder)).filter(({ pid }) => callProcess(pid, LOCK_SIGNAL));
  return awaitWithdrawal(called, timeoutMs);
}

async function changeMark({ paths }: Surroundings): Promise<void> {
  if (process.platform === "linux") return;
  changeLockMark(paths.lockMark);
  await sleep(LOCK_SEEN_MS);
}

/** Ends the agent: by asking it, and where that fails, or somebody else has answered in its place, by force. @returns whether one was there. */
async function lockAgent(surroundings: Surroundings): Promise<boolean> {
  const [asked] = await Promise.allSettled([askAgent(surroundings)]);
  const hidden = findPresent("agent", realmOf(surroundings.paths.agent.realm));
  if (hidden.length === 0) {
    if (asked.status === "rejected") throw asked.reason;
    return asked.value;
  }
  killAgents(hidden);
  const [left] = await awaitWithdrawal(hidden, ANSWER_MS);
  if (left !== undefined) throw new VaultError("busy", `process ${left.pid} says that it is the agent, does not answer, and is not called "vault-agent"`, `find out what it is; to end it: kill -KILL ${left.pid}`);
  surroundings.warn(`the agent (process ${hidden.map(({ pid }) => pid).join(", ")}) could not be asked, and was killed: the audit log does not have this lock`);
  return true;
}

async function askAgent(surroundings: Surroundings): Promise<boolean> {
  const agent = await connectAgent(surroundings.paths.agent);
  if (agent === undefined) return false;
  try {
    await recordInTime(surroundings, agent);
  } finally {
    // A log that cannot be written is no reason to keep the key.
    await agent.lock();
  }
  return true;
}

/** A store that does not answer is no reason either, and must not hold up the lock for as long as it may take. */
async function recordInTime(surroundings: Surroundings, agent: AgentClient): Promise<void> {
  const recorded = recordLock(surroundings, agent);
  if (surroundings.paths.engine === undefined) return recorded;
  recorded.catch(() => undefined);
  const timer = new AbortController();
  const late = sleep(STORE_MS, undefined, { signal: timer.signal }).then(() => {
    throw new VaultError("store-unavailable", `the store did not answer within ${STORE_MS / 1000} seconds: the key is forgotten, and the audit log need not have this lock`, "check the connection to the store");
  });
  late.catch(() => undefined);
  try {
    await Promise.race([recorded, late]);
  } finally {
    timer.abort();
  }
}

/** Only the agent's own vault can be told of in its log: the entry needs the vault's audit key. */
async function recordLock(surroundings: Surroundings, agent: AgentClient): Promise<void> {
  const file = await readVault(surroundings.paths);
  if (file === undefined || !equalBytes(file.contents.slot.keyId, agent.keyId)) return;
  await appendAudited(surroundings, agent, file.contents, { kind: "vault.lock" });
}

function tellOf({ warn }: Surroundings, unreached: readonly Present[]): void {
  for (const { pid, sinceMs } of unreached.slice(0, NAMED_MAX)) {
    warn(`the run of process ${pid} (since ${new Date(sinceMs).toISOString()}) did not answer, and may use its secrets still; kill -KILL ${pid} ends it`);
  }
  if (unreached.length > NAMED_MAX) warn(`and ${unreached.length - NAMED_MAX} more`);
}

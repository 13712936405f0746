// What one broker of several does for those that are gone, and for what nobody needs any more: the ends of their logs are told, sessions that no run comes back to are ended, and old entries removed.
import type { ChainHead } from "../../audit/entry.ts";
import { partKey } from "../../audit/entry.ts";
import { appendChosen } from "../../audit/log.ts";
import { LEFT } from "../../audit/runs.ts";
import { readPieces } from "../../audit/segment-pieces.ts";
import { verifyChain } from "../../audit/verify.ts";
import { findText, wipe } from "../../bytes.ts";
import type { Engine } from "../../engines/engine.ts";
import { VaultError } from "../../errors.ts";
import { findLogStore } from "../keys/log-reading.ts";
import type { OpenedVault } from "../keys/open-vault.ts";
import { withOpenVault } from "../keys/open-vault.ts";
import type { Surroundings } from "../surroundings.ts";
import type { FollowedAcceptances } from "./acceptances.ts";
import { openBrokerBeats } from "./broker-beats.ts";
import type { ProofEntries } from "./proof-entries.ts";
import type { SessionEntry } from "./session-entries.ts";
import { listSessions, removeSession } from "./session-entries.ts";
import type { OpenPart } from "./session-log.ts";

export interface SweepTerms {
  readonly engine: Engine;
  /** This broker's ID. */
  readonly broker: string;
  readonly log: FollowedAcceptances;
  readonly proofs: ProofEntries;
  /** Done when all is known here that the log had when this was called. @throws VaultError where that cannot be had. */
  readonly catchUp: () => Promise<void>;
  /** Whether the run of a session holds its line here. */
  readonly isHeld: (session: string) => boolean;
  /** Says in the store that it does. */
  readonly keep: (session: string) => Promise<void>;
}

export interface Sweeper {
  close(): Promise<void>;
}

const LOOK_MS = 5_000;
/** Sessions are read whole: every so many looks. */
const LOOKS_PER_READING = 3;
/** Four signs of life, and a store that was away for a moment. */
const SILENCE_MS = 20_000;
/** And for each run that a broker had: it comes to the others first, which have enough to do until then. */
const SILENCE_EACH_MS = 75;
/** Longer than a run tries to come back, counted from its broker's last sign of life. */
const ABSENCE_MS = 90_000;
/** Of a session that the log does not have, or not any more. */
const STALE_MS = 60_000;

/** @param surroundings in which nobody is asked for anything. */
export function openSweeper(surroundings: Surroundings, terms: SweepTerms): Sweeper {
  const { engine, broker, log, proofs, catchUp, isHeld, keep } = terms;
  const beats = openBrokerBeats(engine);
  /** Since when something was so of a session. */
  let since = new Map<string, number>();
  let keepers = new Set<string>();
  let looks = 0;

  const openParts = (): OpenPart[] => log.sessions().flatMap(({ parts }) => [...parts.values()]);
  const judge = (entry: SessionEntry): "stale" | "abandoned" | undefined => {
    const logged = log.findSession(entry.session);
    if (logged?.isEnded !== false) return "stale";
    if (entry.keeper === broker) return isHeld(entry.session) ? undefined : "abandoned";
    return beats.isSilent(entry.keeper, ABSENCE_MS) ? "abandoned" : undefined;
  };
  const readSessions = async (): Promise<void> => {
    // A broker that does not hear of the log, being locked say, knows nothing of others' sessions, and is not to take them for stale.
    await catchUp();
    log.look();
    if (!log.isWhole()) return;
    const [nextSince, nextKeepers] = [new Map<string, number>(), new Set<string>()];
    for await (const entry of listSessions(engine)) {
      const { session, keeper, digest } = entry;
      nextKeepers.add(keeper);
      if (keeper !== broker && isHeld(session)) await keep(session);
      const verdict = judge(entry);
      if (verdict === undefined) continue;
      const name = `${session} ${keeper} ${verdict}`;
      const seenMs = since.get(name) ?? performance.now();
      nextSince.set(name, seenMs);
      // Silence was waited for already.
      const patienceMs = verdict === "stale" ? STALE_MS : keeper === broker ? ABSENCE_MS : 0;
      if (performance.now() - seenMs < patienceMs) continue;
      if (verdict === "abandoned") await tellAbandoned(surroundings, log, session);
      await removeSession(engine, session, digest);
    }
    [since, keepers] = [nextSince, nextKeepers];
  };
  const sweep = async (): Promise<void> => {
    looks += 1;
    const others = new Set([...keepers, ...openParts().map((part) => part.broker)]);
    others.delete(broker);
    await beats.look(others);
    const theirs = openParts().filter((part) => part.broker !== broker);
    const countOf = (other: string): number => theirs.filter((part) => part.broker === other).length;
    const lost = [...others].filter((other) => beats.isSilent(other, SILENCE_MS + SILENCE_EACH_MS * countOf(other))).flatMap((other) => theirs.filter((part) => part.broker === other));
    if (lost.length > 0) await withOpenVault(surroundings, (vault) => tellLost(surroundings, vault, log, engine, lost));
    await proofs.sweep(Date.now());
    if (looks % LOOKS_PER_READING === 0) await readSessions();
  };
  let sweeping: Promise<void> | undefined;
  const timer = setInterval(() => {
    sweeping ??= sweep().catch((error: unknown) => {
      // Locked, or the store is away: once more the next time.
      if (!(error instanceof VaultError)) throw error;
    }).finally(() => { sweeping = undefined; });
  }, LOOK_MS).unref();
  return {
    async close() {
      clearInterval(timer);
      await sweeping;
    },
  };
}

/** Ends a session whose run is gone: once, whoever does it. */
export async function tellEnd(surroundings: Surroundings, log: FollowedAcceptances, session: string, outcome: Readonly<Record<string, string | number>>): Promise<void> {
  await withOpenVault(surroundings, (vault) =>
    appendWith(surroundings, vault, () => {
      const logged = log.findSession(session, true);
      return logged?.isEnded === false ? { kind: "run.end", outcome, run: logged.run } : undefined;
    }));
}

function tellAbandoned(surroundings: Surroundings, log: FollowedAcceptances, session: string): Promise<void> {
  return tellEnd(surroundings, log, session, { kind: "abandoned" });
}

/** Tells how far the logs of a broker came that is not heard of any more. There may be more lines on its disk, and the last it did may be in none. */
async function tellLost(surroundings: Surroundings, vault: OpenedVault, log: FollowedAcceptances, engine: Engine, lost: readonly OpenPart[]): Promise<void> {
  // The others do the same: each begins somewhere else.
  const first = Math.floor(Math.random() * lost.length);
  for (const part of [...lost.slice(first), ...lost.slice(0, first)]) {
    if (log.findSession(part.session, true)?.parts.has(part.run) !== true) continue;
    const head = await findHead(engine, vault, part);
    if (head === undefined) continue;
    await appendWith(surroundings, vault, () => {
      const isOpen = log.findSession(part.session, true)?.parts.has(part.run);
      return isOpen === true ? { kind: LEFT, lost: true, run: part.run, entries: head.sequence, hash: head.hash } : undefined;
    });
  }
}

/** Undefined for a log in the store that is not whole: `vault audit --verify` says so. */
async function findHead(engine: Engine, { keys }: OpenedVault, { run, start }: OpenPart): Promise<ChainHead | undefined> {
  const lines: string[] = [];
  // A piece is whole lines.
  for await (const bytes of readPieces(engine, run)) lines.push(...(findText(bytes) ?? "").split("\n").filter((line) => line !== ""));
  const key = partKey(keys.audit, { kind: "run", id: run });
  const verdict = verifyChain(lines, { sequence: 0, hash: start }, [], key);
  wipe(key);
  return verdict.kind === "intact" ? verdict.head : undefined;
}

async function appendWith(surroundings: Surroundings, { file, keys }: OpenedVault, choose: Parameters<typeof appendChosen>[1]): Promise<void> {
  const key = partKey(keys.audit, { kind: "log" });
  try {
    await appendChosen(surroundings.paths.auditFolder, choose, { key, vouched: file.contents.audit, now: surroundings.now(), store: await findLogStore(surroundings.paths, file.contents) });
  } finally {
    wipe(key);
  }
}

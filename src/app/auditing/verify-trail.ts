// Verifies the audit log with everything that anybody knows of it: the vault, the head file, the agent, and the processes that are still there.
import { existsSync } from "node:fs";
import { MAIN_PART } from "../../agent/messages/part-head.ts";
import type { ChainHead } from "../../audit/entry.ts";
import { partKey } from "../../audit/entry.ts";
import type { HeadRecord } from "../../audit/head.ts";
import { headPath, readHead } from "../../audit/head.ts";
import { listen, SILENCE_MS } from "../../audit/heartbeat.ts";
import type { LogStore } from "../../audit/log-store.ts";
import { pullLog, readLog, readSegment, withLogLock } from "../../audit/log.ts";
import { requireAllStored } from "../../audit/pull.ts";
import type { LoggedRun } from "../../audit/runs.ts";
import { ACCEPTED, findRuns, findUnvouched } from "../../audit/runs.ts";
import { listSegments, reconcileSegment } from "../../audit/segment-copies.ts";
import { segmentPath } from "../../audit/segment-file.ts";
import type { Verdict } from "../../audit/verify.ts";
import { countEarlier, verifyChain, verifyLog } from "../../audit/verify.ts";
import type { Liveness } from "../../disk/process-identity.ts";
import { judgeLiveness } from "../../disk/process-identity.ts";
import { VaultError } from "../../errors.ts";
import type { VaultContents } from "../../vault/vault-file.ts";
import { appendAudited } from "../keys/change-vault.ts";
import type { Recall } from "../keys/head-witness.ts";
import { withRecall } from "../keys/head-witness.ts";
import { isInsideRun } from "../keys/inside-run.ts";
import type { LogPaths } from "../keys/log-reading.ts";
import { findLogStore, readWholeLog } from "../keys/log-reading.ts";
import type { OpenedVault } from "../keys/open-vault.ts";
import { withOpenVault } from "../keys/open-vault.ts";
import type { Surroundings } from "../surroundings.ts";

/** A log whose chains are unbroken, as far as they go. */
export interface VerifiedTrail {
  readonly entries: number;
  readonly segments: number;
  /** Runs that go on, and so have no end yet. */
  readonly running: readonly OngoingRun[];
  /** Whose broker was gone before it could tell the end: another one has told how far they came, and what they wrote last may be missing. */
  readonly lost: readonly LoggedRun[];
  /** What no chain can tell, and the owner has to: in the order of the entries. */
  readonly doubts: readonly Doubt[];
}

export interface OngoingRun extends LoggedRun {
  /** The name of the machine that it is on, where that is another. */
  readonly elsewhere: string | undefined;
}

/** Something may have been cut off here. */
export interface Doubt {
  /** By its number it is accepted. One more than there are where nothing has been appended since. */
  readonly entry: number;
  /** When that entry was written. */
  readonly at: string | undefined;
  readonly why: string;
  /** The run whose end is missing, and how far its log goes. */
  readonly run?: { readonly id: string; readonly head: ChainHead };
}

/**
 * Checks the main log and the segment of every run that it tells of.
 *
 * @throws VaultError `audit-broken`, naming the first bad entry; what opening the vault says.
 */
export async function verifyTrail(surroundings: Surroundings): Promise<VerifiedTrail> {
  return withOpenVault(surroundings, (vault) => verifyOpened(surroundings, vault));
}

/**
 * Takes doubts for settled: the owner knows what happened. How far a run's log goes is known from then on.
 *
 * @param entries numbers, as `verifyTrail` tells them.
 * @returns what is left.
 * @throws VaultError `inside-run`; `usage` for an entry that is in no doubt, with nothing accepted; as `verifyTrail`; `audit-unwritable`.
 */
export async function acceptDoubts(surroundings: Surroundings, entries: readonly number[]): Promise<VerifiedTrail> {
  if (await isInsideRun(surroundings)) throw new VaultError("inside-run", "a run cannot settle what is in doubt about runs", "the person who started it can, outside: vault audit --verify");
  return withOpenVault(surroundings, async (vault) => {
    const { doubts } = await verifyOpened(surroundings, vault);
    const accepted = entries.map((entry) => {
      const doubt = doubts.find((candidate) => candidate.entry === entry);
      if (doubt === undefined) throw new VaultError("usage", `entry ${entry} is in no doubt`, "those that are: vault audit --verify");
      return doubt;
    });
    for (const { entry, run } of accepted) {
      await appendAudited(surroundings, vault.holder, vault.file.contents, { kind: ACCEPTED, entry, ...(run === undefined ? {} : { run: run.id, entries: run.head.sequence, hash: run.head.hash }) });
    }
    return verifyOpened(surroundings, vault);
  });
}

async function verifyOpened(surroundings: Surroundings, { file, keys }: OpenedVault): Promise<VerifiedTrail> {
  const trail = await withRecall(surroundings, file.contents.id, (recall) => followChains(surroundings.paths, file.contents, keys.audit, recall));
  const store = await findLogStore(surroundings.paths, file.contents);
  // This machine has its copy; one that joins will have what the store has.
  if (store !== undefined) await requireAllStored(store, readLog(surroundings.paths.auditFolder));
  return trail;
}

/**
 * Follows the main log and every run's segment to their ends. With a store, those of other machines too: what this one has not seen yet is brought here first.
 *
 * @param contents of the vault, which knows a head.
 * @param auditKey undefined checks the chain and its known heads only, and not who wrote it; of the runs, those whose logs are here.
 * @throws VaultError `audit-broken`, naming the first bad entry; `unsafe-file`, `io`; with a store, `rolled-back`, `store-unavailable`.
 */
export async function followChains(paths: LogPaths, contents: Pick<VaultContents, "id" | "audit">, auditKey: Uint8Array | undefined, recall: Recall): Promise<VerifiedTrail> {
  const subject: Subject = { paths, contents, store: await findLogStore(paths, contents), auditKey, recall };
  for (let before: readonly string[] = []; ; ) {
    const trail = await followOnce(subject, before);
    const endless = trail.doubts.flatMap(({ run }) => run?.id ?? []);
    // A run may have written its end, and ended, between the look at the log and the look at its process: one that was dead before the log was read has no end to come.
    if (endless.every((id) => before.includes(id))) return trail;
    before = endless;
  }
}

interface Subject {
  readonly paths: LogPaths;
  readonly contents: Pick<VaultContents, "id" | "audit">;
  readonly store: LogStore | undefined;
  readonly auditKey: Uint8Array | undefined;
  readonly recall: Recall;
}

/** @param silent runs that were watched already. */
async function followOnce(subject: Subject, silent: readonly string[]): Promise<VerifiedTrail> {
  const { paths: { auditFolder: folder }, contents: { audit: vouched }, auditKey, recall } = subject;
  const keyOf = (part: Parameters<typeof partKey>[1]): Uint8Array | undefined => (auditKey === undefined ? undefined : partKey(auditKey, part));
  const logKey = keyOf({ kind: "log" });
  // All that others know is asked before what it is held against is read: an entry in between would make the log look cut.
  const told = (await recall([MAIN_PART])).get(MAIN_PART);
  const segments = listSegments(folder);
  const { seen, lines } = await readNewest(subject, logKey);
  const log = requireIntact(verifyLog(lines, [vouched, ...(told === undefined ? [] : [told]), ...(seen.kind === "known" ? [seen.head] : [])], logKey), "the audit log");
  const earlier = countEarlier(lines, [vouched], logKey);

  const runs = findRuns(lines);
  const stray = segments.find((id) => !runs.some((run) => run.id === id));
  if (stray !== undefined) throw new VaultError("audit-broken", `there is a log of run ${stray}, and the audit log does not know of that run`, "its entries were cut out of the audit log, or that file belongs elsewhere");
  const heads = await recall(runs.filter(({ end }) => end === undefined).map(({ id }) => id));
  const endless: { readonly run: LoggedRun; readonly head: ChainHead }[] = [];
  for (const run of runs) {
    const known = run.end ?? heads.get(run.id);
    const key = run.entry > earlier ? keyOf({ kind: "run", id: run.id }) : undefined;
    const verdict = await followRun(subject, run, (chain) => verifyChain(chain, run.start, known === undefined ? [] : [known], key));
    if (run.end === undefined && verdict !== undefined) endless.push({ run, head: verdict.head });
  }
  const judged = await judgeEndless(subject, endless, silent);
  const doubts: Doubt[] = [...findUnvouched(lines).map(({ entry, at }) => ({ entry, at, why: `the head file was lost before this entry: ${CUT}` })), ...judged.doubts];
  if (seen.kind === "lost" && lines.length > 0) doubts.push({ entry: log.head.sequence + 1, at: undefined, why: `the head file "${headPath(folder)}" ${seen.why}: ${CUT}` });
  return { entries: log.entries, segments: runs.length, running: judged.running, lost: runs.filter(({ isLost }) => isLost), doubts: doubts.sort((a, b) => a.entry - b.entry) };
}

/** The main log as far as it has come, and the head file as it was before. */
async function readNewest({ paths, contents, store }: Subject, logKey: Uint8Array | undefined): Promise<{ readonly seen: HeadRecord; readonly lines: readonly string[] }> {
  if (store !== undefined && logKey !== undefined) await pullLog(paths.auditFolder, store, { key: logKey, vouched: contents.audit });
  const seen = readHead(paths.auditFolder, logKey);
  return { seen, lines: store !== undefined && logKey === undefined ? await readWholeLog(paths, contents) : readLog(paths.auditFolder) };
}

/**
 * Follows the log of a run, which is brought here from the store, or put there, as far as one of the two lacks it.
 *
 * @returns undefined where it is not all here, and there is no key to judge with what the store has.
 */
async function followRun({ paths: { auditFolder: folder }, store, auditKey }: Subject, run: LoggedRun, judge: (lines: Iterable<string>) => Verdict): Promise<Extract<Verdict, { readonly kind: "intact" }> | undefined> {
  const what = `the log of run ${run.id}`;
  const verdict = judge(readSegment(folder, run.id));
  const isWhole = verdict.kind === "intact" && run.end !== undefined;
  // This machine's own, and it goes on: its process carries it over.
  const isUnderWay = run.end === undefined && existsSync(segmentPath(folder, run.id)) && livenessOf(run) === "alive";
  if (store === undefined || isWhole || isUnderWay) return requireIntact(verdict, what);
  if (auditKey === undefined) return undefined;
  await withLogLock(folder, () => reconcileSegment(folder, store.engine, run.id, (lines) => { requireIntact(judge(lines), `${what} in the store ${store.engine.where}`); }));
  return requireIntact(judge(readSegment(folder, run.id)), what);
}

const CUT = "entries that stood last may have been cut off, if it was not a power cut";

type Endless = readonly { readonly run: LoggedRun; readonly head: ChainHead }[];

/** Runs that go on, and those of which that cannot be said. Where nobody here can see the process, the store tells whether it was heard of. */
async function judgeEndless({ store, auditKey }: Subject, endless: Endless, silent: readonly string[]): Promise<{ readonly running: readonly OngoingRun[]; readonly doubts: readonly Doubt[] }> {
  const distant = [...new Set(endless.filter(({ run }) => livenessOf(run) === "unknown" && !silent.includes(run.id)).map(({ run }) => beatOf(run)))];
  const heard = store === undefined || distant.length === 0 ? new Set<string>() : await listen(store.engine, distant, (id) => (auditKey === undefined ? undefined : partKey(auditKey, { kind: "run", id })));
  const running: OngoingRun[] = [];
  const doubts: Doubt[] = [];
  for (const { run, head } of endless) {
    const why = heard.has(beatOf(run)) ? undefined : explainEndless(run, store !== undefined);
    if (why === undefined) running.push({ ...run, elsewhere: heard.has(beatOf(run)) ? hostOf(run) : undefined });
    else doubts.push({ entry: run.entry, at: run.at, why: `run ${run.id} (${run.program}) has no end, and ${why}; its log goes up to entry ${head.sequence}`, run: { id: run.id, head } });
  }
  return { running, doubts };
}

/** Undefined for a run whose process is there. @param isWatched whether the store would have told of it. */
function explainEndless(run: LoggedRun, isWatched: boolean): string | undefined {
  switch (livenessOf(run)) {
    case "alive":
      return undefined;
    case "dead":
      return "does not run any more: it was killed, or its end was cut off";
    case "unknown":
      if (isWatched) return `nothing was heard of it in the store for ${SILENCE_MS / 1000} seconds: it was killed, its machine (${hostOf(run)}) does not reach the store, or its end was cut off`;
      return run.process === undefined ? "which process it was is not known" : `was started where nobody here can see whether it goes on (${run.process.host})`;
  }
}

function beatOf({ id, broker }: LoggedRun): string {
  return broker ?? id;
}

function livenessOf({ process }: LoggedRun): Liveness {
  return process === undefined ? "unknown" : judgeLiveness(process);
}

/** Its name, without what tells it from others of that name. */
function hostOf({ process }: LoggedRun): string {
  return process?.host.split(" ", 1)[0] ?? "unknown";
}

function requireIntact(verdict: Verdict, what: string): Extract<Verdict, { readonly kind: "intact" }> {
  if (verdict.kind === "intact") return verdict;
  throw new VaultError("audit-broken", `${what} was changed: entry ${verdict.bad.line}: ${verdict.bad.why}`, "compare with a backup of the log to see what was done");
}

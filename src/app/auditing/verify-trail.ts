// Verifies the audit log with everything that anybody knows of it: the vault, the head file, the agent, and the processes that are still there.
import { MAIN_PART } from "../../agent/head-memory.ts";
import type { ChainHead } from "../../audit/entry.ts";
import { partKey } from "../../audit/entry.ts";
import { headPath, readHead } from "../../audit/head.ts";
import { listSegments, readLog, readSegment } from "../../audit/log.ts";
import type { LoggedRun } from "../../audit/runs.ts";
import { ACCEPTED, findRuns, findUnvouched } from "../../audit/runs.ts";
import type { Verdict } from "../../audit/verify.ts";
import { countEarlier, verifyChain, verifyLog } from "../../audit/verify.ts";
import { judgeLiveness } from "../../disk/process-identity.ts";
import { VaultError } from "../../errors.ts";
import { appendAudited } from "../keys/change-vault.ts";
import type { Recall } from "../keys/head-witness.ts";
import { withRecall } from "../keys/head-witness.ts";
import { isInsideRun } from "../keys/inside-run.ts";
import type { OpenedVault } from "../keys/open-vault.ts";
import { withOpenVault } from "../keys/open-vault.ts";
import type { Surroundings } from "../surroundings.ts";

/** A log whose chains are unbroken, as far as they go. */
export interface VerifiedTrail {
  readonly entries: number;
  readonly segments: number;
  /** Runs that go on, and so have no end yet. */
  readonly running: readonly LoggedRun[];
  /** What no chain can tell, and the owner has to: in the order of the entries. */
  readonly doubts: readonly Doubt[];
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
  if (await isInsideRun(surroundings)) throw new VaultError("inside-run", "a run cannot settle what is in doubt about runs", "the person who started it can: vault audit --verify, outside");
  return withOpenVault(surroundings, async (vault) => {
    const { doubts } = await verifyOpened(surroundings, vault);
    const accepted = entries.map((entry) => {
      const doubt = doubts.find((candidate) => candidate.entry === entry);
      if (doubt === undefined) throw new VaultError("usage", `entry ${entry} is in no doubt`, "vault audit --verify lists those that are");
      return doubt;
    });
    for (const { entry, run } of accepted) {
      await appendAudited(surroundings, vault.holder, vault.file.contents, { kind: ACCEPTED, entry, ...(run === undefined ? {} : { run: run.id, entries: run.head.sequence, hash: run.head.hash }) });
    }
    return verifyOpened(surroundings, vault);
  });
}

async function verifyOpened(surroundings: Surroundings, { file, keys }: OpenedVault): Promise<VerifiedTrail> {
  const { id, audit } = file.contents;
  return withRecall(surroundings, id, (recall) => followChains(surroundings.paths.auditFolder, audit, keys.audit, recall));
}

/**
 * Follows the main log and every run's segment to their ends.
 *
 * @param vouched the head that the vault file knows.
 * @param auditKey undefined checks the chain and its known heads only, and not who wrote it.
 * @throws VaultError `audit-broken`, naming the first bad entry; `unsafe-file`, `io`.
 */
export async function followChains(folder: string, vouched: ChainHead, auditKey: Uint8Array | undefined, recall: Recall): Promise<VerifiedTrail> {
  for (let before: readonly string[] = []; ; ) {
    const trail = await followOnce(folder, vouched, auditKey, recall);
    const endless = trail.doubts.flatMap(({ run }) => run?.id ?? []);
    // A run may have written its end, and ended, between the look at the log and the look at its process: one that was dead before the log was read has no end to come.
    if (endless.every((id) => before.includes(id))) return trail;
    before = endless;
  }
}

async function followOnce(folder: string, vouched: ChainHead, auditKey: Uint8Array | undefined, recall: Recall): Promise<VerifiedTrail> {
  const keyOf = (part: Parameters<typeof partKey>[1]): Uint8Array | undefined => (auditKey === undefined ? undefined : partKey(auditKey, part));
  const logKey = keyOf({ kind: "log" });
  // All that others know is asked before what it is held against is read: an entry in between would make the log look cut.
  const told = (await recall([MAIN_PART])).get(MAIN_PART);
  const segments = listSegments(folder);
  const seen = readHead(folder, logKey);
  const lines = readLog(folder);
  const log = requireIntact(verifyLog(lines, [vouched, ...(told === undefined ? [] : [told]), ...(seen.kind === "known" ? [seen.head] : [])], logKey), "the audit log");
  const earlier = countEarlier(lines, [vouched], logKey);

  const runs = findRuns(lines);
  const stray = segments.find((id) => !runs.some((run) => run.id === id));
  if (stray !== undefined) throw new VaultError("audit-broken", `there is a log of run ${stray}, and the audit log does not know of that run`, "its entries were cut out of the audit log, or that file belongs elsewhere");
  const heads = await recall(runs.filter(({ end }) => end === undefined).map(({ id }) => id));
  const running: LoggedRun[] = [];
  const doubts: Doubt[] = findUnvouched(lines).map(({ entry, at }) => ({ entry, at, why: `the head file was lost before this entry: ${CUT}` }));
  for (const run of runs) {
    const known = run.end ?? heads.get(run.id);
    const { head } = requireIntact(verifyChain(readSegment(folder, run.id), run.start, known === undefined ? [] : [known], run.entry > earlier ? keyOf({ kind: "run", id: run.id }) : undefined), `the log of run ${run.id}`);
    if (run.end !== undefined) continue;
    const doubt = judgeEndless(run, head);
    if (doubt === undefined) running.push(run);
    else doubts.push(doubt);
  }
  if (seen.kind === "lost" && lines.length > 0) doubts.push({ entry: log.head.sequence + 1, at: undefined, why: `the head file "${headPath(folder)}" ${seen.why}: ${CUT}` });
  return { entries: log.entries, segments: runs.length, running, doubts: doubts.sort((a, b) => a.entry - b.entry) };
}

const CUT = "entries that stood last may have been cut off, if it was not a power cut";

/** Undefined for a run whose process is there. */
function judgeEndless(run: LoggedRun, head: ChainHead): Doubt | undefined {
  const what = `run ${run.id} (${run.program}) has no end`;
  const kept = `its log goes up to entry ${head.sequence}`;
  const doubt = (why: string): Doubt => ({ entry: run.entry, at: run.at, why, run: { id: run.id, head } });
  if (run.process === undefined) return doubt(`${what}, and which process it was is not known; ${kept}`);
  switch (judgeLiveness(run.process)) {
    case "alive":
      return undefined;
    case "dead":
      return doubt(`${what}, and does not run any more: it was killed, or its end was cut off; ${kept}`);
    case "unknown":
      return doubt(`${what}, and was started where nobody here can see whether it goes on (${run.process.host}); ${kept}`);
  }
}

function requireIntact(verdict: Verdict, what: string): Extract<Verdict, { readonly kind: "intact" }> {
  if (verdict.kind === "intact") return verdict;
  throw new VaultError("audit-broken", `${what} was changed: entry ${verdict.bad.line}: ${verdict.bad.why}`, "compare with a backup of the log to see what was done");
}

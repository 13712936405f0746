// Reads and verifies the audit log with what the vault knows of it.
import type { AuditEntry, AuditEvent, ChainHead } from "../../audit/entry.ts";
import { findEntry, hashLine, partKey } from "../../audit/entry.ts";
import { followLog } from "../../audit/follow.ts";
import { readHead, readLog, readSegment } from "../../audit/log.ts";
import type { Verdict } from "../../audit/verify.ts";
import { verifyChain, verifyLog } from "../../audit/verify.ts";
import { wipe } from "../../bytes.ts";
import { VaultError } from "../../errors.ts";
import { openAuditKey } from "../../vault/envelope.ts";
import { requireVault, withOpenVault } from "../keys/open-vault.ts";
import type { Surroundings } from "../surroundings.ts";

export interface TrailWindow {
  readonly limit: number;
  readonly before: Date | undefined;
}

/** The newest entries of the main log, oldest first; lines that are not entries are passed over here, and named by `verifyTrail`. */
export async function readTrail(surroundings: Surroundings, { limit, before }: TrailWindow): Promise<AuditEntry[]> {
  await requireVault(surroundings);
  const entries = readLog(surroundings.paths.auditFolder).map(findEntry).filter((entry) => entry !== undefined);
  return entries.filter(({ at }) => before === undefined || Date.parse(at) < before.getTime()).slice(-limit);
}

/**
 * The newest entries, oldest first, and then each one as it is appended, until the signal says stop. Lines that are not entries are passed over.
 *
 * @param limit how many of the entries that are there already.
 * @throws VaultError `no-vault`, or what reading says.
 */
export async function* followTrail(surroundings: Surroundings, limit: number, signal: AbortSignal): AsyncGenerator<AuditEntry> {
  await requireVault(surroundings);
  let isFirst = true;
  for await (const lines of followLog(surroundings.paths.auditFolder, signal)) {
    const entries = lines.map(findEntry).filter((entry) => entry !== undefined);
    yield* isFirst ? entries.slice(-limit) : entries;
    isFirst = false;
  }
}

/**
 * Checks the main log and the segment of every run that it tells of.
 *
 * @throws VaultError `audit-broken`, naming the first bad entry; what opening the vault says.
 */
export async function verifyTrail(surroundings: Surroundings): Promise<TrailCounts> {
  return withOpenVault(surroundings, async ({ file, holder }) => {
    const { id, audit } = file.contents;
    const auditKey = await openAuditKey(holder, id, audit.key);
    try {
      return countTrail(surroundings.paths.auditFolder, audit, auditKey);
    } finally {
      wipe(auditKey);
    }
  });
}

export interface TrailCounts {
  readonly entries: number;
  readonly segments: number;
}

/**
 * Follows the main log and every run's segment to their ends.
 *
 * @param vouched the head that the vault file knows.
 * @param auditKey undefined checks the chain and its known heads only, and not who wrote it.
 * @throws VaultError `audit-broken`, naming the first bad entry; `unsafe-file`, `io`.
 */
export function countTrail(auditFolder: string, vouched: ChainHead, auditKey: Uint8Array | undefined): TrailCounts {
  // Before the log: a head read after it may be that of an entry in between, and make the log look cut.
  const seen = readHead(auditFolder);
  const lines = readLog(auditFolder);
  const keyOf = (part: Parameters<typeof partKey>[1]): Uint8Array | undefined => (auditKey === undefined ? undefined : partKey(auditKey, part));
  const entries = requireIntact(verifyLog(lines, seen === undefined ? [vouched] : [vouched, seen], keyOf({ kind: "log" })), "the audit log");
  const runs = findRuns(lines);
  for (const run of runs) {
    const verdict = verifyChain(readSegment(auditFolder, run.id), run.start, run.end === undefined ? [] : [run.end], keyOf({ kind: "run", id: run.id }));
    requireIntact(verdict, `the log of run ${run.id}`);
  }
  return { entries, segments: runs.length };
}

interface LoggedRun {
  readonly id: string;
  readonly start: ChainHead;
  readonly end: ChainHead | undefined;
}

/** A run's segment is chained to its start entry; its end entry says how far it came. A run that was killed has no end. */
function findRuns(lines: readonly string[]): LoggedRun[] {
  const runs = new Map<string, LoggedRun>();
  for (const line of lines) {
    const event = findEntry(line)?.event;
    const id = event?.["run"];
    if (event === undefined || typeof id !== "string") continue;
    if (event.kind === "run.start") runs.set(id, { id, start: { sequence: 0, hash: hashLine(line) }, end: undefined });
    const run = runs.get(id);
    if (event.kind === "run.end" && run !== undefined) runs.set(id, { ...run, end: findEnd(event) });
  }
  return [...runs.values()];
}

function findEnd({ entries, hash }: AuditEvent): ChainHead | undefined {
  return typeof entries === "number" && typeof hash === "string" ? { sequence: entries, hash } : undefined;
}

function requireIntact(verdict: Verdict, what: string): number {
  if (verdict.kind === "intact") return verdict.entries;
  throw new VaultError("audit-broken", `${what} was changed: entry ${verdict.bad.line}: ${verdict.bad.why}`, "compare with a backup of the log to see what was done");
}

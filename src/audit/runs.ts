// What the main log tells of runs: where each began, how far it came, and which process it was. Pure.
import type { ProcessIdentity } from "../disk/process-identity.ts";
import type { AuditEvent, ChainHead } from "./entry.ts";
import { findEntry, hashLine } from "./entry.ts";

export interface LoggedRun {
  /** Fit to be part of a file's name. */
  readonly id: string;
  /** The number of the entry that it began with. */
  readonly entry: number;
  readonly at: string;
  readonly program: string;
  /** Undefined where the log does not tell. */
  readonly process: ProcessIdentity | undefined;
  /** What its segment is chained to. */
  readonly start: ChainHead;
  /** How far its segment came: as it said itself, or as the owner has accepted it. Undefined for a run that goes on, or was killed. */
  readonly end: ChainHead | undefined;
  /** Whose sign of life in a store is its own too: a broker's with many runs. */
  readonly broker: string | undefined;
  /** Whether the end was written by another broker, when this one was not heard of any more: there may be more lines. */
  readonly isLost: boolean;
}

/** Another broker's part of a run, and the end of such a part. */
export const JOINED = "run.join";
export const LEFT = "run.leave";

/** The event by which the owner accepts an entry that verification has doubted. */
export const ACCEPTED = "audit.accept";
/** The first entry of a new vault key: which entry closed the log of the one before. */
export const OPENED = "audit.open";
/** Stands where the newest head was not known any more: entries before it may have been cut off. */
export const UNVOUCHED = "audit.unvouched";

/** Of a main log whose chain was verified. */
export function findRuns(lines: readonly string[]): LoggedRun[] {
  const runs = new Map<string, LoggedRun>();
  for (const line of lines) {
    const found = findEntry(line);
    if (found === undefined) continue;
    const { seq, at, event } = found;
    const id = event["run"];
    if (typeof id !== "string" || !isRunId(id)) continue;
    if (event.kind === "run.start" || event.kind === JOINED) {
      runs.set(id, { id, entry: seq, at, program: textOf(event["program"]), process: findProcess(event["process"]), start: { sequence: 0, hash: hashLine(line) }, end: undefined, broker: findBroker(event["broker"]), isLost: false });
    }
    const run = runs.get(id);
    // A broker that was taken for gone may have told its end after all. That one counts, and so does the first of its own.
    const end = findEnd(event);
    if (ENDS.includes(event.kind) && run !== undefined && end !== undefined) runs.set(id, { ...run, end, isLost: event["lost"] === true && (run.end === undefined || run.isLost) });
  }
  return [...runs.values()];
}

/** The numbers of entries before which some may be missing, without those that the owner has accepted. */
export function findUnvouched(lines: readonly string[]): { readonly entry: number; readonly at: string }[] {
  const unvouched = new Map<number, string>();
  for (const line of lines) {
    const found = findEntry(line);
    if (found?.event.kind === UNVOUCHED) unvouched.set(found.seq, found.at);
    if (found?.event.kind === ACCEPTED && typeof found.event["entry"] === "number") unvouched.delete(found.event["entry"]);
  }
  return [...unvouched].map(([entry, at]) => ({ entry, at }));
}

/** Whether an id may become part of a path. */
export function isRunId(id: string): boolean {
  return /^[0-9a-f]{1,64}$/.test(id);
}

const ENDS: readonly string[] = ["run.end", LEFT, ACCEPTED];

function findBroker(detail: AuditEvent[string] | undefined): string | undefined {
  return typeof detail === "string" && isRunId(detail) ? detail : undefined;
}

function findEnd({ entries, hash }: AuditEvent): ChainHead | undefined {
  return typeof entries === "number" && typeof hash === "string" ? { sequence: entries, hash } : undefined;
}

function findProcess(detail: AuditEvent[string] | undefined): ProcessIdentity | undefined {
  if (typeof detail !== "object" || detail === null || !("pid" in detail)) return undefined;
  const { pid, start, boot, host } = detail;
  return typeof pid === "number" && typeof start === "string" && typeof boot === "string" && typeof host === "string" ? { pid, start, boot, host } : undefined;
}

function textOf(detail: AuditEvent[string] | undefined): string {
  return typeof detail === "string" ? detail : "-";
}

// Which sessions of brokers on one store are open, and which broker has which part of them: by the vault's audit log, which nobody changes or cuts without being found out. What stands in the store besides opens none.
import type { AuditEntry } from "../../audit/entry.ts";
import { findEntry, hashLine } from "../../audit/entry.ts";
import { isRunId, JOINED, LEFT } from "../../audit/runs.ts";

/** A broker's log of a run, which has no end yet. */
export interface OpenPart {
  /** The ID that its log goes by. */
  readonly run: string;
  readonly session: string;
  readonly broker: string;
  /** The hash of the line that it is chained to. */
  readonly start: string;
}

export interface LoggedSession {
  readonly session: string;
  /** That of its `run.start`. */
  readonly run: string;
  readonly identity: string;
  /** The entry of the log by which it began. */
  readonly since: number;
  readonly isEnded: boolean;
  /** How often another broker than the first has gone on with it. */
  readonly joins: number;
  readonly parts: ReadonlyMap<string, OpenPart>;
}

export interface SessionLog {
  /** @param lines of a log that was verified, in its order. */
  hear(lines: readonly string[]): void;
  /** Undefined for one that never was, or is over at every broker. */
  find(session: string): LoggedSession | undefined;
  all(): Iterable<LoggedSession>;
}

interface Heard extends LoggedSession {
  isEnded: boolean;
  joins: number;
  readonly parts: Map<string, OpenPart>;
}

export function openSessionLog(): SessionLog {
  const sessions = new Map<string, Heard>();
  /** By the IDs of the logs of their parts. */
  const byRun = new Map<string, Heard>();
  const forget = (heard: Heard): void => {
    if (!heard.isEnded || heard.parts.size > 0) return;
    sessions.delete(heard.session);
    byRun.delete(heard.run);
  };
  const hear = (line: string, { seq, event }: AuditEntry): void => {
    // Nobody may go on with what was begun under a key that is given up.
    if (event["closesLog"] === true) {
      sessions.clear();
      byRun.clear();
      return;
    }
    const { run, broker, session, of, identity } = event;
    if (typeof run !== "string") return;
    const known = byRun.get(typeof of === "string" ? of : run);
    switch (event.kind) {
      case "run.start":
        if (typeof broker === "string" && isRunId(broker) && typeof session === "string" && typeof identity === "string") {
          const begun: Heard = { session, run, identity, since: seq, isEnded: false, joins: 0, parts: new Map([[run, { run, session, broker, start: hashLine(line) }]]) };
          sessions.set(session, begun);
          byRun.set(run, begun);
        }
        break;
      case JOINED:
        if (known === undefined || typeof broker !== "string" || !isRunId(broker)) break;
        known.joins += 1;
        known.parts.set(run, { run, session: known.session, broker, start: hashLine(line) });
        byRun.set(run, known);
        break;
      case LEFT:
        if (known === undefined) break;
        known.parts.delete(run);
        if (run !== known.run) byRun.delete(run);
        forget(known);
        break;
      case "run.end":
        if (known === undefined) break;
        known.isEnded = true;
        if (typeof event["entries"] === "number") known.parts.delete(run);
        forget(known);
        break;
    }
  };
  return {
    hear(lines) {
      for (const line of lines) {
        const entry = findEntry(line);
        if (entry !== undefined) hear(line, entry);
      }
    },
    find: (session) => sessions.get(session),
    all: () => sessions.values(),
  };
}

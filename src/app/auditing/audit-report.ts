// What the audit log tells of a time, gathered for a page: which secret was used at which host, by which program, what was refused, and what was changed in the vault.
import type { AuditEntry, AuditEvent } from "../../audit/entry.ts";
import { findEntry } from "../../audit/entry.ts";
import { isRunId, JOINED } from "../../audit/runs.ts";
import { utf8 } from "../../bytes.ts";
import { createFile } from "../../disk/durable-file.ts";
import type { TrailWindow } from "./audit-trail.ts";
import { readTrail } from "./audit-trail.ts";
import { findLines } from "./run-lines.ts";
import type { Surroundings } from "../surroundings.ts";

/** All times are as the log has them: RFC 3339 in UTC. All names may be anything. */
export interface AuditReport {
  readonly runs: readonly ReportedRun[];
  readonly changes: readonly ReportedChange[];
  readonly values: readonly ReportedValue[];
  readonly uses: readonly ReportedUse[];
  /** The newest, oldest first; `refusalCount` says how many there are. */
  readonly refusals: readonly ReportedRefusal[];
  readonly refusalCount: number;
}

export interface ReportedRun {
  readonly id: string;
  readonly program: string;
  readonly at: string;
  readonly end: string | undefined;
  readonly secrets: readonly string[];
}

export interface ReportedChange {
  readonly at: string;
  readonly kind: string;
  readonly secret: string;
  readonly hosts: readonly string[];
}

/** One secret whose value is made. */
export interface ReportedValue {
  readonly secret: string;
  readonly source: string;
  readonly madeAt: readonly string[];
  /** Until when the last is good, where that was said; `NONE` otherwise. */
  readonly until: string;
  readonly failedAt: readonly string[];
  /** Why there was none, the last time. */
  readonly reason: string;
}

/** One secret at one host. `refused` counts what was asked for there and not done. */
export interface ReportedUse {
  readonly secret: string;
  readonly host: string;
  readonly programs: ReadonlySet<string>;
  /** What let requests through, such as `allow GET /**`. */
  readonly rules: ReadonlySet<string>;
  readonly usedAt: readonly string[];
  readonly refusedAt: readonly string[];
  /** How often a value stood in an answer and was taken out of it. */
  readonly scrubbed: number;
}

export interface ReportedRefusal {
  readonly at: string;
  readonly program: string;
  readonly host: string;
  readonly secrets: readonly string[];
  readonly code: string;
  /** What the program was told. */
  readonly text: string;
  /** What allows it, where that is for the person to do; `NONE` otherwise. */
  readonly remedy: string;
}

/** What concerns no secret, or no host that could be read. */
export const NONE = "-";
const REFUSALS_MAX = 500;
/** A program that tries thousands of hosts must not make a page that no browser shows. */
const ROWS_MAX = 500;
/** Of one row. */
const RULES_MAX = 20;
/** More than a run has requests under way at one time. */
const REMEMBERED_REQUESTS_MAX = 2_000;

/** @throws VaultError `no-vault`, and what reading says. Lines that are not entries are passed over, and named by `verifyTrail`. */
export async function readReport(surroundings: Surroundings, window: TrailWindow): Promise<AuditReport> {
  const entries = await readTrail(surroundings, window);
  const ends = new Map(entries.filter(({ event }) => event.kind === "run.end").map(({ at, event }) => [textOf(event, "run"), at]));
  const runs = entries.filter(({ event }) => event.kind === "run.start").map(({ at, event }): ReportedRun => {
    const id = textOf(event, "run");
    return { id, program: textOf(event, "program"), at, end: ends.get(id), secrets: textsOf(event, "secrets") };
  });
  const changes = entries.filter(({ event }) => !/^(?:run|value)\./.test(event.kind)).map(({ at, event }): ReportedChange => ({ at, kind: event.kind, secret: textOf(event, "secret"), hosts: textsOf(event, "hosts") }));
  const tally = new Tally();
  // What other brokers have done for a run stands in logs of their own.
  const parts = entries.filter(({ event }) => event.kind === JOINED).map(({ event }) => ({ id: textOf(event, "run"), program: textOf(event, "program") }));
  for (const run of [...runs, ...parts]) tally.addRun(run, isRunId(run.id) ? await findLines(surroundings, run.id) : []);
  return { runs, changes, values: gatherValues(entries), ...tally.result() };
}

function gatherValues(entries: readonly AuditEntry[]): ReportedValue[] {
  const rows = new Map<string, { secret: string; source: string; madeAt: string[]; until: string; failedAt: string[]; reason: string }>();
  for (const { at, event } of entries) {
    const id = textOf(event, "id");
    if (!["value.made", "value.failed"].includes(event.kind) || (!rows.has(id) && rows.size >= ROWS_MAX)) continue;
    const row = rows.get(id) ?? { secret: textOf(event, "secret"), source: textOf(event, "source"), madeAt: [], until: NONE, failedAt: [], reason: NONE };
    rows.set(id, row);
    if (event.kind === "value.made") {
      row.madeAt.push(at);
      row.until = textOf(event, "until");
    } else {
      row.failedAt.push(at);
      row.reason = textOf(event, "reason");
    }
  }
  return [...rows.values()].sort((a, b) => compare(a.secret, b.secret));
}

/** @throws VaultError `already-exists`, with the other file untouched; `io`. */
export function writePage(path: string, page: string): void {
  createFile(path, utf8(page));
}

interface Row extends ReportedUse {
  readonly programs: Set<string>;
  readonly rules: Set<string>;
  readonly usedAt: string[];
  readonly refusedAt: string[];
  scrubbed: number;
}

/** Counts the events of runs, one after the other. */
class Tally {
  readonly #rows = new Map<string, Row>();
  readonly #refusals: ReportedRefusal[] = [];
  #refusalCount = 0;

  addRun({ program }: Pick<ReportedRun, "program">, lines: Iterable<string>): void {
    // By request: the rows that were told of a value on its way, and may hear that it never went.
    const promised = new Map<string, Set<Row>>();
    for (const line of lines) {
      const entry = findEntry(line);
      if (entry !== undefined) this.#addEvent(entry.at, entry.event, program, promised);
      const [oldest] = promised.keys();
      if (promised.size > REMEMBERED_REQUESTS_MAX && oldest !== undefined) promised.delete(oldest);
    }
  }

  result(): Pick<AuditReport, "uses" | "refusals" | "refusalCount"> {
    const uses = [...this.#rows.values()].sort((a, b) => compare(a.secret, b.secret) || compare(a.host, b.host));
    return { uses, refusals: this.#refusals, refusalCount: this.#refusalCount };
  }

  #addEvent(at: string, event: AuditEvent, program: string, promised: Map<string, Set<Row>>): void {
    const host = textOf(event, "authority");
    const secrets = textsOf(event, "secrets");
    const request = textOf(event, "request");
    switch (event.kind) {
      case "substituted": {
        const rows = promised.get(request) ?? new Set<Row>();
        promised.set(request, rows);
        for (const row of this.#rowsOf(secrets, host, program)) {
          // The head and the body of a request tell of theirs one by one; the request counts once.
          if (!rows.has(row)) row.usedAt.push(at);
          rows.add(row);
          for (const rule of textsOf(event, "rules")) if (rule.startsWith(`${row.secret}: `) && row.rules.size < RULES_MAX) row.rules.add(rule.slice(row.secret.length + 2));
        }
        break;
      }
      case "unsent":
        for (const row of promised.get(request) ?? []) row.usedAt.pop();
        break;
      case "scrubbed":
        for (const row of this.#rowsOf(secrets, host, program)) row.scrubbed += 1;
        break;
      case "refused": {
        const code = textOf(event, "code");
        const rows = promised.get(request) ?? new Set<Row>();
        promised.delete(request);
        const concerned = [...new Set([...secrets, ...[...rows].map(({ secret }) => secret)])];
        for (const row of this.#rowsOf(concerned.length > 0 ? concerned : [NONE], host, program)) row.refusedAt.push(at);
        this.#refusalCount += typeof event["count"] === "number" ? event["count"] : 1;
        this.#refusals.push({ at, program, host, secrets: concerned, code, text: textOf(event, "text"), remedy: textOf(event, "remedy") });
        if (this.#refusals.length > REFUSALS_MAX) this.#refusals.shift();
      }
    }
  }

  #rowsOf(secrets: readonly string[], host: string, program: string): Row[] {
    return secrets.flatMap((secret) => {
      const key = JSON.stringify([secret, host]);
      const known = this.#rows.get(key);
      if (known === undefined && this.#rows.size >= ROWS_MAX) return [];
      const row = known ?? { secret, host, programs: new Set<string>(), rules: new Set<string>(), usedAt: [], refusedAt: [], scrubbed: 0 };
      row.programs.add(program);
      this.#rows.set(key, row);
      return [row];
    });
  }
}

function textOf(event: AuditEvent, detail: string): string {
  const text = event[detail];
  return typeof text === "string" ? text : NONE;
}

function textsOf(event: AuditEvent, detail: string): string[] {
  const list = event[detail];
  return Array.isArray(list) ? list.filter((item) => typeof item === "string") : [];
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

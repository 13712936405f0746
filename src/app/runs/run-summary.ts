// What a run's secrets were used for, counted while it goes on and told when it ends (`vault run --summary`).
import type { ProxyEvent } from "../../proxy/grants/event.ts";
import { tellAll } from "./told-refusal.ts";

export interface RunSummary {
  count(event: ProxyEvent): void;
  /** A table and, below it, each reason once with its fix. Hosts, names of secrets, counts and codes: nothing else. */
  lines(): string[];
}

/** One host and one secret; `secret` is `-` for a refusal that concerns none. */
interface Row {
  readonly host: string;
  readonly secret: string;
  got: number;
  refused: number;
  /** In the words that the program got, and what it was not told. */
  readonly reasons: Set<string>;
}

/** A program that tries thousands of hosts must not fill the memory, or the terminal. */
const ROWS_MAX = 200;
/** Of one row. */
const REASONS_MAX = 5;
/** More than the proxy has requests under way at one time. */
const REMEMBERED_REQUESTS_MAX = 2_000;
const NO_SECRET = "-";

export function openRunSummary(): RunSummary {
  const rows = new Map<string, Row>();
  const got = new Map<string, Set<string>>();
  let uncounted = 0;
  let hasFurtherReasons = false;

  const findRow = (host: string, secret: string): Row | undefined => {
    const key = `${host} ${secret}`;
    const known = rows.get(key);
    if (known !== undefined) return known;
    if (rows.size >= ROWS_MAX) {
      uncounted += 1;
      return undefined;
    }
    const row = { host, secret, got: 0, refused: 0, reasons: new Set<string>() };
    rows.set(key, row);
    return row;
  };

  /** Nothing of the request has left, though the log was told beforehand that it would; who asked for what is remembered, for the refusal that may follow. */
  const countUnsent = ({ authority, secrets }: Extract<ProxyEvent, { readonly kind: "unsent" }>): void => {
    for (const secret of secrets) {
      const row = rows.get(`${authority} ${secret}`);
      if (row !== undefined) row.got -= 1;
    }
  };

  const countGot = (request: string, host: string, secrets: readonly string[]): void => {
    const names = got.get(request) ?? new Set<string>();
    for (const secret of secrets) {
      // The head and the body of a request tell of theirs one by one; the request counts once.
      if (names.has(secret)) continue;
      names.add(secret);
      const row = findRow(host, secret);
      if (row !== undefined) row.got += 1;
    }
    got.set(request, names);
    const [oldest] = got.keys();
    if (got.size > REMEMBERED_REQUESTS_MAX && oldest !== undefined) got.delete(oldest);
  };

  const countRefused = ({ request, authority, secrets, code, text, remedy, count = 1 }: Extract<ProxyEvent, { readonly kind: "refused" }>): void => {
    const host = authority ?? "-";
    const reason = `${code}: ${tellAll({ text, remedy })} (vault help ${code})`;
    const promised = [...(got.get(request) ?? [])];
    const concerned = new Set([...secrets, ...promised]);
    for (const secret of concerned.size > 0 ? concerned : [NO_SECRET]) {
      const row = findRow(host, secret);
      if (row === undefined) continue;
      row.refused += count;
      if (row.reasons.size < REASONS_MAX) row.reasons.add(reason);
      else if (!row.reasons.has(reason)) hasFurtherReasons = true;
    }
  };

  return {
    count(event) {
      if (event.kind === "substituted") countGot(event.request, event.authority, event.secrets);
      if (event.kind === "unsent") countUnsent(event);
      if (event.kind === "refused") countRefused(event);
    },
    lines() {
      if (rows.size === 0) return ["no request asked for a secret, and none was refused"];
      const sorted = [...rows.values()].sort((a, b) => (a.host === b.host ? compare(a.secret, b.secret) : compare(a.host, b.host)));
      const reasons = new Set(sorted.flatMap((row) => [...row.reasons]));
      return [...table(sorted), ...(uncounted > 0 ? [`and ${uncounted} more, which stand in the audit log`] : []), ...reasons, ...(hasFurtherReasons ? ["and further reasons, which the answers gave"] : [])];
    },
  };
}

function table(rows: readonly Row[]): string[] {
  const cells = [["HOST", "SECRET", "SENT", "REFUSED"], ...rows.map(({ host, secret, got, refused }) => [host, secret, String(got), String(refused)])];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  return cells.map((row) => row.map((cell, column) => (column < 2 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join("  "));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

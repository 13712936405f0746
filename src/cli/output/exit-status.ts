import type { ErrorCode } from "../../errors.ts";

/** The statuses of every command but a `run` whose child was started. Scripts rely on them. */
export const EXIT = {
  done: 0,
  unexpected: 1,
  usage: 2,
  noVault: 3,
  locked: 4,
  wrongKey: 5,
  damaged: 6,
  notFound: 7,
  alreadyExists: 8,
  keyUnavailable: 9,
  busy: 10,
  newerVersion: 11,
  auditUnwritable: 12,
  insideRun: 13,
  noValue: 14,
  /** `vault scan`: there are credentials in what was looked at. No failure, and nothing else ends with it. */
  found: 15,
  /** `vault run`, when vault itself failed before the child was started. */
  runFailed: 125,
  notExecutable: 126,
  commandNotFound: 127,
} as const;

/** The one table from error codes to exit statuses. */
const STATUS_OF: Readonly<Record<ErrorCode, number>> = {
  usage: EXIT.usage,
  "no-vault": EXIT.noVault,
  locked: EXIT.locked,
  "wrong-key": EXIT.wrongKey,
  "too-large": EXIT.damaged,
  "bad-json": EXIT.damaged,
  "too-deep": EXIT.damaged,
  "bad-schema": EXIT.damaged,
  "out-of-bounds": EXIT.damaged,
  "not-canonical": EXIT.damaged,
  "bad-checksum": EXIT.damaged,
  "bad-key-slot": EXIT.damaged,
  "bad-mac": EXIT.damaged,
  "bad-wrap": EXIT.damaged,
  "bad-commitment": EXIT.damaged,
  "bad-seal": EXIT.damaged,
  "rolled-back": EXIT.damaged,
  "unsafe-file": EXIT.damaged,
  "audit-broken": EXIT.damaged,
  "not-found": EXIT.notFound,
  "already-exists": EXIT.alreadyExists,
  "key-unavailable": EXIT.keyUnavailable,
  busy: EXIT.busy,
  "newer-version": EXIT.newerVersion,
  "audit-unwritable": EXIT.auditUnwritable,
  "inside-run": EXIT.insideRun,
  "no-value": EXIT.noValue,
  "store-unavailable": EXIT.noValue,
  "not-accepted": EXIT.noValue,
  io: EXIT.unexpected,
};

export function exitStatusOf(code: ErrorCode): number {
  return STATUS_OF[code];
}

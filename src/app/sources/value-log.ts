// When values of a secret were made, and when they could not be: the audit log has an entry for each, and nothing else remembers it.
import type { ValueAnswer } from "../../agent/sources/value-store.ts";
import { LIMIT_MS_MAX } from "../../agent/lifetime.ts";
import type { AuditEntry } from "../../audit/entry.ts";
import { findEntry } from "../../audit/entry.ts";
import { readLog } from "../../audit/log.ts";
import type { SecretRecord } from "../../vault/record.ts";
import { appendAudited } from "../keys/change-vault.ts";
import type { OpenedVault } from "../keys/open-vault.ts";
import type { Surroundings } from "../surroundings.ts";

const MADE = "value.made";
const FAILED = "value.failed";
/** Entries that begin a secret, or what its value comes from, anew: what was before says nothing of it. */
const BEGINNINGS = ["secret.create", "secret.rotate"];
/** A life this long is nobody's saying: the agent keeps no value longer. */
const UNKNOWN_MS = LIMIT_MS_MAX - 60_000;

/** Times are as the log has them. */
export interface ValueHistory {
  /** When a value was last made, and until when it is good, where that was said. */
  readonly made: { readonly at: string; readonly until: string | undefined } | undefined;
  /** When there last was none, and the word for why. */
  readonly failed: { readonly at: string; readonly reason: string } | undefined;
  /** Whose it is, where the one that it is from has said so. */
  readonly account: string | undefined;
}

export const NO_HISTORY: ValueHistory = { made: undefined, failed: undefined, account: undefined };

/** Whether the last thing that happened is that there was no value. */
export function isFailing({ made, failed }: ValueHistory): boolean {
  return failed !== undefined && (made === undefined || made.at < failed.at);
}

/**
 * Writes down what came of asking a source. Of an answer that was there before, nothing.
 *
 * @param run the id of the one that has asked.
 * @throws VaultError `audit-unwritable`: then the value is not to be used, and is wiped.
 */
export async function logAnswer(surroundings: Surroundings, { holder, file }: Pick<OpenedVault, "holder" | "file">, { id, name, source }: SecretRecord, run: string, answer: ValueAnswer): Promise<void> {
  if (!answer.isNew) return;
  const about = { secret: name, id, source: source.kind, run };
  const event =
    answer.kind === "no-value"
      ? { kind: FAILED, ...about, reason: answer.failure.reason }
      : { kind: MADE, ...about, ...(answer.goodMs >= UNKNOWN_MS ? {} : { until: new Date(surroundings.now().getTime() + answer.goodMs).toISOString() }) };
  try {
    await appendAudited(surroundings, holder, file.contents, event);
  } catch (error) {
    if (answer.kind === "value") answer.value.wipe();
    throw error;
  }
}

/**
 * What the log tells of these secrets, since each was created or rotated. It takes the log at its word: `vault audit --verify` checks that.
 *
 * @throws VaultError `io`, `unsafe-file`.
 */
export function readValueHistory(auditFolder: string, ids: ReadonlySet<string>): ReadonlyMap<string, ValueHistory> {
  const found = new Map<string, { -readonly [Part in keyof ValueHistory]: ValueHistory[Part] }>();
  if (ids.size === 0) return found;
  const open = new Set(ids);
  const lines = readLog(auditFolder);
  for (let at = lines.length - 1; at >= 0 && open.size > 0; at -= 1) {
    const line = lines[at] ?? "";
    // Most entries are of runs, and need not be read.
    const entry = line.includes('"value.') || line.includes('"secret.') ? findEntry(line) : undefined;
    const id = entry?.event["id"];
    if (entry === undefined || typeof id !== "string" || !open.has(id)) continue;
    const history = found.get(id) ?? { ...NO_HISTORY };
    found.set(id, history);
    if (entry.event.kind === MADE) history.made ??= { at: entry.at, until: textOf(entry, "until") };
    if (entry.event.kind === FAILED) history.failed ??= { at: entry.at, reason: textOf(entry, "reason") ?? "failed" };
    history.account ??= textOf(entry, "account");
    if (BEGINNINGS.includes(entry.event.kind)) open.delete(id);
  }
  return found;
}

function textOf({ event }: AuditEntry, detail: string): string | undefined {
  const text = event[detail];
  return typeof text === "string" ? text : undefined;
}

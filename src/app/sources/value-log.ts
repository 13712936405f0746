// When values of a secret were made, and when they could not be: the audit log has an entry for each, and nothing else remembers it.
import type { ValueAnswer } from "../../agent/sources/value-store.ts";
import { LIMIT_MS_MAX } from "../../agent/time/lifetime.ts";
import type { AuditEntry } from "../../audit/entry.ts";
import { findEntry } from "../../audit/entry.ts";
import type { SecretMetadata } from "../../vault/record.ts";
import type { VaultFile } from "../../vault/vault-file.ts";
import { appendAudited } from "../keys/change-vault.ts";
import { readWholeLog } from "../keys/log-reading.ts";
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

/** What came of asking a source. `untilMs`: milliseconds since 1970, where somebody has said how long the value is good. */
export type Making = { readonly kind: "made"; readonly untilMs: number | undefined } | { readonly kind: "failed"; readonly reason: string };

/** Undefined for an answer of the agent's that was there before. @param nowMs milliseconds since 1970. */
export function makingOf(answer: ValueAnswer, nowMs: number): Making | undefined {
  if (!answer.isNew) return undefined;
  if (answer.kind === "no-value") return { kind: "failed", reason: answer.failure.reason };
  return { kind: "made", untilMs: answer.goodMs >= UNKNOWN_MS ? undefined : nowMs + answer.goodMs };
}

/**
 * Writes down what came of asking a source.
 *
 * @param run the id of the one that has asked; undefined for a person.
 * @throws VaultError `audit-unwritable`: then the value is not to be used.
 */
export async function logMaking(surroundings: Surroundings, { holder, file }: Pick<OpenedVault, "holder" | "file">, { id, name, source }: SecretMetadata, run: string | undefined, making: Making): Promise<void> {
  const about = { secret: name, id, source: source.kind, ...(run === undefined ? {} : { run }) };
  const event = making.kind === "failed" ? { kind: FAILED, ...about, reason: making.reason } : { kind: MADE, ...about, ...(making.untilMs === undefined ? {} : { until: new Date(making.untilMs).toISOString() }) };
  await appendAudited(surroundings, holder, file.contents, event);
}

/**
 * What the log tells of these secrets, since each was created or rotated. It takes the log at its word: `vault audit --verify` checks that.
 *
 * @throws VaultError as `readWholeLog`.
 */
export async function readValueHistory({ paths }: Pick<Surroundings, "paths">, { contents }: VaultFile, ids: ReadonlySet<string>): Promise<ReadonlyMap<string, ValueHistory>> {
  const found = new Map<string, { -readonly [Part in keyof ValueHistory]: ValueHistory[Part] }>();
  if (ids.size === 0) return found;
  const open = new Set(ids);
  const lines = await readWholeLog(paths, contents);
  for (let at = lines.length - 1; at >= 0 && open.size > 0; at -= 1) {
    const line = lines[at] ?? "";
    // Most entries are of runs, and need not be read.
    const entry = ['"value.', '"secret.', '"login.'].some((kind) => line.includes(kind)) ? findEntry(line) : undefined;
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
